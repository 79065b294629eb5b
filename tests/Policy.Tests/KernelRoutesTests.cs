using Appliance.Shared;

namespace Appliance.Policy.Tests;

public class KernelRoutesTests
{
    private static IEnumerable<string> Wanted(GatewayConfiguration configuration, uint door) =>
        KernelRoutes.Wanted(configuration, door).Select(r => $"{r.Prefix} {(r.Kind == KernelRouteKind.Discard ? "blackhole" : $"dev {r.Link}")} metric {r.Metric} src {(r.Source.IsAny ? "-" : r.Source)}").Order(StringComparer.Ordinal);

    [Fact]
    public void EveryTunnelPrefixHasADoorAndABlackholeBehindIt() => Assert.Equal(
        [
            "10.0.0.0/8 blackhole metric 4000000000 src -",
            "10.2.0.0/16 blackhole metric 4000000000 src -",
            "10.2.0.0/16 dev 5 metric 0 src 10.1.255.1",
            "fd00:2::/48 blackhole metric 4000000000 src -",
            "fd00:2::/48 dev 5 metric 16 src -",
        ],
        Wanted(Inputs.Configuration, 5));

    [Fact]
    public void WithoutADoorThereAreBlackholesAlone() => Assert.All(KernelRoutes.Wanted(Inputs.Configuration, 0), r => Assert.Equal(KernelRouteKind.Discard, r.Kind));

    /// <summary>Only where a route of ours catches a peer, with a way that the kernel has, and never in the main table.</summary>
    [Theory]
    [InlineData(TunnelKind.Transport, "10.2.0.0/16", "198.51.100.1/32 dev 3 via 192.0.2.254")]
    [InlineData(TunnelKind.Tunnel, "0.0.0.0/0", "198.51.100.1/32 dev 3 via 192.0.2.254 0.0.0.0/1 dev 3 via 192.0.2.254 128.0.0.0/1 dev 3 via 192.0.2.254")]
    [InlineData(TunnelKind.Tunnel, "198.51.0.0/16", "198.51.100.1/32 dev 3 via 192.0.2.254")]
    [InlineData(TunnelKind.Tunnel, "10.2.0.0/16", "")]
    [InlineData(TunnelKind.Tunnel, "::/0", "")]
    public void IkeHasAWayToAPeerThatARouteOfOursCatches(TunnelKind kind, string route, string way)
    {
        var tunnel = Inputs.Configuration.Tunnels[0] with { Kind = kind, Peer = "b", Local = Inputs.Ip("192.0.2.1"), Remote = Inputs.Ip("198.51.100.1"), Routes = kind == TunnelKind.Transport ? [] : [Inputs.Prefix(route)] };
        string For(TunnelConfiguration t, bool reachable) => string.Join(' ', KernelRoutes.Wanted(new GatewayConfiguration { Tunnels = [t] }, 5, null, _ => reachable ? (3, Inputs.Ip("192.0.2.254")) : null)
            .Where(r => r.IsForIke).Select(r => $"{r.Prefix} dev {r.Link} via {r.Gateway}"));
        Assert.Equal(way, For(tunnel, true));
        Assert.Equal("", For(tunnel, false));
        Assert.Equal("", For(tunnel with { Peer = null }, true));
    }

    [Fact]
    public void ADefaultRouteIsWrittenAsHalves() => Assert.Equal(
        ["0.0.0.0/1 blackhole metric 4000000000 src -", "128.0.0.0/1 blackhole metric 4000000000 src -", "8000::/1 blackhole metric 4000000000 src -", "::/1 blackhole metric 4000000000 src -"],
        Wanted(new GatewayConfiguration { Protected = [Inputs.Prefix("0.0.0.0/0"), Inputs.Prefix("::/0")] }, 0));
}
