using System.Diagnostics;

namespace Appliance.LineRate.Nodes;

/// <summary>Commands that the suite needs.</summary>
internal static class Tool
{
    /// <summary>Runs one; what it printed.</summary>
    /// <exception cref="InvalidOperationException">It failed.</exception>
    public static string Run(IReadOnlyList<string> command)
    {
        using var process = Process.Start(new ProcessStartInfo(command[0], command.Skip(1)) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var error = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 ? output : throw new InvalidOperationException($"{string.Join(' ', command)}: exit code {process.ExitCode}\n{error.GetAwaiter().GetResult()}{output}");
    }
}
