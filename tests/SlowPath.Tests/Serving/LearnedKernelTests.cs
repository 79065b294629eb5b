using Appliance.Policy;
using Appliance.Shared;
using Appliance.SlowPath.Netlink;

namespace Appliance.SlowPath.Tests.Serving;

/// <summary>Learned routes that the kernel is told of, and who cleans them up.</summary>
public sealed class LearnedKernelTests : IDisposable
{
    private readonly Bench bench = new(Bench.Configuration + "vpn: { device: vpn0, addresses: [10.1.255.1/32] }\n");

    public LearnedKernelTests()
    {
        bench.Kernel.Link(9, "vpn0", 1400);
        bench.KernelChanged();
    }

    public void Dispose() => bench.Dispose();

    private static IpPrefix Prefix(string text) => IpPrefix.TryParse(text, host: false, out var prefix, out _, out var problem) ? prefix : throw new FormatException(problem);

    private static LearnedTarget Via(params string[] nextHops) => new(LearnedKind.Via, [.. nextHops.Select(FakeKernel.Ip)], []);

    private static LearnedTarget Into(params string[] tunnels) => new(LearnedKind.Tunnel, [], tunnels);

    private void Learn(params (string Prefix, LearnedTarget? Target)[] changes) => bench.On(() =>
    {
        bench.Gateway.Learn([.. changes.Select(c => new LearnedChange(Prefix(c.Prefix), c.Target))]);
        return true;
    });

    /// <summary>Once it was told, and what it said to that is taken note of.</summary>
    private string Told()
    {
        for (var i = 0; i < 3; i++) bench.KernelChanged();

        return string.Join(' ', bench.Kernel.Routes.Where(r => r.Protocol == KernelRoutes.LearnedProtocol).Select(r => $"{r.Prefix}={(r.Kind == KernelRouteKind.Discard ? "blackhole" : $"{r.Link}{(r.Gateway.IsAny ? "" : "," + r.Gateway)}")}").Order(StringComparer.Ordinal));
    }

    private void Tell(params string[] prefixes) => bench.On(() =>
    {
        bench.Gateway.TellKernel([.. prefixes.Select(Prefix)]);
        return true;
    });

    [Fact]
    public void OnlyWhatIsListedIsTold()
    {
        Learn(("20.0.0.0/8", Via("192.0.2.254")), ("21.0.0.0/8", Into("to-c")));
        Assert.Equal("", Told());
        Tell("20.0.0.0/8", "21.0.0.0/8", "22.0.0.0/7");
        Learn(("22.1.0.0/16", Via("203.0.113.1", "10.1.0.9")), ("22.2.0.0/16", LearnedTarget.Discard), ("24.0.0.0/8", Via("192.0.2.254")), ("22.3.0.0/16", Via("2001:db8::1")));
        Assert.Equal("20.0.0.0/8=3,192.0.2.254 21.0.0.0/8=9 21.0.0.0/8=blackhole 22.1.0.0/16=3,192.0.2.254 22.2.0.0/16=blackhole", Told());

        // What the kernel was told is not taken for a route of its own, which would stand before what was learned.
        Assert.Equal("[192.0.2.254]", bench.On(() => RegionText.Way(bench.Region, FakeKernel.Ip("20.0.0.1"))));
        Learn(("22.1.0.0/16", Via("10.1.0.9")), ("21.0.0.0/8", null));
        Assert.Equal("20.0.0.0/8=3,192.0.2.254 22.1.0.0/16=2,10.1.0.9 22.2.0.0/16=blackhole", Told());
        Tell("20.0.0.0/8");
        Assert.Equal("20.0.0.0/8=3,192.0.2.254", Told());
        bench.On(() =>
        {
            bench.Gateway.ForgetLearnedInKernel();
            return true;
        });
        Assert.DoesNotContain(bench.Kernel.Routes, r => r.Protocol == KernelRoutes.LearnedProtocol);
    }

    [Fact]
    public void ASuccessorSweepsWhatIsNotLearnedAgainOnceAllIsThere()
    {
        bench.ExpectsLearned = true;
        Tell("20.0.0.0/7");
        Learn(("20.0.0.0/8", Via("192.0.2.254")), ("21.0.0.0/8", Via("10.1.0.9")));
        Assert.Equal("20.0.0.0/8=3,192.0.2.254 21.0.0.0/8=2,10.1.0.9", Told());
        bench.Restart();
        Tell("20.0.0.0/7");
        Learn(("20.0.0.0/8", Via("192.0.2.254")));
        Assert.Equal("20.0.0.0/8=3,192.0.2.254 21.0.0.0/8=2,10.1.0.9", Told());
        bench.On(() =>
        {
            bench.Gateway.LearnedComplete();
            return true;
        });
        Assert.Equal("20.0.0.0/8=3,192.0.2.254", Told());
    }

    [Fact]
    public void TheWayToATunnelsOtherEndIsToldAndEspGoesIt()
    {
        bench.Kernel.Holds.RemoveAll(c => c.Kind == KernelChangeKind.Route && c.Route.Prefix == Prefix("0.0.0.0/0"));
        bench.KernelChanged();
        Assert.Null(bench.On(() => bench.Gateway.Contents.Tunnels["to-b"].Path));
        Learn(("198.51.0.0/16", Via("192.0.2.254")));
        Assert.Equal("198.51.100.1/32=3,192.0.2.254 198.51.100.9/32=3,192.0.2.254", Told());
        Assert.Equal(FakeKernel.Ip("192.0.2.254"), bench.On(() => bench.Gateway.Contents.Tunnels["to-b"].Path!.Value.Neighbour));
        Assert.Equal("198.51.100.1/32=3,192.0.2.254 198.51.100.9/32=3,192.0.2.254", Told());

        // A route of the kernel's that is longer has its way; one into a tunnel never is a tunnel's own.
        bench.Kernel.Unicast(Prefix("198.51.100.9/32"), 3, FakeKernel.Ip("192.0.2.7"));
        Learn(("198.51.100.0/29", Into("to-c")));
        Assert.Equal("", Told());
        Learn(("198.51.100.0/29", null), ("198.51.0.0/16", null));
        Assert.Equal("", Told());
        Assert.Null(bench.On(() => bench.Gateway.Contents.Tunnels["to-b"].Path));
    }
}
