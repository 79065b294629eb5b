using System.Diagnostics;
using Appliance.Shared;

namespace Appliance.Cli.Labs;

/// <summary>
/// Brings a lab up, in this order: state file, namespaces, links, routes, credentials, gateways, readiness, keys or
/// negotiation. Whatever fails, and whenever it is
/// cancelled, everything that was made is removed again.
/// </summary>
internal sealed class Lab
{
    private const int ReadySeconds = 40;
    private static int made;
    private readonly Dictionary<string, Process> running = [];

    private Lab(LabFile file, LabState state)
    {
        File = file;
        State = state;
    }

    /// <summary>What was asked for.</summary>
    public LabFile File { get; }

    /// <summary>What was made.</summary>
    public LabState State { get; private set; }

    /// <summary>
    /// Brings up a lab. <paramref name="say"/> takes lines of progress; <paramref name="networkMade"/> comes before any gateway is started. Gateways that start later are left to phases when it is
    /// transient, else they start with the others.
    /// </summary>
    /// <exception cref="Failure">Something does not work; nothing is left behind.</exception>
    public static Lab Up(LabFile file, bool transient, Action<string> say, CancellationToken stop, Action<LabState>? networkMade = null)
    {
        if (Environment.UserName != "root" && !Environment.IsPrivilegedProcess)
            throw new Failure("a lab needs root", file.Name, "it makes network namespaces and AF_XDP sockets", "run it as root, or with sudo");
        LabRemoval.RemoveOrphans(say);
        var id = $"{file.Name}-{Environment.ProcessId}{(Interlocked.Increment(ref made) is > 1 and var n ? $"-{n}" : "")}";
        var nodes = file.Nodes.Select(n => new LabNodeState(n.Name, n.Kind, $"ap-{id}-{n.Name}", n.Instance, 0, 0)).ToList();
        var lab = new Lab(file, new LabState(id, file.Name, "", transient, Environment.ProcessId, LinuxProcess.StartTime(Environment.ProcessId), nodes).Save());
        try
        {
            lab.MakeNetwork(say, stop);
            if (file.Pki is { } pki) LabCredentials.Make(lab.State, file, pki, say);
            foreach (var node in file.Nodes.Where(n => n.Program is not null)) lab.StartProgram(node, say);
            networkMade?.Invoke(lab.State);
            foreach (var gateway in file.Gateways.Where(g => !transient || !g.Later))
            {
                stop.ThrowIfCancellationRequested();
                lab.StartGateway(gateway);
                say($"{gateway.Name}: started");
            }

            lab.WaitUntilReady(say, stop);
            foreach (var keys in file.Keys) KeyHandout.Send(lab.State, keys);
            if (file.Keys.Count > 0) say($"keys: {file.Keys.Count} fresh set{(file.Keys.Count > 1 ? "s" : "")} handed to the gateways ({string.Join(", ", file.Keys.Select(k => k.Cipher).Distinct())})");
            lab.NegotiationSeconds = Negotiation.Wait(lab, say, stop);
            return lab;
        }
        catch
        {
            LabRemoval.Remove(lab.State);
            throw;
        }
    }

    /// <summary>How long negotiation took after the gateways were ready; null in a lab that negotiates nothing.</summary>
    public double? NegotiationSeconds { get; private set; }

    /// <summary>Starts a gateway inside its node. It leads a session of its own: a Ctrl-C meant for the command does not reach it.</summary>
    public void StartGateway(LabNode gateway)
    {
        var node = State.Node(gateway.Name);
        string[] export = gateway.ExportKeys ? ["--export-keys", KeyFile(gateway.Name)] : [];
        var process = Tool.Start("sh",
            ["-c", "log=$1; shift; exec setsid \"$@\" >>\"$log\" 2>&1 </dev/null", "sh", State.Log(node), "ip", .. Topology.Inside(node.Namespace, [Programs.Find(Programs.Cli), "run", LabCredentials.Configuration(State, File, gateway), .. export])],
            environment: new Dictionary<string, string> { [RuntimePaths.Variable] = State.Runtime });
        running[gateway.Name] = process;
        State = (State with
        {
            Nodes = [.. State.Nodes.Select(n => n.Name == gateway.Name ? n with { Process = process.Id, Started = LinuxProcess.StartTime(process.Id) } : n)],
        }).Save();
    }

    /// <summary>Runs a command of the product's about a gateway.</summary>
    /// <exception cref="Failure">It says no.</exception>
    public void Command(string gateway, IReadOnlyList<string> words)
    {
        var environment = new Dictionary<string, string> { [RuntimePaths.Variable] = State.Runtime };
        var result = Tool.Run(Programs.Find(Programs.Cli), [.. words, "-i", State.Node(gateway).Instance!], environment: environment);
        if (result.ExitCode != 0) throw new Failure($"appliance {string.Join(' ', words)} failed at {gateway}", State.Id, $"{result.Output}{result.Error}".Trim(), "do what it says");
    }

    /// <summary>Changes the lab's own copy of a gateway's configuration.</summary>
    /// <exception cref="Failure">The text is not there.</exception>
    public void Edit(string gateway, string replace, string by)
    {
        var path = LabCredentials.Configuration(State, File, File.Node(gateway));
        var text = System.IO.File.ReadAllText(path);
        if (!path.StartsWith(State.Directory, StringComparison.Ordinal) || !text.Contains(replace, StringComparison.Ordinal))
            throw new Failure($"'{replace}' cannot be changed", path, "it is not there, or the file is not the lab's own copy", "let the lab have pki:, and quote the configuration as it stands");
        System.IO.File.WriteAllText(path, text.Replace(replace, by, StringComparison.Ordinal));
    }

