using System.Net;
using Appliance.Bgp;
using Appliance.Policy;
using Appliance.Shared;
using Appliance.SlowPath.Bgp;
using RouteChange = Appliance.Bgp.RouteChange;

namespace Appliance.SlowPath.Tests.Bgp;

public sealed class RoutedPathsTests
{
    private const byte SubType = 0x5E;
    private static readonly IpAddress Gateway = IpAddress.From(IPAddress.Parse("198.51.100.7"));

    [Theory]
    [InlineData("10.1.0.0/16", "10.1.0.0/16")]
    [InlineData("0.0.0.0/0", "0.0.0.0/0")]
    [InlineData("192.0.2.7/32", "192.0.2.7/32")]
    [InlineData("2001:db8::/32", "2001:db8::/32")]
    [InlineData("::/0", "::/0")]
    public void APrefixIsTheSameOne(string text, string expected)
    {
        Assert.True(Prefix.TryParse(text, out var prefix));
        Assert.Equal(expected, RoutedPaths.Prefix(text.Contains(':', StringComparison.Ordinal) ? Family.Ipv6Unicast : Family.Ipv4Unicast, prefix).ToString());
    }

    [Theory]
    [InlineData(0x035E_0000_C633_6407, true)]
    [InlineData(0x435E_0000_C633_6407, true)]
    [InlineData(0x035E_0001_C633_6407, true)]
    [InlineData(0x035F_0000_C633_6407, false)]
    [InlineData(0x0002_0000_C633_6407, false)]
    public void DraftGuichard_6_TheIdentityIsRead(ulong community, bool isOne)
    {
        var paths = Paths(new PathAttributes { NextHop = IPAddress.Parse("192.0.2.1"), ExtendedCommunities = [0x0002_FDE8_0000_0001, community] });
        var path = new RoutedPaths(SubType).Convert(Family.Ipv4Unicast, [Change("10.0.0.0/8", paths)])[0].Paths!.Single();
        Assert.Equal(isOne ? Gateway : IpAddress.Any, path.SecurityGateway);
        Assert.Equal("192.0.2.1", path.NextHop.ToString());
        Assert.Equal("n", path.Neighbor);
    }

    [Fact]
    public void Rfc9012_3_1_EndsOfIpsecTunnelsAreReadAndNoOthers()
    {
        static byte[] Tunnels(params (ushort Type, string? End)[] tunnels) =>
            TunnelEncapsulation.Write([.. tunnels.Select(t => new Tunnel(t.Type, [TunnelSubTlv.Endpoint(t.End is null ? null : IPAddress.Parse(t.End))]))]);

        RoutedPath Of(byte[]? value) => new RoutedPaths(SubType).Convert(Family.Ipv4Unicast, [Change("10.0.0.0/8", Paths(new PathAttributes { NextHop = IPAddress.Parse("192.0.2.1"), TunnelEncapsulation = value }))])[0].Paths!.Single();

        Assert.Null(Of(null).Egress);
        Assert.Null(Of(Tunnels((TunnelType.IpInIp, "198.51.100.7"), (TunnelType.IpInIpWithIpsecTransport, "198.51.100.7"))).Egress);
        var egress = Of(Tunnels((TunnelType.IpInIp, "203.0.113.1"), (TunnelType.IpsecTunnel, "2001:db8::7"), (TunnelType.IpsecTunnel, null), (TunnelType.IpsecTunnel, "198.51.100.7"))).Egress!;
        Assert.Equal(["2001:db8::7", "192.0.2.1", "198.51.100.7"], egress.Select(e => e.ToString()));
    }

    [Fact]
    public void EqualPathsAreConvertedOnce()
    {
        var converter = new RoutedPaths(SubType);
        var (one, other) = (Paths(new PathAttributes()), Paths(new PathAttributes { Med = 1 }));
        var batch = converter.Convert(Family.Ipv4Unicast, [Change("10.0.0.0/8", one), Change("11.0.0.0/8", other), Change("12.0.0.0/8", one), Change("13.0.0.0/8", null)]);
        Assert.Same(batch[0].Paths, batch[2].Paths);
        Assert.NotSame(batch[0].Paths, batch[1].Paths);
        Assert.Null(batch[3].Paths);
        Assert.Same(batch[0].Paths, converter.Convert(Family.Ipv4Unicast, [Change("14.0.0.0/8", one)])[0].Paths);
    }

    [Fact]
    public void PlainRoutesLeadToTheirNextHopsOnceEachAndOurOwnNowhere()
    {
        IReadOnlyList<LearnedChange> learned = [];
        var intake = new PlainRoutes(changes => learned = changes, () => { });
        var two = new BestPaths([Path("192.0.2.1", "a"), Path("192.0.2.2", "b"), Path("192.0.2.1", "c")]);
        var own = new BestPaths([new BestPath(new PathAttributes(), "", IsLocal: true, IsExternal: false)]);
        intake.Learn(new RoutedPaths(SubType).Convert(Family.Ipv4Unicast, [Change("10.0.0.0/8", two), Change("11.0.0.0/8", own), Change("12.0.0.0/8", two), Change("13.0.0.0/8", null)]));
        Assert.Equal(["192.0.2.1", "192.0.2.2"], learned[0].Target!.NextHops.Select(h => h.ToString()));
        Assert.Equal(LearnedKind.Via, learned[0].Target!.Kind);
        Assert.Null(learned[1].Target);
        Assert.Same(learned[0].Target, learned[2].Target);
        Assert.Null(learned[3].Target);
    }

    private static BestPaths Paths(PathAttributes attributes) => new([new BestPath(attributes, "n", IsLocal: false, IsExternal: true)]);

    private static BestPath Path(string hop, string neighbor) => new(new PathAttributes { NextHop = IPAddress.Parse(hop) }, neighbor, IsLocal: false, IsExternal: true);

    private static RouteChange Change(string prefix, BestPaths? paths) => Prefix.TryParse(prefix, out var parsed) ? new RouteChange(parsed, paths) : throw new FormatException(prefix);
}
