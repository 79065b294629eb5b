using System.Net;

namespace Appliance.Bgp;

/// <summary>
/// All routes of all neighbours (Adj-RIBs-In), the decision (Loc-RIB) and what each neighbour was and is to be told (Adj-RIBs-Out), for the global table, VRFs and VPN families. Pure: the
/// same calls give the same answers in the same order. The way through:
/// <list type="number">
/// <item><see cref="Configure"/>, then <see cref="SetPeer"/> for each session that is established;</item>
/// <item><see cref="Update"/> and <see cref="Withdraw"/> as messages come; they do no more than to take the route in;</item>
/// <item><see cref="Settle"/> takes the decision, so many prefixes at a time, and says which best routes changed;</item>
/// <item><see cref="TakeNextHops"/> says which next hops are to be watched, <see cref="NextHops"/> how they are;</item>
/// <item><see cref="StartExport"/>, then <see cref="TryNextExport"/> whenever there is room for more messages to a neighbour.</item>
/// </list>
/// </summary>
public sealed partial class Rib
{
    /// <summary>Paths that are kept of one neighbour for one prefix (ADD-PATH); more are not taken.</summary>
    public const int MostPathsOfAPeer = 64;

    /// <summary>The same of a multicast prefix: a reflector tells of every member of a group that wants it.</summary>
    public const int MostMulticastPathsOfAPeer = 16384;

    private readonly Dictionary<Family, RibTable> globals = [];
    private readonly SortedDictionary<string, VrfState> vrfs = new(StringComparer.Ordinal);
    private readonly List<RibTable> tables = [];
    private readonly Dictionary<int, PeerState> byId = [];
    private readonly Decision decision;
    private readonly Exporter exporter;
    private readonly VpnRoutes vpn;
    private readonly HashSet<int> changedHops = [];
    private PeerState? last;

    /// <summary>An empty RIB.</summary>
    public Rib()
    {
        Attributes = new AttributeTable(Hops);
        BestPaths = new BestPathsTable(Attributes);
        decision = new Decision(this);
        exporter = new Exporter(this, decision);
        vpn = new VpnRoutes(this);
        Peers.Add(new PeerState(0, new RibPeer { Id = 0, Name = "", RemoteAs = 0, LocalAs = 0, RouterId = 0, Address = IPAddress.Any, LocalAddress = IPAddress.Any }));
    }

    /// <summary>What holds now.</summary>
    public BgpConfiguration Configuration { get; private set; } = new();

    /// <summary>Prefixes wait for <see cref="Settle"/>.</summary>
    public bool HasWork => changedHops.Count > 0 || tables.Exists(t => t.HasWork);

    /// <summary>Routes of all neighbours and our own, those that policies rejected and those between VRFs and VPN included.</summary>
    public int RouteCount => Routes.Count;

    /// <summary>Sets of attributes that are kept.</summary>
    public int AttributeSetCount => Attributes.Count;

    internal NextHopTable Hops { get; } = new();

    internal AttributeTable Attributes { get; }

    internal BestPathsTable BestPaths { get; }

    internal Slab<Route> Routes { get; } = new();

    /// <summary>Neighbours by their number; the first is we ourselves.</summary>
    internal List<PeerState?> Peers { get; } = [];

