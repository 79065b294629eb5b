using Appliance.Ike;
using Appliance.Policy;
using Appliance.Shared;
using Appliance.SlowPath.Configuration;
using Appliance.SlowPath.Sas;
using Appliance.SlowPath.Serving;
using Microsoft.Extensions.Logging;

namespace Appliance.SlowPath.CustomerEdge;

/// <summary>
/// The customer edge while it runs (draft-guichard-ce-ce-ipsec-00 §7): what <see cref="Policy.SecurityGateways"/> decides becomes, in this order, 1. remembered prefixes on the disk (a prefix is discarded until it stands there), 2. tunnels to
/// new gateways, 3. routes, 4. entries of the PAD, many at once, 5. the end of tunnels that nothing leads to. On the loop.
/// </summary>
internal sealed class SecurityGatewayService : IRouteIntake, IDisposable
{
    /// <summary>After the PAD was given to IKE, so many times as long it is not given again.</summary>
    private const int PadRest = 5;
    private const int SecondMilliseconds = 1000;

    /// <summary>Prefixes that the kernel is told of at most.</summary>
    private const int MaximumInKernel = 4096;
    private readonly IForwarding forwarding;
    private readonly ProtectedWriter writer;
    private readonly Policy.SecurityGateways gateways;
    private readonly MadeTunnels made = new();
    private readonly EdgeLog log;
    private LoadedConfiguration configuration;
    private CeConfiguration ce;
    private bool outside = true;
    private long padAt, secondAt;

    /// <param name="configuration">With a <c>ce</c> section.</param>
    /// <param name="file">What is remembered; disposed of by this.</param>
    /// <param name="found">Tunnels that an earlier process made.</param>
    /// <param name="forwarding">Tables and tunnels.</param>
    /// <param name="log">The log.</param>
    public SecurityGatewayService(LoadedConfiguration configuration, ProtectedFile file, IReadOnlyList<TunnelConfiguration> found, IForwarding forwarding, ILogger log)
    {
        this.configuration = configuration;
        this.forwarding = forwarding;
        this.log = new EdgeLog(log);
        ce = configuration.Ce ?? throw new ArgumentException("there is no 'ce' section", nameof(configuration));
        gateways = new Policy.SecurityGateways(ce.Gateways, file.Prefixes, storesFirst: true);
        writer = new ProtectedWriter(file);
        foreach (var tunnel in found) made.Use(tunnel.Remote);
        TellKernel();
    }

    /// <summary>Called when the PAD changed: whoever has it asks for it again (<see cref="Pad"/>).</summary>
    public Action? PadChanged { get; set; }

    /// <summary>Makes the loop call <see cref="Turn"/>; any thread.</summary>
    public Action? Wake
    {
        get => writer.Written;
        set => writer.Written = value;
    }

    /// <summary>Decisions, and what is remembered.</summary>
    public Policy.SecurityGateways Decisions => gateways;

    /// <summary>The section in force.</summary>
    public CeConfiguration Configuration => ce;

    /// <summary>What is wrong, one sentence each.</summary>
    public IEnumerable<string> Problems
    {
        get
        {
            if (writer.Problem is { } problem) yield return problem;
            if (gateways.Remembered.Count > MaximumInKernel)
                yield return $"{gateways.Remembered.Count} prefixes are remembered: the machine's own packets are stopped for {MaximumInKernel} of them alone; name wider prefixes in 'protected', or clear some";
            if (!outside) yield return $"no unprotected port has the Security Gateway Identity {ce.Gateways.Gateway}: gateways cannot reach us; give a port that address or correct ce: gateway";
        }
    }

    /// <summary>The PAD with the gateways in use.</summary>
    public IReadOnlyList<IkePeer> Pad(IReadOnlyList<IkePeer> peers)
    {
        made.PadTaken();
        return ce.Pad(peers, made.InPad);
    }

    /// <summary>What is remembered is discarded from the start, but for what an earlier process left protected: once the tables stand, before any route is learned.</summary>
    public void Start() => Apply(gateways.HoldRemembered(p => forwarding.LearnedAt(p) is { Kind: not LearnedKind.Via }, UnixNow));

    /// <inheritdoc/>
    public void Learn(IReadOnlyList<RoutedPrefix> batch) => Apply(gateways.Learn(batch, UnixNow));

    /// <inheritdoc/>
    public void Complete()
    {
        Apply(gateways.HoldRemembered(_ => false, UnixNow));
        forwarding.LearnedComplete();
        foreach (var gateway in made.All.ToList())
            if (!gateways.Gateways.ContainsKey(gateway))
                made.Leave(gateway, Environment.TickCount64);
    }

