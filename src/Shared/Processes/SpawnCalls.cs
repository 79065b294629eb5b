using System.Runtime.InteropServices;

namespace Appliance.Shared;

/// <summary>posix_spawn and what goes with it. The sizes of the C library's structures are upper bounds.</summary>
internal static unsafe partial class SpawnCalls
{
    private const int AttributesSize = 512, ActionsSize = 256, SignalSetSize = 128, ChildInfoSize = 128;
    private const short SetGroup = 2, SetSignalDefaults = 4, SetSignalMask = 8;
    private const int DuplicateCloseOnExec = 1030, ProcessById = 1, WaitExited = 4, WaitNoReap = 0x1000000, Interrupted = 4;

    /// <summary>Starts a program; returns its process number.</summary>
    public static int Spawn(string path, IReadOnlyList<string> arguments, ChildOptions options)
    {
        var first = ChildProcess.FirstDescriptor;
        var afterLast = first + options.Descriptors.Count;
        var copies = new List<int>();
        var actions = stackalloc byte[ActionsSize];
        var attributes = stackalloc byte[AttributesSize];
        _ = posix_spawn_file_actions_init(actions);
        _ = posix_spawnattr_init(attributes);
        try
        {
            // Copies above all numbers that the child uses, so that no dup2 overwrites one that is still to be copied.
            foreach (var descriptor in options.Descriptors)
                copies.Add(LinuxCall.Check(fcntl(descriptor, DuplicateCloseOnExec, afterLast), $"cannot pass descriptor {descriptor} to {path}"));
            Require(posix_spawn_file_actions_addopen(actions, 0, "/dev/null", 0, 0), path);
            for (var i = 0; i < copies.Count; i++) Require(posix_spawn_file_actions_adddup2(actions, copies[i], first + i), path);
            Require(posix_spawn_file_actions_addclosefrom_np(actions, afterLast), path);
            SetAttributes(attributes, path);
            var variables = new Dictionary<string, string>(options.Environment) { [ProcessGuard.ParentVariable] = Environment.ProcessId.ToString() };
            using var argv = new NativeStrings([path, .. arguments]);
            using var environment = NativeStrings.Environment(variables);
            int process;
            Require(posix_spawn(&process, path, actions, attributes, argv.Pointer, environment.Pointer), path);
            return process;
        }
        finally
        {
            foreach (var copy in copies) _ = close(copy);
            _ = posix_spawn_file_actions_destroy(actions);
            _ = posix_spawnattr_destroy(attributes);
        }
    }

    /// <summary>Sends a signal.</summary>
    public static bool Kill(int process, int signal) => kill(process, signal) == 0;

    /// <summary>Waits for the end and leaves the number taken.</summary>
    public static void WaitUntilZombie(int process)
    {
        var info = stackalloc byte[ChildInfoSize];
        while (waitid(ProcessById, process, info, WaitExited | WaitNoReap) != 0 && Marshal.GetLastPInvokeError() == Interrupted)
        {
        }
    }

    /// <summary>Frees the number of a process that has ended.</summary>
    public static ChildExit Reap(int process)
    {
        int status;
        while (waitpid(process, &status, 0) < 0)
        {
            if (Marshal.GetLastPInvokeError() != Interrupted) return new ChildExit(-1, 0);
        }

        var signal = status & 0x7f;
        return signal != 0 ? new ChildExit(-1, signal) : new ChildExit((status >> 8) & 0xff, 0);
    }

    private static void SetAttributes(byte* attributes, string path)
    {
        var none = stackalloc byte[SignalSetSize];
        var all = stackalloc byte[SignalSetSize];
        _ = sigemptyset(none);
        _ = sigfillset(all);
        Require(posix_spawnattr_setsigmask(attributes, none), path);
        Require(posix_spawnattr_setsigdefault(attributes, all), path);
        Require(posix_spawnattr_setpgroup(attributes, 0), path);
        Require(posix_spawnattr_setflags(attributes, SetGroup | SetSignalDefaults | SetSignalMask), path);
    }

    private static void Require(int error, string path)
    {
        if (error != 0) throw new IOException($"cannot start {path}: {LinuxCall.Text(error)}");
    }

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int posix_spawn(int* process, string path, byte* actions, byte* attributes, byte** arguments, byte** environment);

    [LibraryImport("libc")]
    private static partial int posix_spawn_file_actions_init(byte* actions);

    [LibraryImport("libc")]
    private static partial int posix_spawn_file_actions_destroy(byte* actions);

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int posix_spawn_file_actions_addopen(byte* actions, int descriptor, string path, int flags, uint mode);

    [LibraryImport("libc")]
    private static partial int posix_spawn_file_actions_adddup2(byte* actions, int from, int to);

    [LibraryImport("libc")]
    private static partial int posix_spawn_file_actions_addclosefrom_np(byte* actions, int first);

    [LibraryImport("libc")]
    private static partial int posix_spawnattr_init(byte* attributes);

    [LibraryImport("libc")]
    private static partial int posix_spawnattr_destroy(byte* attributes);

    [LibraryImport("libc")]
    private static partial int posix_spawnattr_setsigmask(byte* attributes, byte* set);

    [LibraryImport("libc")]
    private static partial int posix_spawnattr_setsigdefault(byte* attributes, byte* set);

    [LibraryImport("libc")]
    private static partial int posix_spawnattr_setpgroup(byte* attributes, int group);

    [LibraryImport("libc")]
    private static partial int posix_spawnattr_setflags(byte* attributes, short flags);

    [LibraryImport("libc")]
    private static partial int sigemptyset(byte* set);

    [LibraryImport("libc")]
    private static partial int sigfillset(byte* set);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fcntl(int descriptor, int command, int argument);

    [LibraryImport("libc")]
    private static partial int close(int descriptor);

    [LibraryImport("libc")]
    private static partial int kill(int process, int signal);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int waitid(int kind, int process, byte* info, int options);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int waitpid(int process, int* status, int options);
}
