using System.Globalization;

namespace Appliance.LineRate.Nodes;

/// <summary>
/// Puts what is measured in front of everything else on the machine: sessions share the processor by their autogroups, whose weight is raised here and put back at
/// the end (sched(7)). Without autogroups in the kernel it does nothing.
/// </summary>
internal sealed class Precedence : IDisposable
{
    private const string Highest = "-20";
    private readonly List<(string Path, string Before)> raised = [];

    public Precedence(params ReadOnlySpan<int> processes)
    {
        foreach (var process in processes)
        {
            var path = $"/proc/{process}/autogroup";
            if (!File.Exists(path) || File.ReadAllText(path).Split("nice ") is not [_, var before]) continue;
            File.WriteAllText(path, Highest);
            raised.Add((path, before.Trim()));
        }
    }

    /// <summary>Seconds for which a process's thread of that name has run on a core.</summary>
    public static double SecondsOf(int process, string thread)
    {
        foreach (var task in Directory.EnumerateDirectories($"/proc/{process}/task"))
        {
            if (File.ReadAllText(Path.Combine(task, "comm")).Trim() != thread) continue;
            return long.Parse(File.ReadAllText(Path.Combine(task, "schedstat")).Split(' ')[0], CultureInfo.InvariantCulture) / 1e9;
        }

        return 0;
    }

    public void Dispose()
    {
        foreach (var (path, before) in raised)
        {
            if (File.Exists(path)) File.WriteAllText(path, before);
        }
    }
}
