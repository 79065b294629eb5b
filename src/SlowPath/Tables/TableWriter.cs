using Appliance.Policy;
using Appliance.Shared;
using Appliance.SlowPath.Sas;

namespace Appliance.SlowPath.Tables;

/// <summary>
/// Brings the region to what Policy says, touching only what differs; also what an earlier slow path left there. In this order, so that at no moment something is open:
/// 1. ports and addresses, 2. adjacencies, tunnels and next hops (nothing names the new ones yet), 3. the SPD, 4. routes: what discards or protects first, removals last,
/// 5. groups of learned routes are pointed to where they lead now, 6. SAs are pointed to their adjacency and MTU, those of tunnels that are gone are retired, 7. what nothing names any more
/// is retired. Learned routes come beside that (<see cref="Learn"/>), and none of them is looked at for the rest.
/// </summary>
internal sealed class TableWriter
{
    private const int EndedMost = 1024;
    private readonly Region region;
    private readonly RouteWriter routes;
    private readonly LearnedGroups groups;
    private readonly PortWriter ports;
    private readonly AdjacencyWriter adjacencies;
    private readonly NextHopWriter nextHops;
    private readonly TunnelWriter tunnels;
    private readonly SpdWriter spd;
    private readonly HashSet<string> tunnelsOfStale = new(StringComparer.Ordinal);
    private readonly HashSet<IpAddress> watched = [];
    private readonly List<AdjacencyKey> fresh = [];
    private TablePlan? plan;
    private AddressIndex index = new([]);
    private int indexVersion = -1;
    private HashSet<string> tunnelsOfTargets = [];

    public TableWriter(Region region, Quiescence quiescence)
    {
        this.region = region;
        ports = new PortWriter(region);
        adjacencies = new AdjacencyWriter(region, quiescence);
        tunnels = new TunnelWriter(region, quiescence);
        var pool = SlotTable.ForNextHops(region, quiescence);
        nextHops = new NextHopWriter(region, pool, TunnelSlot, AdjacencyOf);
        groups = new LearnedGroups(region, pool, nextHops);
        routes = new RouteWriter(new RouteTables(region, quiescence), nextHops, groups);
        var rules = new SlotRanges(region.Counts.SpdRules, quiescence);
        spd = new SpdWriter(region, rules);
        Sas = new SaStore(region, quiescence, rules);
        tunnels.Adopt();
        adjacencies.Adopt();
        groups.Adopt(nextHops.Adopt(tunnels.NameOf));
        groups.DropBlocks(nextHops.Blocks);
        tunnelsOfStale.UnionWith(groups.Held.Where(h => h.Tunnel is not null).Select(h => h.Tunnel!));
        Sas.Adopt(tunnels.NameOf);
    }

    /// <summary>The SAD.</summary>
    public SaStore Sas { get; }

    /// <summary>What was applied last.</summary>
    public TableContents Contents { get; private set; } = new();

    /// <summary>Names and slots of tunnels.</summary>
    public IReadOnlyDictionary<string, uint> TunnelSlots => tunnels.Slots;

    /// <summary>How many prefixes have a learned route.</summary>
    public int LearnedRoutes => routes.Learned;

    /// <summary>How many learned routes found no room.</summary>
    public int LearnedWaiting => routes.Waiting.Count();

    /// <summary>The ways of next hops may be others than before; set here, cleared by who looks at them.</summary>
    public bool HopsChanged { get; set; }

    /// <summary>The underlay may be another than before; set here, cleared by who looks at it.</summary>
    public bool UnderlayChanged { get; set; }

    /// <summary>Name of the tunnel in a slot.</summary>
    public string? TunnelOf(uint slot) => tunnels.NameOf(slot);

    /// <summary>Slot of a tunnel's adjacency.</summary>
    public uint AdjacencyOf(TunnelContents tunnel) => adjacencies.SlotOf(tunnel.Path);