    /// <summary>Lines of ESP keys that a gateway exported so far.</summary>
    public IReadOnlyList<string> ExportedKeys(string gateway) => System.IO.File.Exists(KeyFile(gateway) + ".esp") ? System.IO.File.ReadAllLines(KeyFile(gateway) + ".esp") : [];

    private string KeyFile(string gateway) => Path.Combine(State.Directory, gateway + ".keys");

    /// <summary>
    /// Starts a node's program. Its environment says where the lab's files are (LAB_FILES), where its credentials are (LAB_PKI) and where it may write (LAB_STATE). It ends with its namespace.
    /// </summary>
    private void StartProgram(LabNode node, Action<string> say)
    {
        var state = State.Node(node.Name);
        var folder = Directory.CreateDirectory(Path.Combine(State.Directory, node.Name)).FullName;
        running[node.Name] = Tool.Start("sh", ["-c", "log=$1; shift; exec setsid \"$@\" >>\"$log\" 2>&1 </dev/null", "sh", State.Log(state), "ip", .. Topology.Inside(state.Namespace, "sh", node.Program!)],
            environment: new Dictionary<string, string> { ["LAB_FILES"] = Path.GetDirectoryName(node.Program!)!, ["LAB_PKI"] = Path.Combine(State.Directory, "pki"), ["LAB_STATE"] = folder });
        say($"{node.Name}: started ({Path.GetFileName(node.Program)})");
    }

    /// <summary>Waits until every gateway says that it is well.</summary>
    /// <exception cref="Failure">One ended, or is not ready in time: says what is missing.</exception>
    public void WaitUntilReady(Action<string> say, CancellationToken stop)
    {
        var clock = Stopwatch.StartNew();
        var missing = new Dictionary<string, string>();
        var told = new Dictionary<string, string>();
        foreach (var gateway in File.Gateways.Where(g => running.ContainsKey(g.Name))) missing[gateway.Name] = "has not answered yet";
        while (missing.Count > 0)
        {
            stop.ThrowIfCancellationRequested();
            foreach (var node in File.Nodes.Where(n => n.Program is not null)) ThrowIfEnded(node.Name);
            foreach (var name in missing.Keys.ToList())
            {
                ThrowIfEnded(name);
                missing[name] = Readiness.Missing(State.Paths(State.Node(name)).ApiSocket, File.Node(name).ExportKeys);
                if (missing[name].Length == 0)
                {
                    missing.Remove(name);
                    say($"{name}: ready after {clock.Elapsed.TotalSeconds:0.0} s");
                }
                else if (clock.Elapsed.TotalSeconds > 2 && told.GetValueOrDefault(name) != missing[name].Split('\n')[0])
                {
                    say($"{name}: {told[name] = missing[name].Split('\n')[0]}");
                }
            }

            if (missing.Count > 0 && clock.Elapsed.TotalSeconds > ReadySeconds)
            {
                var (name, what) = missing.First();
                throw new Failure($"{name} is not ready after {ReadySeconds} s", State.Id, $"{what}\n{Tail(name)}", "see above what is missing");
            }

            stop.WaitHandle.WaitOne(100);
        }
    }

    private void MakeNetwork(Action<string> say, CancellationToken stop)
    {
        foreach (var node in File.Nodes)
        {
            stop.ThrowIfCancellationRequested();
            Topology.MakeNode(State.Node(node.Name).Namespace, node);
            Topology.MakeBridges(State.Node(node.Name).Namespace, node);
        }

        foreach (var link in File.Links)
        {
            stop.ThrowIfCancellationRequested();
            Topology.MakeLink(link, State.Node(link.A.Node).Namespace, State.Node(link.B.Node).Namespace);
            foreach (var end in new[] { link.A, link.B })
            {
                if (File.Node(end.Node).Kind == NodeKind.Host) Topology.MakeHonest(State.Node(end.Node).Namespace, end);
            }
        }

        foreach (var node in File.Nodes)
        {
            Topology.MakeRoutes(State.Node(node.Name).Namespace, node);
            if (node.Masquerade.Length > 0) Topology.MakeNat(State.Node(node.Name).Namespace, node.Masquerade);
        }

        say($"network: {File.Nodes.Count} namespaces, {File.Links.Count} links ({State.Id})");
    }

    /// <summary>A gateway or a program that ended cannot become ready.</summary>
    /// <exception cref="Failure">It ended: what it said last.</exception>
    public void ThrowIfEnded(string name)
    {
        if (!running.TryGetValue(name, out var process) || !process.HasExited) return;
        throw new Failure($"{name} ended with exit code {process.ExitCode}", State.Id, Tail(name), $"correct what it says: {File.Node(name).Configuration ?? File.Node(name).Program}",
            process.ExitCode == Failure.BadInput ? Failure.BadInput : Failure.AtRunTime);
    }

    /// <summary>The last lines that a gateway or a program wrote.</summary>
    public string Tail(string name)
    {
        var log = State.Log(State.Node(name));
        return System.IO.File.Exists(log) ? string.Join('\n', System.IO.File.ReadLines(log).TakeLast(12)) : "it wrote nothing";
    }
}