    /// <summary>Takes a route in, in place of what that neighbour said of it before.</summary>
    /// <param name="peer">Whose.</param>
    /// <param name="family">A family of its session; others are ignored.</param>
    /// <param name="nlri">The route.</param>
    /// <param name="attributes">Its attributes; the same object for routes of one message is quickest.</param>
    /// <returns>False: the neighbour has <see cref="MostPathsOfAPeer"/> (or <see cref="MostMulticastPathsOfAPeer"/>) paths for that prefix already, this one is not kept.</returns>
    public bool Update(int peer, Family family, in Nlri nlri, PathAttributes attributes)
    {
        if (Find(peer, family) is not { } from) return true;
        if (!ReferenceEquals(from.LastAttributes, attributes)) Remember(from, attributes);
        var table = from.Table;
        var slot = table.Reach(in nlri);
        var at = table.FindRoute(slot, from.Peer.Slot, nlri.PathId, RouteFlags.None, out _, out var others);
        if (at == 0)
        {
            if (others >= MostPathsOfAPeer && (others >= MostMulticastPathsOfAPeer || !MulticastPrefixes.IsMulticast(family, nlri.Prefix))) return false;
            var taken = Taken(from, in nlri);
            ref var made = ref table.Insert(slot);
            made.Peer = from.Peer.Slot;
            made.PathId = nlri.PathId;
            made.Label = nlri.Label;
            made.Flags = from.Peer.Facts.Vrf.Length == 0 ? RouteFlags.Tracked : RouteFlags.None;
            SetAttributes(ref made, Attributes.Hold(from.LastIn), taken);
            from.Routes++;
            if (taken != 0) Accept(from, in nlri, 1);
        }
        else
        {
            ref var route = ref Routes[at];
            if ((route.Flags & RouteFlags.Stale) != 0) from.Stale--;
            route.Flags &= ~RouteFlags.Stale;
            var taken = Taken(from, in nlri);
            var isSame = route.Out == taken && route.Label == nlri.Label;
            if ((route.Out == 0) != (taken == 0)) Accept(from, in nlri, taken != 0 ? 1 : -1);
            route.Label = nlri.Label;
            SetAttributes(ref route, Attributes.Hold(from.LastIn), taken);
            if (isSame) return true;
        }

        table.Touch(slot);
        return true;
    }

    /// <summary>A neighbour takes a route back. Costs little when it never said it.</summary>
    /// <param name="peer">Whose.</param>
    /// <param name="family">The family.</param>
    /// <param name="nlri">The route; its label does not matter.</param>
    public void Withdraw(int peer, Family family, in Nlri nlri)
    {
        if (Find(peer, family) is not { } from) return;
        var slot = from.Table.Find(in nlri);
        if (slot == 0) return;
        var at = from.Table.FindRoute(slot, from.Peer.Slot, nlri.PathId, RouteFlags.None, out var previous, out _);
        if (at != 0) Drop(from, slot, at, previous);
    }

    /// <summary>Takes a route of our own in, in place of an earlier one; <see cref="Configure"/> does it for those of the configuration.</summary>
    /// <param name="vrf">Name of the VRF; empty for the global table.</param>
    /// <param name="route">The route.</param>
    /// <returns>False: there is no such VRF, or it has no such family.</returns>
    public bool Originate(string vrf, OriginatedRoute route)
    {
        if (Table(vrf, route.Family) is not { } table) return false;
        var slot = table.Reach(new Nlri(route.Prefix));
        var at = table.FindRoute(slot, 0, 0, RouteFlags.None, out _, out _);
        ref var own = ref at != 0 ? ref Routes[at] : ref table.Insert(slot);
        SetAttributes(ref own, 0, Attributes.Intern(route.Attributes));
        table.Touch(slot);
        return true;
    }

    /// <summary>Takes a route of our own back.</summary>
    /// <param name="vrf">Name of the VRF; empty for the global table.</param>
    /// <param name="family">The family.</param>
    /// <param name="prefix">The prefix.</param>
    public void WithdrawOwn(string vrf, Family family, in Prefix prefix)
    {
        if (FindTable(vrf, family) is not { } table) return;
        var slot = table.Find(new Nlri(prefix));
        if (slot == 0) return;
        var at = table.FindRoute(slot, 0, 0, RouteFlags.None, out var previous, out _);
        if (at == 0) return;
        table.Remove(slot, at, previous);
        table.Touch(slot);
    }

    /// <summary>Next hops that routes begin or cease to depend on, for <see cref="WatchNextHops"/>. Those inside of VRFs are not tracked: they count as reachable.</summary>
    /// <param name="added">Gets those that are new.</param>
    /// <param name="removed">Gets those that do not matter any more.</param>
    /// <param name="isEgress">Not next hops, but ends of tunnels: for <see cref="WatchEgress"/>.</param>
    public void TakeNextHops(List<IPAddress> added, List<IPAddress> removed, bool isEgress = false) => Hops.TakeChanges(added, removed, isEgress);

