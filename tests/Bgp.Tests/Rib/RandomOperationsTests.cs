using System.Net;

namespace Appliance.Bgp.Tests;

/// <summary>Thousands of random operations: best paths and what each neighbour was told are what the reference computes from scratch; nothing is left when all is gone.</summary>
public sealed class RandomOperationsTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    public void UnicastIsAsTheReferenceSays(int seed) => new RandomRun(seed, false).Go(700);

    [Theory]
    [InlineData(11)]
    [InlineData(12)]
    [InlineData(13)]
    [InlineData(14)]
    [InlineData(15)]
    [InlineData(16)]
    public void VpnIsAsTheReferenceSays(int seed) => new RandomRun(seed, true).Go(500);

    [Theory]
    [InlineData(21, false)]
    [InlineData(22, true)]
    public void TheSameOperationsSayTheSameInTheSameOrder(int seed, bool isVpn) => Assert.Equal(new RandomRun(seed, isVpn).Go(300), new RandomRun(seed, isVpn).Go(300));
}

/// <summary>One run of random operations on a RIB and on the reference.</summary>
internal sealed class RandomRun
{
    private static readonly ulong[] Targets = [ExtendedCommunity.RouteTarget(65000, 1), ExtendedCommunity.RouteTarget(65000, 2), ExtendedCommunity.RouteTarget(65000, 3)];
    private static readonly ulong Gateway = ExtendedCommunity.SecurityGateway(0x5E, 0xc0000201);
    private static readonly string[] Names = ["red", "blue"];
    private readonly Random random;
    private readonly bool isVpn;
    private readonly RibRig rig;
    private readonly ReferenceRib reference = new();
    private readonly string[] hops = ["198.51.100.1", "198.51.100.2", "198.51.100.3", "192.0.2.2"];

    public RandomRun(int seed, bool isVpn)
    {
        random = new Random(seed);
        this.isVpn = isVpn;
        rig = new RibRig(Configuration());
        reference.Configuration = rig.Rib.Configuration;
        foreach (var hop in hops) reference.Hops[IPAddress.Parse(hop)] = (true, 0);
        for (var id = 1; id <= 7; id++) Up(Peer(id));
    }

    private bool Chance(int of) => random.Next(of) == 0;

    private T Pick<T>(params ReadOnlySpan<T> from) => from[random.Next(from.Length)];

    public List<string> Go(int operations)
    {
        for (var i = 0; i < operations; i++)
        {
            Operate();
            if (i % 5 == 4) Compare($"after operation {i}");
        }

        foreach (var id in reference.Peers.Keys.ToArray())
        {
            rig.Rib.RemovePeer(id);
            rig.Forget(id);
        }

        rig.Rib.Configure(new BgpConfiguration { LocalAs = RibRig.OurAs, RouterId = rig.Rib.Configuration.RouterId });
        foreach (var (vrf, family, prefix) in reference.Own.Keys) rig.Rib.WithdrawOwn(vrf, family, prefix);
        rig.Settle();
        Assert.Equal((0, 0, 0), (rig.Rib.RouteCount, rig.Rib.AttributeSetCount, rig.BestCount));
        Assert.All(rig.Rib.Tables(), t => Assert.Equal(0, t.Prefixes));
        return rig.Said;
    }

