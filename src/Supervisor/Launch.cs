using System.Diagnostics;
using System.Text.Json;
using Appliance.Shared;

namespace Appliance.Supervisor;

/// <summary>Asks the slow path what the configuration wants. Nothing is started when it is not right.</summary>
internal static class Launch
{
    /// <summary>The plan; false with the exit code when there is none (the slow path has said why on standard error).</summary>
    public static bool TryPlan(string configuration, out LaunchPlan plan, out int exitCode)
    {
        plan = null!;
        var start = new ProcessStartInfo(Programs.Find(Programs.SlowPath), ["plan", configuration]) { RedirectStandardOutput = true };
        using var process = Process.Start(start) ?? throw new IOException("cannot start " + start.FileName);
        var text = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        exitCode = process.ExitCode;
        if (exitCode != 0) return false;
        try
        {
            plan = LaunchPlan.FromJson(text);
            return true;
        }
        catch (JsonException problem)
        {
            throw new IOException($"the slow path's launch plan cannot be read ({problem.Message}): start all processes from one build", problem);
        }
    }
}
