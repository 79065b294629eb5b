using System.Net;
using Appliance.Bgp;

namespace Appliance.SlowPath.Tests.Configuration;

/// <summary><c>bgp:</c> as the file says it.</summary>
public sealed class BgpTests : IDisposable
{
    private readonly PeerFiles files = new();

    public void Dispose() => files.Dispose();

    private BgpConfiguration Read(string text) => files.Good(text).Bgp!;

    [Fact]
    public void WithoutTheSectionNobodySpeaksBgp() => Assert.Null(files.Good("").Bgp);

    [Fact]
    public void AFewLinesAreEnough()
    {
        var loaded = files.Good("bgp: { as: 65001, router_id: 192.0.2.1, networks: [10.1.0.0/16], neighbors: [{ address: 192.0.2.2, as: 65001 }] }\n");
        Assert.Empty(loaded.Warnings);
        var bgp = loaded.Bgp!;
        Assert.Equal((65001u, 0xC0000201u, 0u, 179), (bgp.LocalAs, bgp.RouterId, bgp.ClusterId, bgp.ListenPort));
        Assert.Equal((1, 1, false, false, 120, 60, (byte)0x5e), (bgp.ExternalPaths, bgp.InternalPaths, bgp.MultipathRelax, bgp.AlwaysCompareMed, bgp.RestartSeconds, bgp.DeferralSeconds, bgp.SecurityGatewaySubType));
        var neighbor = Assert.Single(bgp.Neighbors);
        Assert.Equal(("192.0.2.2", IPAddress.Parse("192.0.2.2"), 65001u, 179), (neighbor.Name, neighbor.Address, neighbor.RemoteAs, neighbor.Port));
        Assert.Equal((90, 10, false, true, true, true), (neighbor.HoldSeconds, neighbor.ConnectRetrySeconds, neighbor.Passive, neighbor.ExtendedMessages, neighbor.GracefulRestart, neighbor.TakesSecurityGateways));
        Assert.Equal((64, 0), (neighbor.Transport.Ttl, neighbor.Transport.MinimumTtl));
        Assert.Equal(new FamilyConfiguration { Family = Family.Ipv4Unicast }, Assert.Single(neighbor.Families));
    }

    [Fact]
    public void EveryKeyOfTheSection()
    {
        var bgp = Read(BgpFiles.Everything);
        Assert.Equal((65001u, 0xC0000201u, 0xC0000209u, 1179), (bgp.LocalAs, bgp.RouterId, bgp.ClusterId, bgp.ListenPort));
        Assert.Equal((4, 8, true, true, 120, 30, (byte)0x5f), (bgp.ExternalPaths, bgp.InternalPaths, bgp.MultipathRelax, bgp.AlwaysCompareMed, bgp.RestartSeconds, bgp.DeferralSeconds, bgp.SecurityGatewaySubType));
        Assert.Equal(["10.0.0.0/8", "fd00::/8"], bgp.Kernel.Select(k => k.ToString()));
        Assert.Equal(["10.1.0.0/16", "fd00:1::/48", "10.9.0.0/16"], bgp.Networks.Select(n => n.Prefix.ToText(n.Family)));
        Assert.Equal(new PathAttributes(), bgp.Networks[0].Attributes);
        Assert.Equal(new PathAttributes
        {
            Origin = Origin.Incomplete,
            Med = 10,
            LocalPref = 200,
            Communities = [0xFDE90064, 0xFFFFFF01],
            ExtendedCommunities = [0x0002_FDE9_0000_0007, 0x035F_0000_C000_0201],
            LargeCommunities = [new LargeCommunity(65001, 1, 2)],
        }, bgp.Networks[2].Attributes);
    }

    [Fact]
    public void Vrfs()
    {
        var bgp = Read(BgpFiles.Everything);
        Assert.Equal(["red", "blue"], bgp.Vrfs.Select(v => v.Name));
        Assert.Equal([0x0000_FDE9_0000_0001u, 0x0001_C000_0201_0002u], bgp.Vrfs.Select(v => v.RouteDistinguisher));
        Assert.Equal([0x0002_FDE9_0000_0001u, 0x0002_FDE9_0000_0002u], bgp.Vrfs[0].Import);
        Assert.Equal([0x0202_FA56_EA00_0002u], bgp.Vrfs[1].Export);
        Assert.Equal([(16u, "red0"), (17u, "")], bgp.Vrfs.Select(v => (v.Label, v.Device)));
        Assert.Equal("10.1.0.0/16", Assert.Single(bgp.Vrfs[0].Networks) is var n ? n.Prefix.ToText(n.Family) : "");
    }

