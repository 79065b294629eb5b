using System.ComponentModel;
using System.Globalization;
using System.Runtime.InteropServices;

namespace Appliance.Shared;

/// <summary>What the BCL does not say about processes on Linux.</summary>
public static partial class LinuxProcess
{
    /// <summary>SIGHUP.</summary>
    public const int Hangup = 1;

    /// <summary>SIGINT.</summary>
    public const int Interrupt = 2;

    /// <summary>SIGKILL.</summary>
    public const int Kill = 9;

    /// <summary>SIGUSR1.</summary>
    public const int User1 = 10;

    /// <summary>SIGTERM.</summary>
    public const int Terminate = 15;

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int execv(string path, string?[] arguments);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int kill(int process, int signal);

    /// <summary>Replaces this process by another program (execv): process number, descriptors 0–2 and environment stay. Does not return.</summary>
    /// <exception cref="IOException">The program cannot be executed.</exception>
    public static void Replace(string program, params IEnumerable<string> arguments)
    {
        Console.Out.Flush();
        _ = execv(program, [program, .. arguments, null]);
        throw new IOException($"{program}: {new Win32Exception(Marshal.GetLastPInvokeError()).Message}");
    }

    /// <summary>Sends a signal; false when there is no such process or it is not ours.</summary>
    public static bool Signal(int process, int signal) => process > 0 && kill(process, signal) == 0;

    /// <summary>When the process started, in clock ticks since boot (with its number it names a process for good); 0 when it is gone or a zombie.</summary>
    public static long StartTime(int process)
    {
        try
        {
            var stat = File.ReadAllText($"/proc/{process}/stat");
            var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            return fields[0] is "Z" or "X" ? 0 : long.Parse(fields[19], CultureInfo.InvariantCulture);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return 0;
        }
    }
}