    /// <summary>The learned route of exactly this prefix; null when there is none.</summary>
    public LearnedTarget? LearnedAt(IpPrefix prefix) => routes.LearnedAt(prefix);

    /// <summary>All learned routes, in no order, those of an earlier slow path not among them.</summary>
    public IEnumerable<(IpPrefix Prefix, LearnedTarget Target)> AllLearned() => routes.AllLearned();

    /// <inheritdoc cref="RouteWriter.LearnedInForce"/>
    public IEnumerable<(IpPrefix Prefix, IReadOnlyList<NextHop> Hops)> LearnedInForce() => routes.LearnedInForce();

    /// <inheritdoc cref="RouteWriter.LeftToMembers"/>
    public IEnumerable<IpPrefix> LeftToMembers() => routes.LeftToMembers();

    /// <summary>The route that packets to an address take, as it stands: its prefix, where it leads, and whether it was learned. Null: none.</summary>
    public (IpPrefix Prefix, IReadOnlyList<NextHop> Hops, bool IsLearned)? RouteTo(IpAddress address) =>
        !routes.TryMatch(address, address.IsV4 ? 32 : 128, out var prefix, out var hop, out var group) ? null : group is null ? (prefix, [hop], false) : (prefix, group.Members, true);

    /// <summary>The learned route that is the longest match for an address; null when that is no learned one.</summary>
    public LearnedTarget? LearnedMatch(IpAddress address) => routes.TryMatch(address, 128, out _, out _, out var group) && group is { IsStale: false } ? group.Target : null;

    /// <summary>A learned route stands at exactly this prefix.</summary>
    public bool IsInForce(IpPrefix prefix) => routes.IsInForce(prefix);

    /// <summary>How addresses are reached through the routes of now.</summary>
    public NextHopResolver Resolver() => new(plan is { } known ? new LearnedView(routes, known, tunnels) : new NoRoutes());

    /// <summary>From now on it matters how this address is reached.</summary>
    public void Watch(IpAddress address)
    {
        if (watched.Add(address)) indexVersion = -1;
    }

    /// <summary>It does not matter any more.</summary>
    public void Unwatch(IpAddress address)
    {
        if (watched.Remove(address)) indexVersion = -1;
    }

    /// <inheritdoc cref="PortWriter.WriteMulticast"/>
    public int WriteMulticast(IReadOnlyList<IpPrefix> wanted) => ports.WriteMulticast(wanted);

    /// <inheritdoc cref="PortWriter.Multicast"/>
    public IEnumerable<IpPrefix> Multicast() => ports.Multicast();

    /// <summary>Applies a plan. Returns what did not fit, one sentence each.</summary>
    public IReadOnlyList<string> Apply(TablePlan wantedPlan)
    {
        plan = wantedPlan;
        var wanted = wantedPlan.Contents;
        var problems = new List<string>();
        var (replaced, orphans) = (new List<uint>(), new List<uint>());
        NeedWays(wantedPlan);
        ports.Write(wanted.Ports);
        ports.WriteAddresses(wanted.LocalAddresses);
        if (!adjacencies.Write(wanted.Adjacencies, replaced)) problems.Add("no room for all neighbours: raise region: adjacencies");
        if (!tunnels.Write(wanted.Tunnels, tunnelsOfStale, orphans)) problems.Add("no room for all tunnels: raise region: tunnels");
        ports.WriteTunnels(wanted.Ports, tunnels.Slots);
        groups.UsePorts(wantedPlan.PortsInside);
        var hops = wanted.Routes.Values.ToHashSet();
        var known = hops.Where(h => h.Tunnel is null || tunnels.Slots.ContainsKey(h.Tunnel)).OrderByDescending(h => h.Protected);
        var room = nextHops.Write(known.Concat(groups.Held));
        if (!spd.Write(wanted.Rules, TunnelSlot)) problems.Add("the new SPD could not be written yet (no room, or a worker still reads the list before the last)");
        var resolver = Resolver();
        if (!routes.Write(wanted, resolver)) problems.Add("no room for all routes: raise region: ipv4_groups or ipv6_nodes");
        routes.Use(wantedPlan.Shield, resolver);
        groups.Refresh(resolver, all: true, out var learnedRoom);
        if (!room || !learnedRoom) problems.Add("no room for all next hops: raise region: next_hops");
        Refresh(wanted);
        RetireSas(orphans);
        groups.Sweep();
        SweepHops(hops);
        adjacencies.Sweep(wanted.Adjacencies, replaced);

        // Members that an earlier process left may name a neighbour that is no more: they name none now.
        _ = nextHops.Write(groups.Held);
        tunnels.Retire(orphans);
        Contents = wanted;
        indexVersion = -1;
        HopsChanged = UnderlayChanged = true;
        return problems;
    }

