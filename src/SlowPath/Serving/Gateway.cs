using Appliance.Crypto;
using Appliance.Policy;
using Appliance.Shared;
using Appliance.SlowPath.CustomerEdge;
using Appliance.SlowPath.Bfd;
using Appliance.SlowPath.Netlink;
using Appliance.SlowPath.Sas;
using Appliance.SlowPath.Tables;
using Microsoft.Extensions.Logging;

namespace Appliance.SlowPath.Serving;

/// <summary>
/// The slow path's state and what may be done to it; everything here runs on the loop. Whatever changes (configuration, kernel, SAs, path MTUs) leads to
/// <see cref="Recompute"/>: Policy says what the tables shall hold, the writers bring the difference to region and kernel.
/// </summary>
internal sealed partial class Gateway : IDisposable, IChildHost, IForwarding
{
    private const uint HoldMilliseconds = 2000;

    /// <summary>A negotiation takes some round trips, and a retransmission when one is lost.</summary>
    private const uint NegotiationHoldMilliseconds = 5000;

    /// <summary>After everything was computed anew, so many times as long nothing is, where there are many tunnels: a kernel that never rests leaves the loop to others.</summary>
    private const long RestFactor = 5, RestAtMost = 2000;
    private const int ManyTunnels = 500;
    private readonly string configurationFile;
    private readonly IKernel netlink;
    private readonly KernelWriter kernel;
    private readonly TunnelInterfaces interfaces;
    private readonly TableWriter tables;
    private readonly SaInstaller installer;
    private readonly EffectiveTunnels tunnels;
    private readonly ChildSas children;
    private readonly GroupSas groups;
    private readonly SpiCollisions collisions;
    private readonly PathMtus pathMtus = new();
    private readonly SemaphoreSlim saChanges = new(1, 1);
    private readonly ILogger log;
    private readonly bool negotiates;
    private KernelMirror mirror;
    private IReadOnlyList<string> tableProblems = [];
    private TablePlan? plan;
    private bool dirty = true;
    private long recomputeFrom;

    /// <summary>
    /// Adopts what the region holds. Nothing is written before <see cref="StartAsync"/>. <paramref name="made"/>: tunnels that an earlier process made from routes; null where none are made.
    /// </summary>
    public Gateway(string configurationFile, GatewayConfiguration configuration, Region region, IKernel netlink, ILogger log, IReadOnlyList<TunnelConfiguration>? made = null)
    {
        negotiates = made is not null;
        this.configurationFile = configurationFile;
        Configuration = configuration;
        Region = region;
        this.log = log;
        this.netlink = netlink;
        kernel = new KernelWriter(netlink, log);
        interfaces = new TunnelInterfaces(netlink, log);
        tables = new TableWriter(region, new Quiescence(region));
        nextHops = new NextHopWatch(ThroughRoutes, tables.Watch, tables.Unwatch);
        egress = new NextHopWatch(ThroughUnderlay, _ => { }, _ => { });
        learnedKernel = new LearnedKernel(netlink, tables, log);
        tunnels = new EffectiveTunnels(configuration, made);
        installer = new SaInstaller(region, tables.Sas, FindTunnel, configuration.Workers.Count);
        children = new ChildSas(region, tables.Sas, installer, tunnels, this, log);
        collisions = new SpiCollisions(region, tables.Sas, tunnels, children.OutboundOf, e => Ike?.Raise(e), log);
        groups = new GroupSas(region, tables.Sas, installer, FindGroupTunnel, name => tunnels.Configured(name)?.Group, this, collisions, configuration.Workers.Count, log);
        mirror = netlink.Dump();
    }

    /// <summary>The configuration in force.</summary>
    public GatewayConfiguration Configuration { get; private set; }

    /// <summary>The region.</summary>
    public Region Region { get; }

    /// <summary>What the tables hold.</summary>
    public TableContents Contents => tables.Contents;

