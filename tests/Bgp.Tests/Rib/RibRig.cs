using System.Net;

namespace Appliance.Bgp.Tests;

/// <summary>A RIB with neighbours, written short. Next hops are reachable unless a test says otherwise; what each neighbour was told is kept as it would keep it.</summary>
internal sealed class RibRig
{
    public const uint OurAs = 65000;

    public static readonly IRoutePolicy Everything = new Policy("everything", (_, _, a) => a);

    private readonly Dictionary<(string Vrf, Family, Prefix), BestPaths> best = [];
    private readonly Dictionary<(int Peer, Family, Nlri), PathAttributes> told = [];
    private readonly Dictionary<IPAddress, (bool IsReachable, uint Metric)> hops = [], ends = [];

    public RibRig(BgpConfiguration? configuration = null) => Rib.Configure(configuration ?? new BgpConfiguration { LocalAs = OurAs, RouterId = 0x0a00_0001 });

    public Rib Rib { get; } = new();

    /// <summary>Everything said, in order: "1 announce ipv4 10.0.0.0/8".</summary>
    public List<string> Said { get; } = [];

    public List<ExportBatch> Batches { get; } = [];

    /// <summary>Ends of tunnels that were asked about.</summary>
    public List<string> Watched { get; } = [];

    public static uint Id(string address) => (uint)IPAddress.NetworkToHostOrder(BitConverter.ToInt32(IPAddress.Parse(address).GetAddressBytes()));

    public static RibPeer Peer(int id, uint remoteAs, string? address = null, params RibFamily[] families) => new()
    {
        Id = id,
        Name = $"p{id}",
        RemoteAs = remoteAs,
        LocalAs = OurAs,
        RouterId = Id(address ?? $"192.0.2.{id}"),
        Address = IPAddress.Parse(address ?? $"192.0.2.{id}"),
        LocalAddress = IPAddress.Parse("192.0.2.254"),
        Families = families.Length > 0 ? families : [Open(Family.Ipv4Unicast)],
    };

    public static RibFamily Open(Family family) => new() { Family = family, Import = Everything, Export = Everything };

    public static PathAttributes Attributes(string nextHop, params uint[] path) =>
        new() { NextHop = IPAddress.Parse(nextHop), AsPath = path.Length == 0 ? [] : [new AsSegment(2, path)] };

    public static Prefix P(string text) => Prefix.TryParse(text, out var prefix) ? prefix : throw new FormatException(text);

    public void Add(RibPeer peer)
    {
        Rib.SetPeer(peer);
        foreach (var family in peer.Families) Rib.StartExport(peer.Id, family.Family);
        Settle();
    }

    public void Update(int peer, string prefix, PathAttributes attributes, uint pathId = 0)
    {
        Assert.True(Rib.Update(peer, FamilyOf(prefix), new Nlri(P(prefix), PathId: pathId), attributes));
        Settle();
    }

    public void Withdraw(int peer, string prefix, uint pathId = 0)
    {
        Rib.Withdraw(peer, FamilyOf(prefix), new Nlri(P(prefix), PathId: pathId));
        Settle();
    }

    public void Reachable(string hop, bool isReachable, uint metric = 0)
    {
        var address = IPAddress.Parse(hop);
        hops[address] = (isReachable, metric);
        Rib.NextHops([(address, isReachable, metric)]);
        Settle();
    }

    public void EndReachable(string end, bool isReachable, uint metric = 0)
    {
        var address = IPAddress.Parse(end);
        ends[address] = (isReachable, metric);
        Rib.NextHops([(address, isReachable, metric)], isEgress: true);
        Settle();
    }