    private void Operate()
    {
        var id = random.Next(1, 8);
        var peer = reference.Peers[id];
        var family = peer.Families[random.Next(peer.Families.Count)].Family;
        switch (random.Next(isVpn ? 26 : 24))
        {
            case < 9:
                Update(peer, family);
                break;
            case < 13:
                var key = Key(peer, family);
                rig.Rib.Withdraw(id, family, key with { Label = 7 });
                reference.Received.Remove((id, family, key));
                break;
            case 13:
                Down(peer, false);
                break;
            case 14:
                Down(peer, true);
                break;
            case 15 or 16:
                if (!reference.Up.Contains(id)) Up(Peer(id) with { Vrf = peer.Vrf });
                break;
            case 17:
                Sweep(id, family);
                break;
            case 18:
                Up(Peer(id), reference.Up.Contains(id));
                break;
            case 19:
                var hop = Pick<string>(hops);
                var isReachable = !Chance(3);
                var metric = (uint)random.Next(3);
                rig.Reachable(hop, isReachable, metric);
                reference.Hops[IPAddress.Parse(hop)] = (isReachable, isReachable ? metric : 0);
                break;
            case 20:
                rig.Rib.Configure(reference.Configuration = Configuration());
                break;
            case 21 or 22:
                Own();
                break;
            case 23:
                if (reference.Up.Contains(id)) rig.Rib.Refresh(id, family);
                break;
            default:
                rig.Rib.MarkStale(id, family);
                foreach (var stale in reference.Received.Keys.Where(k => k.Peer == id && k.Family == family).ToArray()) reference.Received[stale] = reference.Received[stale] with { Stale = true };
                break;
        }

        if (Chance(2)) rig.Settle();
        if (Chance(3)) rig.Some(random.Next(1, 8));
    }

    private void Update(RibPeer peer, Family family)
    {
        if (!reference.Up.Contains(peer.Id)) return;
        var key = Key(peer, family);
        var label = family.IsVpn ? (uint)random.Next(16, 19) : 0;
        var attributes = Attributes(peer, family);
        rig.Rib.Update(peer.Id, family, key with { Label = label }, attributes);
        reference.Received[(peer.Id, family, key)] = (attributes, label, false);
    }

    private void Down(RibPeer peer, bool keepStale)
    {
        if (!reference.Up.Remove(peer.Id)) return;
        foreach (var family in peer.Families)
        {
            rig.Rib.PeerDown(peer.Id, family.Family, keepStale);
            foreach (var key in reference.Received.Keys.Where(k => k.Peer == peer.Id && k.Family == family.Family).ToArray())
            {
                if (!keepStale || reference.Received[key].Stale) reference.Received.Remove(key);
                else reference.Received[key] = reference.Received[key] with { Stale = true };
            }
        }

        rig.Forget(peer.Id);
        if (keepStale || !Chance(2)) return;
        rig.Rib.RemovePeer(peer.Id);
    }

    private void Up(RibPeer peer, bool isThere = false)
    {
        if (!isThere && reference.Up.Contains(peer.Id)) return;
        if (!isThere && !reference.Peers.ContainsKey(peer.Id)) reference.Peers[peer.Id] = peer;
        rig.Rib.SetPeer(peer);
        reference.Peers[peer.Id] = peer;
        if (isThere || (!reference.Up.Contains(peer.Id) && reference.Peers.Count == 7 && Chance(3))) return;
        reference.Up.Add(peer.Id);
        foreach (var family in peer.Families) rig.Rib.StartExport(peer.Id, family.Family);
    }

    private void Sweep(int id, Family family)
    {
        rig.Rib.SweepStale(id, family);
        foreach (var key in reference.Received.Where(r => r.Key.Peer == id && r.Key.Family == family && r.Value.Stale).Select(r => r.Key).ToArray()) reference.Received.Remove(key);
    }

    private void Own()
    {
        var vrf = isVpn && Chance(2) ? Pick<string>(Names) : "";
        var prefix = Prefix();
        if (Chance(2))
        {
            rig.Rib.WithdrawOwn(vrf, Family.Ipv4Unicast, prefix);
            reference.Own.Remove((vrf, Family.Ipv4Unicast, prefix));
            return;
        }

        var attributes = new PathAttributes { Med = Chance(2) ? 7 : null };
        if (rig.Rib.Originate(vrf, new OriginatedRoute(Family.Ipv4Unicast, prefix, attributes))) reference.Own[(vrf, Family.Ipv4Unicast, prefix)] = attributes;
    }

    private Prefix Prefix() => RibRig.P(Pick("10.0.0.0/8", "10.1.0.0/16", "10.2.0.0/16", "10.2.3.0/24", "0.0.0.0/0", "203.0.113.1/32"));

