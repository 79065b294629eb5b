using System.Diagnostics;

namespace Appliance.Shared;

/// <summary>
/// Huge pages for the region. A gateway with many SAs touches a dozen lines of the region for each packet, each on a page of its own: with 4 KiB pages every one of them
/// misses the TLB too (measured: 1 M SAs 1700 ns a packet, 440 ns with huge pages). A tmpfs gives huge pages to files that ask for them when it is mounted <c>huge=advise</c>;
/// others are not touched by that.
/// </summary>
internal static class HugePages
{
    /// <summary>Mounts the tmpfs that holds a directory again with <c>huge=advise</c>, unless it has a setting already. Best effort: without it the gateway is slower, not wrong.</summary>
    public static void Offer(string directory)
    {
        if (!OperatingSystem.IsLinux() || !Environment.IsPrivilegedProcess) return;
        var (point, options) = MountOf(directory);
        if (point.Length == 0 || options.Contains("huge=", StringComparison.Ordinal)) return;
        try
        {
            using var mount = Process.Start(new ProcessStartInfo("mount", ["-o", "remount,huge=advise", point]) { RedirectStandardError = true });
            mount?.WaitForExit(2000);
        }
        catch (System.ComponentModel.Win32Exception)
        {
            // No mount(8) here.
        }
    }

    /// <summary>Mount point and superblock options of the tmpfs that holds a directory; empty when it is on none.</summary>
    internal static (string Point, string Options) MountOf(string directory)
    {
        var best = (Point: "", Options: "");
        var longest = 0;
        foreach (var line in File.ReadLines("/proc/self/mountinfo"))
        {
            // … 4: mount point, 5: options, …, "-", type, source, superblock options (proc(5)).
            var fields = line.Split(' ');
            var dash = Array.IndexOf(fields, "-");
            if (fields.Length < 6 || dash < 0 || dash + 3 >= fields.Length || fields[4].Length < longest) continue;
            var point = fields[4];
            if (directory != point && !directory.StartsWith(point.TrimEnd('/') + "/", StringComparison.Ordinal)) continue;
            longest = point.Length;
            best = fields[dash + 1] == "tmpfs" ? (point, fields[dash + 3]) : ("", "");
        }

        return best;
    }
}