    /// <summary>Another configuration is in force; the PAD is asked for after this.</summary>
    public void Use(LoadedConfiguration loaded)
    {
        configuration = loaded;
        ce = loaded.Ce!;
        forwarding.Make(made.All.Select(Tunnel));
        TellKernel();
        Apply(gateways.Configure(ce.Gateways, UnixNow));
    }

    /// <summary>The loop's turn, before that of IKE: what a peer asks for next finds the PAD as routes say. Says when it wants to be called next.</summary>
    public long Turn()
    {
        TakeWritten();
        if (made.PadChanged && Environment.TickCount64 >= padAt) RenewPad();
        return made.PadChanged ? padAt : long.MaxValue;
    }

    /// <summary>Many times a second: what is due. <paramref name="now"/>: <see cref="Environment.TickCount64"/>.</summary>
    public void Tick(long now)
    {
        if (made.Due(now) is { Count: > 0 } gone)
        {
            forwarding.Unmake(gone.Select(Policy.SecurityGateways.TunnelName));
            log.Gone(gone);
        }

        if (now < secondAt) return;
        secondAt = now + SecondMilliseconds;
        writer.Retry();
        outside = forwarding.IsOutside(ce.Gateways.Gateway);
    }

    /// <summary>A packet that waits for a gateway that IKE does not know yet is the reason to tell it now.</summary>
    public IIkeEvents Before(IIkeEvents events) => new PacketsFirst(this, events);

    /// <summary>Forgets a remembered prefix.</summary>
    /// <exception cref="RefusedException">It is not remembered, or announced with an identity that is accepted.</exception>
    public void Clear(IpPrefix prefix)
    {
        var changes = gateways.Clear(prefix, UnixNow)
            ?? throw new RefusedException($"{prefix} is not remembered", "GET /protected lists what is; a narrower prefix is remembered by the widest one that contains it", 404);
        Apply(changes);
        if (gateways.Entries.TryGetValue(prefix, out var entry) && entry.IsForwarded)
            throw new RefusedException($"{prefix} is {entry.Explanation}: it stays remembered", "withdraw the route first, or refuse it in ce: accept", 409);
        log.Cleared(prefix.ToString());
    }

    /// <summary>Forgets all but what is announced with an identity that is accepted; returns how many.</summary>
    public int ClearAll()
    {
        var before = gateways.Remembered.Count;
        Apply(gateways.ClearAll(UnixNow));
        var cleared = before - gateways.Remembered.Count;
        log.Cleared($"all but {gateways.Remembered.Count} prefixes");
        return Math.Max(0, cleared);
    }

    /// <summary>Waits, for a while, until what is remembered is on the disk.</summary>
    public bool Finish()
    {
        var all = writer.Finish();
        TakeWritten();
        return all;
    }

    /// <inheritdoc/>
    public void Dispose() => writer.Dispose();

    private static long UnixNow => DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();

    private TunnelConfiguration Tunnel(IpAddress gateway) => ce.TunnelTo(gateway, configuration.Ike?.Peers ?? []);

    /// <summary>The machine's own packets are the kernel's to stop, or to lead to its door into the tunnels. What <c>bgp: kernel</c> lists is told there with the other learned routes.</summary>
    private void TellKernel()
    {
        List<IpPrefix> listed = [.. (configuration.Bgp?.Kernel ?? []).Select(n => new IpPrefix(IpAddress.From(n.BaseAddress), n.PrefixLength))];
        forwarding.Remember(gateways.Remembered.Where(p => !listed.Exists(l => l.Contains(p))).Take(MaximumInKernel).ToList());
    }

    private void TakeWritten()
    {
        foreach (var (remembered, forgotten) in writer.TakeWritten()) Apply(gateways.Stored(remembered, forgotten, UnixNow));
    }

    private void RenewPad()
    {
        var begin = Environment.TickCount64;
        PadChanged?.Invoke();
        made.PadTaken();
        padAt = begin + PadRest * (Environment.TickCount64 - begin);
    }

    private void Apply(SecurityGatewayChanges changes)
    {
        if (changes.IsEmpty) return;
        writer.Write(changes.Remembered, changes.Forgotten);
        if (changes.Remembered.Count + changes.Forgotten.Count > 0) TellKernel();
        var fresh = changes.NewGateways.Where(made.Use).ToList();
        if (fresh.Count > 0) forwarding.Make(fresh.Select(Tunnel));
        if (changes.Routes.Count > 0) forwarding.Learn(changes.Routes);
        foreach (var gateway in changes.GoneGateways) made.Leave(gateway, Environment.TickCount64);
        log.Changed(changes, fresh);
    }

    private sealed class PacketsFirst(SecurityGatewayService service, IIkeEvents events) : IIkeEvents
    {
        public void Raise(IkeEvent e)
        {
            if (e is PacketWaits && service.made.PadChanged) service.RenewPad();
            events.Raise(e);
        }
    }
}
