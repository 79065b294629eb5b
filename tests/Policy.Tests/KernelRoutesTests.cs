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

    [Fact]
    public void ADefaultRouteIsWrittenAsHalves() => Assert.Equal(
        ["0.0.0.0/1 blackhole metric 4000000000 src -", "128.0.0.0/1 blackhole metric 4000000000 src -", "8000::/1 blackhole metric 4000000000 src -", "::/1 blackhole metric 4000000000 src -"],
        Wanted(new GatewayConfiguration { Protected = [Inputs.Prefix("0.0.0.0/0"), Inputs.Prefix("::/0")] }, 0));
}
