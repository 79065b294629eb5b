using Appliance.Policy;
using Appliance.Shared;
using Appliance.SlowPath.Sas;

namespace Appliance.SlowPath.Tables;

/// <summary>
/// Brings the region to what Policy says, touching only what differs; also what an earlier slow path left there. In this order, so that at no moment something is open:
/// 1. ports and addresses, 2. adjacencies, tunnels and next hops (nothing names the new ones yet), 3. the SPD, 4. routes: what discards or protects first, removals last,
/// 5. SAs are pointed to their adjacency and MTU, those of tunnels that are gone are retired, 6. what nothing names any more is retired.
/// </summary>
internal sealed class TableWriter
{
    private readonly Region region;
    private readonly RouteTables routes;
    private readonly PortWriter ports;
    private readonly AdjacencyWriter adjacencies;
    private readonly NextHopWriter nextHops;
    private readonly TunnelWriter tunnels;
    private readonly SpdWriter spd;
    private Dictionary<IpPrefix, NextHop>? written;

    public TableWriter(Region region, Quiescence quiescence)
    {
        this.region = region;
        routes = new RouteTables(region, quiescence);
        ports = new PortWriter(region);
        adjacencies = new AdjacencyWriter(region, quiescence);
        nextHops = new NextHopWriter(region, quiescence);
        tunnels = new TunnelWriter(region, quiescence);
        var rules = new SlotRanges(region.Counts.SpdRules, quiescence);
        spd = new SpdWriter(region, rules);
        Sas = new SaStore(region, quiescence, rules);
        tunnels.Adopt();
        adjacencies.Adopt();
        nextHops.Adopt(tunnels.NameOf);
        Sas.Adopt(tunnels.NameOf);
    }

    /// <summary>The SAD.</summary>
    public SaStore Sas { get; }

    /// <summary>What was applied last.</summary>
    public TableContents Contents { get; private set; } = new();

    /// <summary>Names and slots of tunnels.</summary>
    public IReadOnlyDictionary<string, uint> TunnelSlots => tunnels.Slots;

    /// <summary>Name of the tunnel in a slot.</summary>
    public string? TunnelOf(uint slot) => tunnels.NameOf(slot);

    /// <summary>Slot of a tunnel's adjacency.</summary>
    public uint AdjacencyOf(TunnelContents tunnel) => adjacencies.SlotOf(tunnel.Path);

    /// <summary>Applies the contents. Returns what did not fit, one sentence each.</summary>
    public IReadOnlyList<string> Apply(TableContents wanted)
    {
        var problems = new List<string>();
        var (replaced, orphans) = (new List<uint>(), new List<uint>());
        ports.Write(wanted.Ports);
        ports.WriteAddresses(wanted.LocalAddresses);
        if (!adjacencies.Write(wanted.Adjacencies, replaced)) problems.Add("no room for all neighbours: raise region: adjacencies");
        if (!tunnels.Write(wanted.Tunnels, orphans)) problems.Add("no room for all tunnels: raise region: tunnels");
        var hops = wanted.Routes.Values.ToHashSet();
        var known = hops.Where(h => h.Tunnel is null || tunnels.Slots.ContainsKey(h.Tunnel)).OrderByDescending(h => h.Protected);
        if (!nextHops.Write(known, TunnelSlot, adjacencies.SlotOf)) problems.Add("no room for all next hops: raise region: next_hops");
        if (!spd.Write(wanted.Rules, TunnelSlot)) problems.Add("the new SPD could not be written yet (no room, or a worker still reads the list before the last)");
        if (!WriteRoutes(wanted.Routes)) problems.Add("no room for all routes: raise region: ipv4_groups or ipv6_nodes");
        Refresh(wanted);
        foreach (var orphan in orphans)
            foreach (var sa in Sas.OfTunnel(orphan).ToList())
                Sas.Retire(sa);
        nextHops.Sweep(hops);
        adjacencies.Sweep(wanted.Adjacencies, replaced);
        tunnels.Retire(orphans);
        Contents = wanted;
        return problems;
    }

    /// <summary>Applies the change of one tunnel, in the same order. False when there is no room for it: the next <see cref="Apply(TableContents)"/> says for what.</summary>
    public bool Apply(TunnelChange change)
    {
        var room = true;
        var (replaced, orphans) = (new List<uint>(), new List<uint>());
        if (change.After is { Path: { } path } && adjacencies.SlotOf(path) == AdjacencyWriter.None && Contents.Adjacencies.TryGetValue(path, out var adjacency))
            room &= adjacencies.Write(new Dictionary<AdjacencyKey, Adjacency> { [path] = adjacency }, replaced);
        if (change.After is { } tunnel) room &= tunnels.Write(tunnel, orphans);
        else if (tunnels.Remove(change.Name) is { } gone) orphans.Add(gone);
        foreach (var (prefix, hop) in change.Routes.OrderByDescending(r => r.Hop is { Protected: true }))
        {
            if (hop is not { } wanted)
            {
                _ = routes.Remove(prefix.Address, prefix.Length);
                written?.Remove(prefix);
            }
            else if (nextHops.Write([wanted], TunnelSlot, adjacencies.SlotOf) && routes.Set(prefix.Address, prefix.Length, nextHops.SlotOf(wanted)) != RouteChange.Full)
            {
                if (written is not null) written[prefix] = wanted;
            }
            else
            {
                room = false;
            }
        }

        if (change.After is { } after && tunnels.Slots.TryGetValue(after.Name, out var slot)) Refresh(after, Sas.OfTunnel(slot));
        foreach (var orphan in orphans)
            foreach (var sa in Sas.OfTunnel(orphan).ToList())
                Sas.Retire(sa);
        if (change.After is null) nextHops.Remove(NextHop.Into(change.Name));
        tunnels.Retire(orphans);
        return room;
    }

    /// <summary>A rule whose tunnel has no slot names one that can never be.</summary>
    private uint TunnelSlot(string name) => tunnels.Slots.TryGetValue(name, out var slot) ? slot : uint.MaxValue - 1;

    private bool WriteRoutes(IReadOnlyDictionary<IpPrefix, NextHop> wanted)
    {
        var placed = wanted.Where(r => nextHops.Has(r.Value)).ToDictionary(r => r.Key, r => r.Value);
        var room = placed.Count == wanted.Count;
        if (written is null)
        {
            room &= routes.Load(placed.Select(r => new Route(r.Key.Address, (byte)r.Key.Length, nextHops.SlotOf(r.Value))).ToList()).Count == 0;
        }
        else
        {
            foreach (var (prefix, hop) in placed.Where(r => !written.TryGetValue(r.Key, out var old) || old != r.Value).OrderByDescending(r => r.Value.Protected))
                room &= routes.Set(prefix.Address, prefix.Length, nextHops.SlotOf(hop)) != RouteChange.Full;
            foreach (var prefix in written.Keys.Where(p => !placed.ContainsKey(p))) _ = routes.Remove(prefix.Address, prefix.Length);
        }

        written = placed;
        return room;
    }

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