    /// <summary>Where IKE puts its children.</summary>
    public IChildSas Children => children;

    /// <summary>Where IKE puts SAs of groups.</summary>
    public IGroupSas Groups => groups;

    /// <summary>Live SAs of groups.</summary>
    public IEnumerable<LiveGroup> GroupSas => groups.All;

    /// <summary>SPIs that a group and a tunnel share.</summary>
    public IReadOnlyCollection<uint> SharedSpis => collisions.Spis;

    /// <summary>Who hears what IKE should know; null while IKE does not run.</summary>
    public IIkeEvents? Ike { get; set; }

    /// <summary>Tunnels as they are now, instances of templates included.</summary>
    public IReadOnlyCollection<TunnelConfiguration> Tunnels => tunnels.All;

    /// <summary>Live SAs.</summary>
    public IReadOnlyCollection<SaEntry> Sas => tables.Sas.All;

    /// <summary>Live SAs of a tunnel.</summary>
    public IReadOnlyList<SaEntry> SasOf(string tunnel) => TunnelSlots.TryGetValue(tunnel, out var slot) ? tables.Sas.OfTunnel(slot) : [];

    /// <summary>Names and slots of tunnels.</summary>
    public IReadOnlyDictionary<string, uint> TunnelSlots => tables.TunnelSlots;

    /// <summary>What is wrong at present, one sentence each.</summary>
    public IEnumerable<string> Problems =>
        tableProblems.Concat(kernel.Problems).Concat(learnedRoom ? [] : [$"no room for {tables.LearnedWaiting} learned routes: raise region: ipv4_groups, ipv6_nodes or next_hops"]);

    /// <summary>First tables and manual SAs; then the region says that the slow path is ready.</summary>
    public async Task<bool> StartAsync()
    {
        ref var header = ref Region.Header;
        header.SlowPathProcess = Environment.ProcessId;
        header.HoldMilliseconds = negotiates || Configuration.Tunnels.Any(t => t.Peer is not null || t.Group is not null) ? NegotiationHoldMilliseconds : HoldMilliseconds;
        header.PathMtuFloor = TunnelMtu.LowestV4;
        header.CryptoTierWanted = Configuration.CryptoTier switch
        {
            "vaes" => (uint)AesGcmTier.Vaes,
            "managed" => (uint)AesGcmTier.Managed,
            "bcl" => (uint)AesGcmTier.Bcl,
            _ => 0,
        };
        Recompute();
        if (!ExpectsLearned) LearnedComplete();
        await ManualSasAsync(Configuration);
        Recompute();
        Volatile.Write(ref Region.Header.SlowPathReady, 1);
        log.LogInformation("ready: {Tunnels} tunnels, {Sas} SAs, {Routes} routes, {Rules} SPD rules", Contents.Tunnels.Count, Sas.Count, Contents.Routes.Count, Contents.Rules.Count);
        return true;
    }

    /// <summary>Messages of the kernel, or null when some were lost.</summary>
    public void KernelSpoke(byte[]? datagram)
    {
        if (datagram is null)
        {
            log.LogWarning("netlink lost messages: reading everything again");
            ReadKernel();
            return;
        }

        var reader = new NetlinkReader(datagram);
        while (reader.TryNext(out var message))
        {
            if (!KernelChange.TryParse(message, out var change)) continue;
            dirty |= mirror.Apply(change) && !kernel.IsOurDoing(change);
            if (change is { Kind: KernelChangeKind.Neighbour, IsRemoval: false, NeighbourState: NeighbourState.Stale }) StaleNeighbour(change.Neighbour);
        }

        if (mirror.NeedsDump) ReadKernel();
    }

    /// <summary>Reads everything that the kernel holds again.</summary>
    public void ReadKernel()
    {
        try
        {
            mirror = netlink.Dump();
            kernel.Forget();
            learnedKernel.Forget();
            dirty = true;
        }
        catch (IOException exception)
        {
            log.LogError("the kernel's tables cannot be read: {Problem}", exception.Message);
        }
    }

