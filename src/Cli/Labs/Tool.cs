using System.ComponentModel;
using System.Diagnostics;

namespace Appliance.Cli.Labs;

/// <summary>What a tool that has ended left behind.</summary>
internal sealed record ToolResult(int ExitCode, string Output, string Error);

/// <summary>Runs the tools that a lab is made with (ip, ethtool, tcpdump, ping, iperf3).</summary>
internal static class Tool
{
    /// <summary>Runs a tool to its end.</summary>
    /// <exception cref="Failure">It is not installed, or does not end in time.</exception>
    public static ToolResult Run(string file, IEnumerable<string> arguments, string? input = null, int limitSeconds = 30, IReadOnlyDictionary<string, string>? environment = null)
    {
        using var process = Start(file, arguments, redirectInput: input is not null, environment);
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        if (input is not null)
        {
            process.StandardInput.Write(input);
            process.StandardInput.Close();
        }

        if (!process.WaitForExit(limitSeconds * 1000))
        {
            process.Kill();
            throw new Failure($"{file} did not end", CommandLine(file, arguments), $"still running after {limitSeconds} s", "look at what it waits for; it was ended");
        }

        return new ToolResult(process.ExitCode, output.GetAwaiter().GetResult(), error.GetAwaiter().GetResult());
    }

    /// <summary>Runs a tool that must succeed.</summary>
    /// <exception cref="Failure">It says no.</exception>
    public static string Require(string file, IEnumerable<string> arguments, string? input = null)
    {
        var result = Run(file, arguments, input);
        if (result.ExitCode == 0) return result.Output;
        throw new Failure($"{file} failed with exit code {result.ExitCode}", CommandLine(file, arguments) + (input is null ? "" : "\n" + input.TrimEnd()),
            result.Error.Trim(), "check that this runs as root on a kernel with network namespaces and veth");
    }

    /// <summary>Starts a tool and leaves it running, its output redirected.</summary>
    public static Process Start(string file, IEnumerable<string> arguments, bool redirectInput = false, IReadOnlyDictionary<string, string>? environment = null)
    {
        var start = new ProcessStartInfo(file)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = redirectInput,
        };
        foreach (var argument in arguments) start.ArgumentList.Add(argument);
        start.Environment["LC_ALL"] = "C";
        foreach (var (key, value) in environment ?? new Dictionary<string, string>()) start.Environment[key] = value;
        try
        {
            return Process.Start(start)!;
        }
        catch (Win32Exception e)
        {
            throw new Failure($"cannot start {file}", CommandLine(file, arguments), e.Message, $"install {file}: make setup");
        }
    }

    private static string CommandLine(string file, IEnumerable<string> arguments) => file + " " + string.Join(' ', arguments);
}