    /// <summary>Applies the change of one tunnel, in the same order. False when there is no room for it: the next <see cref="Apply(TablePlan)"/> says for what.</summary>
    public bool Apply(TunnelChange change)
    {
        var room = true;
        var (replaced, orphans) = (new List<uint>(), new List<uint>());
        if (change.After is { Path: { } path } && adjacencies.SlotOf(path) == AdjacencyWriter.None && Contents.Adjacencies.TryGetValue(path, out var adjacency))
            room &= adjacencies.Write(new Dictionary<AdjacencyKey, Adjacency> { [path] = adjacency }, replaced);
        var isNew = change.After is not null != tunnels.Slots.ContainsKey(change.Name);
        if (change.After is { } tunnel) room &= tunnels.Write(tunnel, orphans);
        else if (tunnels.Remove(change.Name) is { } gone) orphans.Add(gone);
        if (orphans.Count > 0) ports.WriteTunnels(Contents.Ports, tunnels.Slots);
        var into = NextHop.Into(change.Name);
        if (nextHops.Has(into)) _ = nextHops.Write([into]);
        room &= routes.Write(change.Routes, Contents.Yielding, Resolver());
        BringIndexUp();
        if (change.After is { Remote.IsAny: false } moved)
        {
            index.Add(moved.Remote);
            HopsChanged |= groups.All.Count > 0;
        }

        if ((isNew && tunnelsOfTargets.Contains(change.Name)) || change.Routes.Any(r => index.IsConcerned(r.Prefix))) RefreshGroups(Resolver());
        if (change.After is { } after && tunnels.Slots.TryGetValue(after.Name, out var slot)) Refresh(after, Sas.OfTunnel(slot));
        RetireSas(orphans);
        if (change.After is null && !groups.Held.Contains(into)) nextHops.Remove(into);
        tunnels.Retire(orphans);
        return room;
    }

    /// <summary>Takes changes of learned routes over, in their order. False when there was no room for one: it waits (<see cref="PlaceWaiting"/>).</summary>
    public bool Learn(IReadOnlyList<LearnedChange> changes)
    {
        var room = true;
        BringIndexUp();
        var version = groups.Version;
        var isConcerned = false;
        var resolver = Resolver();
        for (var i = 0; i < changes.Count; i++)
        {
            var change = changes[i];
            room &= routes.Learn(change, resolver);
            isConcerned |= index.IsConcerned(change.Prefix);
        }

        Learned(isConcerned || groups.Version != version);
        return room;
    }

    /// <summary>Tries again where there was no room.</summary>
    public bool PlaceWaiting() => Learn(routes.Waiting.Select(w => new LearnedChange(w.Prefix, w.Target)).ToList());

    /// <summary>What an earlier slow path left and was not learned again goes; tunnels that only such routes named go with the next plan.</summary>
    public void DropStale()
    {
        routes.DropStale(Resolver());
        tunnelsOfStale.Clear();
        Learned(isConcerned: true);
    }

    private void Learned(bool isConcerned)
    {
        if (isConcerned) RefreshGroups(Resolver());
        groups.Sweep();

        // Members of groups come and go without any change of the plan: now and then their next hops do.
        if (groups.Ended > Math.Max(EndedMost, nextHops.Count / 2)) SweepHops([.. Contents.Routes.Values]);
    }

