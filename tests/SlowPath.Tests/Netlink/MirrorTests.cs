using Appliance.Policy;
using Appliance.Shared;
using Appliance.SlowPath.Netlink;

namespace Appliance.SlowPath.Tests.Netlink;

public class MirrorTests
{
    private static IpAddress Ip(string text) => IpAddress.TryParse(text, out var address) ? address : throw new FormatException(text);

    private static KernelChange Route(uint link, string gateway, bool replaces = false, bool removal = false) => new()
    {
        Kind = KernelChangeKind.Route, Table = 254, Replaces = replaces, IsRemoval = removal,
        Route = new KernelRoute(new IpPrefix(Ip("10.0.0.0"), 8), KernelRouteKind.Unicast, link, Ip(gateway), 0, 4, default),
    };

    [Fact]
    public void ReplacedRouteLeavesNothingBehind()
    {
        var mirror = new KernelMirror();
        Assert.True(mirror.Apply(Route(1, "192.0.2.1")));
        Assert.False(mirror.Apply(Route(1, "192.0.2.1")));
        Assert.True(mirror.Apply(Route(2, "192.0.2.2", replaces: true)));
        Assert.Equal(2u, Assert.Single(mirror.View().Routes).Link);
        Assert.True(mirror.Apply(Route(2, "192.0.2.2", removal: true)));
        Assert.Empty(mirror.View().Routes);
    }

    [Fact]
    public void LinkThatGoesDownAsksForADump()
    {
        var mirror = new KernelMirror();
        mirror.Apply(new KernelChange { Kind = KernelChangeKind.Link, Link = new KernelLink(3, "wan0", 1500, 1, true) });
        Assert.False(mirror.NeedsDump);
        mirror.Apply(new KernelChange { Kind = KernelChangeKind.Link, Link = new KernelLink(3, "wan0", 1500, 1, false) });
        Assert.True(mirror.NeedsDump);
    }

    [Fact]
    public void NeighbourThatFailedIsGone()
    {
        var mirror = new KernelMirror();
        var neighbour = new KernelNeighbour(3, Ip("192.0.2.9"), 0x0900_0000_0002);
        Assert.True(mirror.Apply(new KernelChange { Kind = KernelChangeKind.Neighbour, Neighbour = neighbour, NeighbourState = NeighbourState.Reachable }));
        Assert.True(mirror.Apply(new KernelChange { Kind = KernelChangeKind.Neighbour, Neighbour = neighbour with { Mac = 0 }, IsRemoval = true, NeighbourState = NeighbourState.Failed }));
        Assert.Empty(mirror.View().Neighbours);
    }
}
