using System.Buffers;
using System.Net;
using Appliance.Machine;

namespace Appliance.Bgp.Tests.Machine.Rig;

/// <summary>One machine with what a host would do for it. Connections are the net's.</summary>
internal sealed class Speaker
{
    private readonly Net net;
    private readonly IRecordingFormat<BgpEvent, BgpAction>? format;
    private readonly List<List<string>> recordings = [];
    private Recorder<BgpEvent, BgpAction>? recorder;

    private readonly Dictionary<IPAddress, (bool IsReachable, uint Metric)> hops = [];

    public Speaker(Net net, string name, string address, IRecordingFormat<BgpEvent, BgpAction>? format)
    {
        (this.net, this.format, Name, Address) = (net, format, name, IPAddress.Parse(address));
        Machine = Begin();
    }

    public string Name { get; }

    public IPAddress Address { get; }

    public BgpMachine Machine { get; private set; }

    /// <summary>Lines of each life of the machine, when it is recorded.</summary>
    public IReadOnlyList<IReadOnlyList<string>> Recordings => recordings;

    /// <summary>Everything that the machine wanted.</summary>
    public List<BgpAction> Actions { get; } = [];

    public IEnumerable<SessionChanged> Changes => Actions.OfType<SessionChanged>();

    public IEnumerable<BgpNotice> Notices => Actions.OfType<BgpNotice>();

    /// <summary>What the data plane would have, by VRF, family and prefix.</summary>
    public Dictionary<(string Vrf, Family Family, Prefix Prefix), BestPaths> Table { get; } = [];

    /// <summary>Next hops that are not reachable; all others are.</summary>
    public HashSet<IPAddress> Unreachable { get; } = [];

    public ListenFor? Listens { get; private set; }

    /// <summary>The machine may be stepped: false models a host that is gone.</summary>
    public bool IsAlive { get; set; } = true;

    public SessionState StateOf(string neighbor) => Machine.Neighbor(neighbor, net.Now)!.State;

    public NeighborStatus Status(string neighbor) => Machine.Neighbor(neighbor, net.Now)!;

    public BestPaths? Best(string prefix, string vrf = "") =>
        Prefix.TryParse(prefix, out var p) ? Table.GetValueOrDefault((vrf, prefix.Contains(':', StringComparison.Ordinal) ? Family.Ipv6Unicast : Family.Ipv4Unicast, p)) : throw new ArgumentException(prefix);

    public void Do(BgpEvent e)
    {
        if (!IsAlive) return;
        var actions = new List<BgpAction>();
        if (recorder is null) Machine.Step(new StepContext(net.Now, net.Entropy), e, actions);
        else recorder.Step(net.Now, net.Entropy.Octets(Entropy.SeedLength), e, actions);
        foreach (var action in actions) Take(action);
    }

    public void Configure(BgpConfiguration configuration, bool restarted = false) => Do(new BgpConfigured(configuration, restarted));

    /// <summary>The process dies and another one begins; what it forwarded stays.</summary>
    public void Restart(BgpConfiguration configuration)
    {
        Machine = Begin();
        IsAlive = true;
        Configure(configuration, restarted: true);
    }

    private BgpMachine Begin()
    {
        var machine = new BgpMachine();
        if (format is null) return machine;
        var lines = new List<string>();
        recordings.Add(lines);
        recorder = new Recorder<BgpEvent, BgpAction>(machine, format, lines.Add);
        return machine;
    }

    private void Take(BgpAction action)
    {
        switch (action)
        {
            case SendOctets send:
                net.Send(this, send.Connection, send.Buffer.AsSpan(0, send.Length).ToArray());
                ArrayPool<byte>.Shared.Return(send.Buffer);
                return;
            case OpenConnection open:
                net.Open(this, open);
                break;
            case CancelConnection cancel:
                net.Cancel(this, cancel.Neighbor);
                break;
            case CloseConnection close:
                net.Close(this, close.Connection);
                break;
            case ListenFor listen:
                Listens = listen;
                break;
            case WatchNextHops watch:
                foreach (var hop in watch.Added) hops[hop] = (!Unreachable.Contains(hop), 0);
                foreach (var hop in watch.Removed) hops.Remove(hop);
                if (watch.Added.Count > 0) net.Later(() => Do(new NextHopsResolved([.. watch.Added.Select(h => (h, !Unreachable.Contains(h), 0u))])));
                break;
            case BestRoutesChanged changed:
                foreach (var change in changed.Changes)
                {
                    if (change.Paths is null) Table.Remove((changed.Vrf, changed.Family, change.Prefix));
                    else Table[(changed.Vrf, changed.Family, change.Prefix)] = change.Paths;
                }

                break;
        }

        Actions.Add(action);
    }
}
