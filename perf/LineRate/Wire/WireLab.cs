using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using Appliance.Shared;
using Appliance.LineRate.Nodes;

namespace Appliance.LineRate.Wire;

/// <summary>The lab api-keys, brought up by the product's own command and removed at the end, also when a signal ends the suite.</summary>
internal sealed class WireLab : IDisposable
{
    private const string File = "scripts/labs/api-keys/lab.yaml";
    private readonly string id;
    private readonly JsonNode nodes;
    private readonly List<PosixSignalRegistration> signals = [];
    private int removed;

    public WireLab()
    {
        var state = JsonNode.Parse(Run(Programs.Find(Programs.Cli), ["lab", "up", FindFile(), "--json"]))!;
        id = (string)state["id"]!;
        nodes = state["nodes"]!;
        foreach (var signal in (PosixSignal[])[PosixSignal.SIGINT, PosixSignal.SIGTERM, PosixSignal.SIGHUP])
        {
            signals.Add(PosixSignalRegistration.Create(signal, context =>
            {
                context.Cancel = true;
                Remove();
                Environment.Exit(128 + 2);
            }));
        }
    }

    /// <summary>Namespace of a node.</summary>
    public NetworkNamespace Space(string node) => new((string)nodes[node]!["namespace"]!);

    /// <summary>The region of a gateway, which holds its counters.</summary>
    public Region Open(string gateway) => Region.Open(RuntimePaths.At((string)nodes[gateway]!["runtime"]!).Region);

    /// <summary>Runs a command inside a node; what it printed.</summary>
    /// <exception cref="InvalidOperationException">It failed.</exception>
    public string Inside(string node, string[] command, string? input = null) => Run(Programs.Find(Programs.Cli), Exec(node, command), input);

    /// <summary>Starts a command inside a node.</summary>
    public Process Start(string node, string[] command) => Launch(Programs.Find(Programs.Cli), Exec(node, command));

    public void Dispose() => Remove();

    private string[] Exec(string node, string[] command) => ["lab", "exec", "--lab", id, node, "--", .. command];

    private void Remove()
    {
        if (Interlocked.Exchange(ref removed, 1) != 0) return;
        Run(Programs.Find(Programs.Cli), ["lab", "down", id]);
    }

    private static string FindFile()
    {
        for (var directory = new DirectoryInfo(AppContext.BaseDirectory); directory is not null; directory = directory.Parent)
        {
            var path = Path.Combine(directory.FullName, File);
            if (System.IO.File.Exists(path)) return path;
        }

        throw new FileNotFoundException($"{File} is not above {AppContext.BaseDirectory}");
    }

    private static Process Launch(string file, string[] arguments) => Process.Start(new ProcessStartInfo(file, arguments)
    {
        RedirectStandardInput = true,
        RedirectStandardOutput = true,
        RedirectStandardError = true,
    })!;

    private static string Run(string file, string[] arguments, string? input = null)
    {
        using var process = Launch(file, arguments);
        var error = process.StandardError.ReadToEndAsync();
        process.StandardInput.Write(input);
        process.StandardInput.Close();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 ? output
            : throw new InvalidOperationException($"{Path.GetFileName(file)} {string.Join(' ', arguments)}: exit code {process.ExitCode}\n{error.GetAwaiter().GetResult()}{output}");
    }
}
