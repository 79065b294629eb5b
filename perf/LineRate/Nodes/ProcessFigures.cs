using System.Globalization;

namespace Appliance.LineRate.Nodes;

/// <summary>What the kernel says of a process (proc(5)).</summary>
internal static class ProcessFigures
{
    private const double TickSeconds = 1.0 / 100;

    /// <summary>CPU time so far, of all its threads and of the kernel for it, in seconds.</summary>
    public static double CpuSeconds(int process)
    {
        var text = File.ReadAllText($"/proc/{process}/stat");
        // Behind the name, which may hold blanks: utime and stime are fields 14 and 15.
        var words = text[(text.LastIndexOf(')') + 2)..].Split(' ');
        return (long.Parse(words[11], CultureInfo.InvariantCulture) + long.Parse(words[12], CultureInfo.InvariantCulture)) * TickSeconds;
    }

    /// <summary>Memory in use, in octets, pages that it shares included.</summary>
    public static long Memory(int process) => Status(process, "VmRSS:");

    /// <summary>Memory in use that is backed by files on tmpfs or shared, in octets.</summary>
    public static long SharedMemory(int process) => Status(process, "RssShmem:") + Status(process, "RssFile:");

    private static long Status(int process, string field) =>
        File.ReadLines($"/proc/{process}/status").First(l => l.StartsWith(field, StringComparison.Ordinal)).Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries) is [_, var number, ..]
            ? long.Parse(number, CultureInfo.InvariantCulture) * 1024 : 0;
}