    private void SweepHops(HashSet<NextHop> wanted)
    {
        wanted.UnionWith(groups.Held);
        nextHops.Sweep(wanted);
        groups.Ended = 0;
    }

    private void RefreshGroups(NextHopResolver resolver)
    {
        groups.Refresh(resolver, all: false, out _);
        HopsChanged = true;
    }

    private void BringIndexUp()
    {
        if (indexVersion == groups.Version) return;
        indexVersion = groups.Version;
        index = new AddressIndex(groups.Routed.SelectMany(g => g.Target.NextHops).Concat(watched).Concat(Contents.Tunnels.Values.Select(t => t.Remote)));
        tunnelsOfTargets = groups.Routed.SelectMany(g => g.Target.Tunnels).ToHashSet(StringComparer.Ordinal);
    }

    /// <summary>Neighbours towards members of groups that are new since the last time: to be resolved before a packet needs them.</summary>
    public IReadOnlyList<AdjacencyKey> TakeNewNeighbours()
    {
        if (fresh.Count == 0) return [];
        AdjacencyKey[] taken = [.. fresh];
        fresh.Clear();
        return taken;
    }

    /// <summary>A plan knows of tunnels' neighbours; those towards members that were learned are told to it, before neighbours are written.</summary>
    private void NeedWays(TablePlan wanted)
    {
        foreach (var group in groups.All)
        {
            if (group.IsOfMembers)
                for (var i = 0; i < group.Target.NextHops.Count; i++) _ = wanted.WayTo(group.Target.NextHops[i]);
            else if (group.IsStale)
                foreach (var hop in group.Members.Where(m => m.IsMember)) _ = wanted.WayTo(hop.Address);
        }
    }

    /// <summary>By which adjacency packets to a next hop leave; null before the first plan, for members: what an earlier slow path found holds until then.</summary>
    private uint? AdjacencyOf(NextHop hop)
    {
        if (hop.Kind == NextHopKind.Adjacent) return adjacencies.SlotOf(hop.Adjacency);
        if (!hop.IsMember) return AdjacencyWriter.None;
        if (plan is null) return null;
        if (plan.WayTo(hop.Address) is not { } way) return AdjacencyWriter.None;
        if (adjacencies.SlotOf(way) == AdjacencyWriter.None && plan.Contents.Adjacencies.TryGetValue(way, out var adjacency) && adjacencies.Add(adjacency) && !adjacency.IsResolved) fresh.Add(way);
        return adjacencies.SlotOf(way);
    }

    private void RetireSas(List<uint> orphans)
    {
        foreach (var orphan in orphans)
            foreach (var sa in Sas.OfTunnel(orphan).ToList())
                Sas.Retire(sa);
    }

    /// <summary>A rule whose tunnel has no slot names one that can never be.</summary>
    private uint TunnelSlot(string name) => tunnels.Slots.TryGetValue(name, out var slot) ? slot : uint.MaxValue - 1;

    private void Refresh(TableContents wanted)
    {
        foreach (var tunnel in wanted.Tunnels.Values)
            if (tunnels.Slots.TryGetValue(tunnel.Name, out var slot) && Sas.OfTunnel(slot) is { Count: > 0 } sas)
                Refresh(tunnel, sas);
    }

    private void Refresh(TunnelContents tunnel, IReadOnlyList<SaEntry> sas)
    {
        var adjacency = AdjacencyOf(tunnel);
        foreach (var sa in sas)
        {
            if (!sa.IsOutbound) continue;
            ref var record = ref region.OutboundSa(sa.Slot);
            if (record.Adjacency != adjacency) Volatile.Write(ref record.Adjacency, adjacency);
            if (record.PathMtu != tunnel.PathMtu) Volatile.Write(ref record.PathMtu, tunnel.PathMtu);
        }
    }
}