    public void Settle()
    {
        var changes = new List<BestRoutesChanged>();
        var added = new List<IPAddress>();
        do
        {
            added.Clear();
            Rib.TakeNextHops(added, []);
            Rib.NextHops([.. added.Select(a => hops.TryGetValue(a, out var hop) ? (a, hop.IsReachable, hop.Metric) : (a, true, 0u))]);
            var egress = new List<IPAddress>();
            Rib.TakeNextHops(egress, [], isEgress: true);
            Watched.AddRange(egress.Select(e => e.ToString()));
            Rib.NextHops([.. egress.Select(a => ends.TryGetValue(a, out var end) ? (a, end.IsReachable, end.Metric) : (a, true, 0u))], isEgress: true);
            added.AddRange(egress);
            while (Rib.Settle(100, changes))
            {
            }
        }
        while (added.Count > 0);
        foreach (var batch in changes)
        {
            foreach (var change in batch.Changes)
            {
                if (change.Paths == null) Assert.True(best.Remove((batch.Vrf, batch.Family, change.Prefix)), "a route that was not there went");
                else best[(batch.Vrf, batch.Family, change.Prefix)] = change.Paths;
            }
        }
    }

    public BestPaths? Best(string prefix, string vrf = "") => best.GetValueOrDefault((vrf, FamilyOf(prefix), P(prefix)));

    /// <summary>Names of the neighbours of the best paths.</summary>
    public string[] BestOf(string prefix, string vrf = "") => [.. Best(prefix, vrf)?.Paths.Select(p => p.Neighbor) ?? []];

    public int BestCount => best.Count;

    public IEnumerable<(string Vrf, Prefix Prefix, BestPaths Paths)> AllBest() => best.Select(b => (b.Key.Vrf, b.Key.Item3, b.Value));

    /// <summary>Takes what is to be said, and keeps it as the neighbour would.</summary>
    public void Exchange(params int[] peers)
    {
        foreach (var peer in peers)
        {
            while (Some(peer))
            {
            }

            Assert.False(Rib.HasExport(peer));
        }
    }

    /// <summary>Takes one batch.</summary>
    public bool Some(int peer)
    {
        if (!Rib.TryNextExport(peer, out var batch)) return false;
        Batches.Add(batch with { Nlri = batch.Nlri.ToArray() });
        if (batch.Nlri.IsEmpty) Said.Add($"{peer} {batch.Kind} {batch.Family}");
        foreach (var nlri in batch.Nlri.Span)
        {
            Said.Add($"{peer} {batch.Kind} {nlri.ToText(batch.Family)}");
            var key = (peer, batch.Family, nlri with { Label = 0 });
            if (batch.Kind == ExportKind.Announce) told[key] = batch.Attributes!;
            else Assert.True(told.Remove(key), $"{peer}: {nlri.ToText(batch.Family)} is withdrawn but was never announced");
        }

        return true;
    }

    public PathAttributes? Told(int peer, string prefix, uint pathId = 0) => Told(peer, FamilyOf(prefix), new Nlri(P(prefix), PathId: pathId));

    public PathAttributes? Told(int peer, Family family, Nlri nlri) => told.GetValueOrDefault((peer, family, nlri));

    public IEnumerable<(Nlri Nlri, PathAttributes Attributes)> ToldTo(int peer, Family family) => told.Where(t => t.Key.Peer == peer && t.Key.Item2 == family).Select(t => (t.Key.Item3, t.Value));

    public void Forget(int peer)
    {
        foreach (var key in told.Keys.Where(k => k.Peer == peer).ToArray()) told.Remove(key);
    }

    private static Family FamilyOf(string prefix) => prefix.Contains(':', StringComparison.Ordinal) ? Family.Ipv6Unicast : Family.Ipv4Unicast;

    internal sealed class Policy(string name, Func<Nlri, PolicySession, PathAttributes, PathAttributes?> answer, bool dependsOnPrefix = false) : IRoutePolicy
    {
        public string Name => name;

        public bool DependsOnPrefix => dependsOnPrefix;

        public PathAttributes? Apply(PolicySession session, Family family, in Nlri nlri, PathAttributes attributes) => answer(nlri, session, attributes);
    }
}