    /// <summary>Applies what gathered since the last time.</summary>
    public void Settle()
    {
        if (dirty && Environment.TickCount64 >= recomputeFrom) Recompute();
        SettleTunnels();
        SettleRemembered();
        SettleLearned();
        interfaces.Settle(Configuration, mirror, HasOutboundSa, Environment.TickCount64);
    }

    /// <summary>Once a second: asks for next hops of peers that are not resolved, and tries again what did not work.</summary>
    public void Retry()
    {
        AskForPaths(Contents);
        dirty |= tableProblems.Count > 0 || kernel.Problems.Count > 0;
        RetryLearned();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        netlink.Dispose();
        saChanges.Dispose();
    }

    /// <summary>Whether a tunnel's interface is up; null for a tunnel without one.</summary>
    public bool? InterfaceIsUp(string tunnel) => interfaces.IsUp(tunnel);

    /// <summary>Has interfaces of tunnels watched by BFD, where the configuration asks for it.</summary>
    public void WatchBy(IBfdSessions bfd)
    {
        interfaces.Bfd = bfd;
        bfd.Changed += notice => interfaces.Heard(notice, Environment.TickCount64);
    }

    private bool HasOutboundSa(string tunnel)
    {
        if (!TunnelSlots.TryGetValue(tunnel, out var slot)) return false;
        ref var record = ref Region.Tunnel(slot);
        for (var worker = 0; worker < SaSlots.Size; worker++)
            if (record.OutboundSas[worker] != TunnelRecord.NoSa)
                return true;
        return false;
    }

    private void Recompute()
    {
        dirty = false;
        changedTunnels.Clear();
        var begin = Environment.TickCount64;
        var facts = new Dictionary<string, TunnelFacts>(StringComparer.Ordinal);
        foreach (var (name, learned) in pathMtus.All) facts[name] = new TunnelFacts(EspShape.AesGcm, learned);
        foreach (var sa in Sas)
            if (sa.IsOutbound)
                facts[sa.Tunnel] = new TunnelFacts(facts.TryGetValue(sa.Tunnel, out var known) ? Larger(known.Shape, Shape(sa)) : Shape(sa), pathMtus.Of(sa.Tunnel));
        var effective = tunnels.All;
        plan = new TablePlan(new PolicyInputs(WithInnerAddresses, mirror.View()) { Tunnels = facts, Effective = effective });
        var problems = tables.Apply(plan);
        foreach (var problem in problems.Except(tableProblems)) log.LogError("{Problem}", problem);
        tableProblems = problems;
        WriteKernel(plan, effective);
        AskForPaths(plan.Contents);
        var now = Environment.TickCount64;
        recomputeFrom = effective.Count < ManyTunnels ? 0 : now + Math.Min((now - begin) * RestFactor, RestAtMost);
    }

    private static EspShape Shape(SaEntry sa) => new(CipherFacts.IvLength(sa.Cipher), CipherFacts.IcvLength(sa.Cipher), CipherFacts.BlockSize(sa.Cipher));

    private static EspShape Larger(EspShape a, EspShape b) => Overhead(a) >= Overhead(b) ? a : b;

    private static int Overhead(EspShape shape) => shape.IvLength + shape.IcvLength + shape.Alignment;

    private (uint Slot, TunnelConfiguration Configuration, TunnelContents Contents, uint Adjacency)? FindTunnel(string name)
    {
        if (tunnels.Find(name) is not { } tunnel || !tables.TunnelSlots.TryGetValue(name, out var slot) || !Contents.Tunnels.TryGetValue(name, out var contents)) return null;
        return (slot, tunnel, contents, tables.AdjacencyOf(contents));
    }

    private GroupTunnel? FindGroupTunnel(string name) => FindTunnel(name) is { Configuration.Group: not null } found ? new GroupTunnel(found.Slot, found.Configuration, found.Contents) : null;
}