    private Nlri Key(RibPeer peer, Family family)
    {
        if (family == Family.RouteTarget) return new Nlri(Chance(8) ? default : RouteTargets.Membership(65000, Pick<ulong>(Targets)));
        return new Nlri(Prefix(), family.IsVpn ? (ulong)random.Next(101, 103) : 0, 0, !family.IsVpn && peer.Id is 3 or 6 ? (uint)random.Next(3) : 0);
    }

    private PathAttributes Attributes(RibPeer peer, Family family)
    {
        var first = peer.IsExternal ? peer.RemoteAs : Pick<uint>(65001u, 65002, 64999);
        uint[] path = Chance(4) && !peer.IsExternal ? [] : [first, .. Enumerable.Range(0, random.Next(2)).Select(_ => Pick<uint>(64999u, 64998, 65001, RibRig.OurAs))];
        return new PathAttributes
        {
            Origin = (Origin)random.Next(2),
            AsPath = path.Length == 0 ? [] : Chance(6) ? [new AsSegment(2, path), new AsSegment(1, [1, 2])] : [new AsSegment(2, path)],
            NextHop = IPAddress.Parse(Chance(20) ? "192.0.2.254" : Pick<string>(hops)),
            // A MED orders routes only against some others, so that VRFs and VPN together need not settle.
            Med = !isVpn && Chance(2) ? (uint)random.Next(3) : null,
            LocalPref = Chance(3) ? (uint)random.Next(99, 102) : null,
            Communities = Chance(6) ? [Pick<uint>(0xffffff01u, 0xffffff02, 0xffffff03, 0x00010001)] : [],
            ExtendedCommunities = [.. (family.IsVpn || Chance(8) ? new[] { Pick<ulong>(Targets) } : []), .. (Chance(4) ? new[] { Gateway } : []), .. (Chance(8) ? new[] { 0x4306_0000_0000_0001ul } : [])],
            OriginatorId = !peer.IsExternal && Chance(4) ? Pick(RibRig.Id("10.0.0.1"), 5u, 900u) : null,
            ClusterList = !peer.IsExternal && Chance(4) ? [.. Enumerable.Range(0, random.Next(1, 3)).Select(_ => Pick(RibRig.Id("10.0.0.1"), 77u, 78u))] : [],
        };
    }

    private BgpConfiguration Configuration() => new()
    {
        LocalAs = RibRig.OurAs,
        RouterId = RibRig.Id("10.0.0.1"),
        ExternalPaths = random.Next(1, 4),
        InternalPaths = random.Next(1, 3),
        MultipathRelax = Chance(2),
        AlwaysCompareMed = Chance(2),
        Vrfs = !isVpn ? [] : [.. Names.Select((name, n) => new VrfConfiguration
        {
            Name = name,
            RouteDistinguisher = (ulong)(n + 1) * 10 + (ulong)random.Next(2),
            Import = [.. Targets.Where(_ => Chance(2))],
            Export = [.. Targets.Where(_ => Chance(2))],
            Label = (uint)random.Next(16, 18),
        })],
    };

    private RibPeer Peer(int id)
    {
        var inVrf = isVpn && id is 1 or 2 or 4 && isVpn;
        var peer = RibRig.Peer(id, id switch { 1 => 65001, 2 => 65002, 3 => 65001, 4 => isVpn && Chance(2) ? RibRig.OurAs : 65002, _ => RibRig.OurAs }, null, [.. Families(id, inVrf)]);
        return peer with
        {
            Vrf = !inVrf ? "" : id == 2 ? "blue" : "red",
            RouterId = (uint)(900 + id / 2),
            ReflectorClient = id == 5 || (id == 6 && Chance(2)),
            AllowOwnAs = id == 1 && Chance(4) ? 1 : 0,
            AsOverride = id == 2 && Chance(2),
            TakesSecurityGateways = id != 1 || Chance(2),
        };
    }

