using System.Net;
using Appliance.Bgp;

namespace Appliance.SlowPath.Tests.Configuration;

/// <summary>Route policies as the file says them, asked with routes.</summary>
public sealed class RoutePolicyFileTests : IDisposable
{
    private const string Everything = """
        bgp:
          as: 65001
          router_id: 192.0.2.1
          prefix_lists:
            - { name: customers, prefixes: [not 10.66.0.0/16 le 32, 10.0.0.0/8 ge 16 le 24, "2001:db8::/32 le 48"] }
          as_path_lists:
            - { name: transit, patterns: ["not _64666_", "^64496_"] }
          policies:
            - name: in
              terms:
                - match: { as_path: ["_64666_", "_23456_"] }
                  then: reject
                - { match: { communities: [65001:666, blackhole] }, set: { communities: { add: [no-export], remove: ["65001:*"] } }, then: next }
                - match: { prefix_list: customers, as_path_list: transit, family: [ipv4, ipv6], neighbor: [transit, 203.0.113.0/24], origin: [igp, incomplete], med: 0-100, as_path_length: 1-5 }
                  set: { local_pref: 200, med: none, origin: egp, prepend: 2, communities: { replace: [65001:1] }, extended_communities: { add: [rt:65001:1] }, large_communities: { add: ["65001:1:1"] } }
                  then: accept
                - { match: { security_gateway: 192.0.2.0/24, local_pref: 100 }, then: accept }
                - { match: { security_gateway: false, large_communities: ["65001:9:*"], next_hop: 198.51.100.1 }, set: { prepend: [64496, 64497], next_hop: 198.51.100.9 }, then: accept }
                - { match: { all_communities: [65001:1, 65001:2], extended_communities: ["rt:65001:*"] }, then: accept }
            - name: out
              default: accept
              terms:
                - { match: { prefixes: 10.99.0.0/16 }, then: reject }
                - { match: { med: 7, security_gateway: true }, set: { next_hop: self }, then: accept }
          neighbors:
            - { name: transit, address: 198.51.100.1, as: 64496, families: { ipv4: { import: in, export: out } } }

        """;

    private static readonly PolicySession Session = new("transit", IPAddress.Parse("198.51.100.1"), 64496, 65001, IPAddress.Parse("192.0.2.1"), true);
    private readonly PeerFiles files = new();
    private readonly FamilyConfiguration family;

    public RoutePolicyFileTests()
    {
        var loaded = files.Good(Everything);
        Assert.Empty(loaded.Warnings);
        family = loaded.Bgp!.Neighbors[0].Families[0];
    }

    public void Dispose() => files.Dispose();

    private static PathAttributes Path(params uint[] ases) => new() { AsPath = [new AsSegment(2, ases)], NextHop = IPAddress.Parse("198.51.100.1"), Med = 10 };

    private PathAttributes? In(string prefix, PathAttributes attributes)
    {
        Assert.True(Prefix.TryParse(prefix, out var parsed));
        return family.Import!.Apply(Session, Family.Ipv4Unicast, new Nlri(parsed), attributes);
    }

    [Fact]
    public void NamesAndWhetherTheyDependOnPrefixes()
    {
        Assert.Equal(("in", true, "out", true), (family.Import!.Name, family.Import.DependsOnPrefix, family.Export!.Name, family.Export.DependsOnPrefix));
    }

    [Fact]
    public void ATermWithManyConditionsAndChanges()
    {
        var taken = In("10.1.0.0/16", Path(64496, 64500));
        Assert.Equal((200u, null, Origin.Egp), (taken!.LocalPref, taken.Med, taken.Origin));
        Assert.Equal([65001u, 65001, 64496, 64500], taken.AsPath[0].Ases);
        Assert.Equal([0xFDE90001u], taken.Communities);
        Assert.Equal([0x0002_FDE9_0000_0001u], taken.ExtendedCommunities);
        Assert.Equal([new LargeCommunity(65001, 1, 1)], taken.LargeCommunities);
    }

    [Theory]
    [InlineData("10.1.0.0/16", new uint[] { 64496, 64666 })]
    [InlineData("10.66.0.0/16", new uint[] { 64496 })]
    [InlineData("10.0.0.0/8", new uint[] { 64496 })]
    [InlineData("10.1.0.0/16", new uint[] { 64500 })]
    [InlineData("10.1.0.0/16", new uint[] { 64496, 1, 2, 3, 4, 5 })]
    public void WhatNoTermTakesIsRejected(string prefix, uint[] path) => Assert.Null(In(prefix, Path(path)));

    [Fact]
    public void TermsBehind()
    {
        var gateway = new PathAttributes(Path(1)) { ExtendedCommunities = [0x035e_0000_c000_0207], LocalPref = 100 };
        Assert.Same(gateway, In("172.16.0.0/12", gateway));
        Assert.Null(In("172.16.0.0/12", new PathAttributes(gateway) { ExtendedCommunities = [0x035e_0000_c000_0307] }));
        var large = new PathAttributes(Path(1)) { LargeCommunities = [new LargeCommunity(65001, 9, 5)] };
        Assert.Equal((IPAddress.Parse("198.51.100.9"), 3), (In("172.16.0.0/12", large)!.NextHop, In("172.16.0.0/12", large)!.AsPath[0].Ases.Length));
        Assert.Null(In("172.16.0.0/12", new PathAttributes(large) { ExtendedCommunities = [0x435e_0000_c000_0307] }));
        var marked = new PathAttributes(Path(1)) { Communities = [0xFDE90001, 0xFDE90002], ExtendedCommunities = [0x0002_FDE9_0000_0007] };
        Assert.Same(marked, In("172.16.0.0/12", marked));
        Assert.Null(In("172.16.0.0/12", new PathAttributes(marked) { Communities = [0xFDE90001] }));
        Assert.Null(In("172.16.0.0/12", new PathAttributes(marked) { Communities = [0xFDE90001, 0xFDE90002, 0xFDE9029A] }));
    }

    [Fact]
    public void TheExportPolicy()
    {
        PathAttributes? Out(string prefix, PathAttributes attributes) => family.Export!.Apply(Session, Family.Ipv4Unicast, new Nlri(Prefix.TryParse(prefix, out var p) ? p : default), attributes);
        Assert.Null(Out("10.99.0.0/16", Path(1)));
        Assert.NotNull(Out("10.99.0.0/17", Path(1)));
        Assert.Equal(IPAddress.Any, Out("10.98.0.0/16", new PathAttributes(Path(1)) { Med = 7, ExtendedCommunities = [0x435e_0000_c000_0307] })!.NextHop);
    }

    [Fact]
    public void AReloadFindsWhatNobodyChangedEqual()
    {
        var again = files.Good("\n" + Everything).Bgp!.Neighbors[0].Families[0];
        Assert.Equal(family, again);
        var other = files.Good(Everything.Replace("ge 16 le 24", "ge 16 le 25", StringComparison.Ordinal)).Bgp!.Neighbors[0].Families[0];
        Assert.NotEqual(family.Import, other.Import);
        Assert.Equal(family.Export, other.Export);
        Assert.NotEqual(family.Export, files.Good(Everything.Replace("med: 7", "med: 8", StringComparison.Ordinal)).Bgp!.Neighbors[0].Families[0].Export);
    }
}