    [Fact]
    public void EveryKeyOfANeighbor()
    {
        var n = Read(BgpFiles.Everything).Neighbors[0];
        Assert.Equal(("transit", 64496u, 65009u, 1790, true, true), (n.Name, n.RemoteAs, n.LocalAs, n.Port, n.Passive, n.Disabled));
        Assert.Equal((30, 5, 1, true), (n.HoldSeconds, n.ConnectRetrySeconds, n.AllowOwnAs, n.AsOverride));
        Assert.Equal((false, false, false, false), (n.TakesSecurityGateways, n.ExtendedMessages, n.GracefulRestart, n.ReflectorClient));
        Assert.Equal(new BfdSettings(200, 50, 5), n.Bfd);
        Assert.Equal((IPAddress.Parse("192.0.2.1"), 255, 254), (n.Transport.Local!, n.Transport.Ttl, n.Transport.MinimumTtl));
        Assert.Equal(Convert.FromHexString("000102030405060708090a0b"), n.Transport.Md5Key);
        Assert.Equal([Family.Ipv4Unicast, Family.Ipv6Unicast], n.Families.Select(f => f.Family));
        Assert.Equal(("all", "all", 1000, false, 15, 4, true, true), (n.Families[0].Import!.Name, n.Families[0].Export!.Name, n.Families[0].MaximumPrefixes, n.Families[0].MaximumWarnsOnly,
            n.Families[0].MaximumRestartMinutes, n.Families[0].AddPathSend, n.Families[0].AddPathReceive, n.Families[0].DefaultOriginate));
        Assert.Equal(("all", "none", 10, true, IPAddress.Parse("2001:db8::1")), (n.Families[1].Import!.Name, n.Families[1].Export!.Name, n.Families[1].MaximumPrefixes, n.Families[1].MaximumWarnsOnly, n.Families[1].NextHop!));
    }

    [Fact]
    public void OtherNeighbors()
    {
        var bgp = Read(BgpFiles.Everything);
        Assert.Equal([Family.Vpnv4, Family.Vpnv6, Family.RouteTarget, Family.Ipv4Unicast], bgp.Neighbors[1].Families.Select(f => f.Family));
        Assert.True(bgp.Neighbors[1].ReflectorClient && bgp.Neighbors[1].Families[3] is { NextHopSelf: true, MaximumPrefixes: 5, Import: null, Export: null });
        Assert.Equal(("wan0", 1, 0), (bgp.Neighbors[2].Transport.Device, bgp.Neighbors[2].Transport.Ttl, bgp.Neighbors[2].Transport.MinimumTtl));
        Assert.True(bgp.Neighbors[2].Families[0].ExtendedNextHop);
        Assert.Equal(("red", 3, 3), (bgp.Neighbors[3].Vrf, bgp.Neighbors[3].Multihop, bgp.Neighbors[3].Transport.Ttl));
        Assert.Equal(new BfdSettings(), bgp.Neighbors[3].Bfd);
    }

    [Fact]
    public void NeighborsByPrefix()
    {
        var dynamic = Read(BgpFiles.Everything).Dynamic;
        Assert.Equal([("10.255.0.0/16", "spokes", 0u, 50), ("fd00:ff::/64", "spokes6", 4200000001u, 100)], dynamic.Select(d => (d.Range.ToString(), d.Template.Name, d.Template.RemoteAs, d.Maximum)));
        Assert.All(dynamic, d => Assert.True(d.Template.Passive));
        Assert.Equal(32, dynamic[0].Template.Transport.Md5Key!.Length);
        Assert.Equal(Family.Ipv6Unicast, Assert.Single(dynamic[1].Template.Families).Family);
    }

    [Theory]
    [InlineData("on", 255, 255)]
    [InlineData("1", 255, 255)]
    [InlineData("3", 255, 253)]
    [InlineData("off", 1, 0)]
    public void Rfc5082_TtlSecurity(string written, int ttl, int minimum)
    {
        var transport = Assert.Single(Read(BgpFiles.Neighbor($"ttl_security: {written}")).Neighbors).Transport;
        Assert.Equal((ttl, minimum), (transport.Ttl, transport.MinimumTtl));
    }

    [Fact]
    public void GracefulRestartCanBeOff() => Assert.Equal(0, Read(BgpFiles.Section("graceful_restart: off")).RestartSeconds);

    [Fact]
    public void Rfc5396_AsNumbersWithADot() => Assert.Equal(65546u, Read(BgpFiles.Neighbor("as: 1.10")).Neighbors[0].RemoteAs);

    [Fact]
    public void KeysAreWipedAndNeverShown()
    {
        var loaded = files.Good(BgpFiles.Everything);
        var keys = loaded.Bgp!.Neighbors.Concat(loaded.Bgp.Dynamic.Select(d => d.Template)).Select(n => n.Transport.Md5Key).OfType<byte[]>().ToList();
        Assert.Equal(2, keys.Count);
        Assert.DoesNotContain("000102", loaded.ToString(), StringComparison.OrdinalIgnoreCase);
        loaded.WipeSecrets();
        Assert.All(keys, k => Assert.All(k, octet => Assert.Equal(0, octet)));
    }
}