    private IEnumerable<RibFamily> Families(int id, bool inVrf)
    {
        var isExternal = id <= 4;
        var unicast = new RibFamily
        {
            Family = Family.Ipv4Unicast, Import = Policy(isExternal), Export = Policy(isExternal), AddPathSend = id is 6 or 3 ? 2 : 0, NextHopSelf = id == 7 || (id == 5 && Chance(2)),
        };
        yield return unicast;
        if (!isVpn || inVrf) yield break;
        yield return unicast with { Family = Family.Vpnv4, AddPathSend = 0 };
        if (id is 5 or 6 or 7) yield return new RibFamily { Family = Family.RouteTarget };
    }

    private IRoutePolicy? Policy(bool isExternal) => random.Next(8) switch
    {
        0 => null,
        1 => NotTen,
        2 => Prefers,
        3 => HopAndMed,
        _ => isExternal ? RibRig.Everything : null,
    };

    private static readonly RibRig.Policy NotTen = new("not 10.2/16", (n, _, a) => n.Prefix.High >> 48 == 0x0a02 ? null : a, true);
    private static readonly RibRig.Policy Prefers = new("prefers", (n, _, a) => n.Prefix.Length == 16 ? new PathAttributes(a) { LocalPref = 150 } : a, true);
    private static readonly RibRig.Policy HopAndMed = new("hop and MED", (_, _, a) => a.Communities.Length > 0 ? new PathAttributes(a) { NextHop = IPAddress.Parse("198.51.100.3"), Med = 9 } : a);

    private void Compare(string when)
    {
        rig.Settle();
        rig.Exchange([.. reference.Up]);
        var tables = reference.Compute();
        var expected = tables.Values.Where(t => t.Family == Family.Ipv4Unicast).SelectMany(t => t.Routes.Select(r => (t.Vrf, r.Key.Prefix, Best: reference.Best(r.Value)))).Where(r => r.Best.Count > 0)
            .Select(r => $"{r.Vrf} {r.Prefix.ToText(Family.Ipv4Unicast)}: {string.Join(" | ", r.Best.Select(b => $"{(b.Peer == 0 ? "" : $"p{b.Peer}")} {Text(b.Attributes)}"))}").Order(StringComparer.Ordinal);
        var actual = rig.AllBest().Select(b => $"{b.Vrf} {b.Prefix.ToText(Family.Ipv4Unicast)}: {string.Join(" | ", b.Paths.Paths.Select(p => $"{p.Neighbor} {Text(p.Attributes)}"))}").Order(StringComparer.Ordinal);
        Same(expected, actual, $"best paths {when}");
        var export = new ReferenceExport(reference, tables);
        foreach (var id in reference.Up.Order())
        {
            foreach (var family in reference.Peers[id].Families)
            {
                var wanted = export.To(id, family).SelectMany(t => t.Value.Select(a => $"{t.Key.ToText(family.Family)} {Text(a)}")).Order(StringComparer.Ordinal);
                var told = rig.ToldTo(id, family.Family).Select(t => $"{(t.Nlri with { PathId = 0 }).ToText(family.Family)} {Text(t.Attributes)}").Order(StringComparer.Ordinal);
                Same(wanted, told, $"told to {id} of {family.Family} {when}");
            }
        }
    }

    private static string Text(PathAttributes a) => $"{a.Origin} [{AsPaths.ToText(a.AsPath)}] via {a.NextHop} med {a.Med} pref {a.LocalPref} com {string.Join(',', a.Communities)} ext "
        + $"{string.Join(',', a.ExtendedCommunities.Select(c => c.ToString("x16")))} from {a.OriginatorId} through {string.Join(',', a.ClusterList)}";

    private static void Same(IEnumerable<string> expected, IEnumerable<string> actual, string what)
    {
        var (a, b) = (expected.ToList(), actual.ToList());
        Assert.True(a.SequenceEqual(b), $"{what}\nonly expected:\n{string.Join('\n', a.Except(b))}\nonly there:\n{string.Join('\n', b.Except(a))}");
    }
}
