using System.Diagnostics;
using System.Text.Json.Nodes;
using Appliance.Cli.Labs;
using Appliance.Shared;

namespace Appliance.CliTests;

/// <summary>Runs the command itself, with its labs in a place of their own, and removes whatever a test left.</summary>
internal sealed class LabRig : IDisposable
{
    private readonly Scratch scratch = new();

    public string Labs => scratch.Path;

    /// <summary>Where gateways that are started outside of labs are.</summary>
    public string Runtime => Path.Combine(Labs, "run");

    /// <summary>Namespaces of the labs that this rig started: their names hold the number of a process that it started.</summary>
    public List<int> Started { get; } = [];

    public static void SkipUnlessRoot() => Skip.IfNot(Environment.IsPrivilegedProcess, "needs root: network namespaces");

    public static string LabFile(string name) => Path.Combine(AppContext.BaseDirectory, "Labs", name);

    public string Write(string name, string text) => scratch.Write(name, text);

    /// <summary>Starts `appliance` in the process that is returned (env(1) executes it): a test run in the background of a script inherits an ignored SIGINT, a person's shell does not.</summary>
    public Process Start(params string[] arguments)
    {
        string[] command = ["--default-signal=INT,TERM,HUP", Programs.Find(Programs.Cli), .. arguments];
        var process = Tool.Start("env", command, environment: new Dictionary<string, string> { [LabState.Variable] = Labs, [RuntimePaths.Variable] = Runtime });
        Started.Add(process.Id);
        return process;
    }

    public (int ExitCode, string Output, string Error) Run(params string[] arguments)
    {
        using var process = Start(arguments);
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        if (!process.WaitForExit(120_000)) process.Kill(entireProcessTree: true);
        process.WaitForExit();
        return (process.ExitCode, output.Result, error.Result);
    }

    public JsonNode Up(string file)
    {
        var (code, output, error) = Run("lab", "up", file, "--json");
        Assert.True(code == 0, error);
        return JsonNode.Parse(output)!;
    }

    /// <summary>Namespaces of this rig's labs that are there.</summary>
    public IReadOnlyList<string> Namespaces() => Directory.Exists("/run/netns")
        ? [.. Directory.GetFiles("/run/netns").Select(f => Path.GetFileName(f)!).Where(n => Started.Any(p => n.Contains($"-{p}-", StringComparison.Ordinal)))] : [];

    public void Dispose()
    {
        Run("lab", "down", "--all");
        scratch.Dispose();
    }
}