    /// <summary>How next hops are now; one that was never said is unreachable, and routes through it are not used (RFC 4271 §9.1.2.1).</summary>
    /// <param name="resolved">As in <see cref="NextHopsResolved"/>.</param>
    /// <param name="isEgress">Not next hops, but ends of tunnels: as in <see cref="EgressResolved"/>.</param>
    public void NextHops(IReadOnlyList<(IPAddress Hop, bool IsReachable, uint Metric)> resolved, bool isEgress = false)
    {
        foreach (var (hop, isReachable, metric) in resolved)
        {
            if (Hops.Resolve(hop, isEgress, isReachable, metric, out var waiting) is not (var id and not 0)) continue;
            if (waiting == null) changedHops.Add(id);
            else foreach (var (table, slot) in waiting) table.TouchUsed(slot);
        }
    }

    /// <summary>Holds the decision of a table back, or takes it up again (RFC 4724 §4.1: a restarting speaker waits for all End-of-RIB).</summary>
    /// <param name="vrf">Name of the VRF; empty for the global table.</param>
    /// <param name="family">The family.</param>
    /// <param name="isHeld">Hold back.</param>
    public void Hold(string vrf, Family family, bool isHeld)
    {
        if (Table(vrf, family) is { } table) table.IsHeld = isHeld;
    }

    /// <summary>The table of a VPN family, of unicast, and so on, outside of VRFs.</summary>
    internal RibTable Global(Family family)
    {
        if (!globals.TryGetValue(family, out var table))
        {
            globals.Add(family, table = new RibTable(this, null, family));
            tables.Add(table);
        }

        return table;
    }

    internal RibTable? FindGlobal(Family family) => globals.GetValueOrDefault(family);

    /// <summary>Gives a route other attributes, whose references it takes over; those before are let go.</summary>
    internal void SetAttributes(ref Route route, int received, int taken)
    {
        var isTracked = (route.Flags & RouteFlags.Tracked) != 0;
        if (isTracked && taken != 0) Hops.Use(Attributes.Facts(taken).NextHop);
        if (isTracked && route.Out != 0) Hops.Unuse(Attributes.Facts(route.Out).NextHop);
        var (oldReceived, oldTaken) = (route.In, route.Out);
        (route.In, route.Out) = (received, taken);
        Attributes.Release(oldReceived);
        Attributes.Release(oldTaken);
    }

    private RibTable? Table(string vrf, Family family) =>
        vrf.Length == 0 ? Global(family) : vrfs.TryGetValue(vrf, out var state) ? state.Table(family) : null;

    private RibTable? FindTable(string vrf, Family family) =>
        vrf.Length == 0 ? FindGlobal(family) : vrfs.TryGetValue(vrf, out var state) ? state.Table(family) : null;

    private PeerFamily? Find(int peer, Family family)
    {
        if (last?.Facts.Id != peer && !byId.TryGetValue(peer, out last)) return null;
        return last!.Of(family);
    }

    private void Drop(PeerFamily from, int slot, int at, int previous)
    {
        var wasTaken = Routes[at].Out != 0;
        if ((Routes[at].Flags & RouteFlags.Stale) != 0) from.Stale--;
        from.Table.Remove(slot, at, previous);
        from.Routes--;
        if (wasTaken) Accept(from, from.Table.Nlri(slot), -1);
        from.Table.Touch(slot);
    }

    private void TouchWhere(RibTable table, Func<int, bool> isConcerned, PrefixFlags how = PrefixFlags.None)
    {
        for (var slot = 1; slot < table.Top; slot++)
        {
            if (!table.IsUsed(slot)) continue;
            for (var at = table[slot].Routes; at != 0; at = Routes[at].Next)
            {
                if (!isConcerned(at)) continue;
                table.Touch(slot, how);
                break;
            }
        }
    }
}
