using System.Net;
using Xunit;

namespace Appliance.Bgp.Tests.Messages;

public class PathAttributesEqualityTests
{
    private static PathAttributes Full() => new()
    {
        Origin = Origin.Egp,
        AsPath = [new AsSegment(2, [65001, 65002]), new AsSegment(1, [7, 8])],
        NextHop = IPAddress.Parse("2001:db8::1"),
        LinkLocalNextHop = IPAddress.Parse("fe80::1"),
        Med = 5,
        LocalPref = 200,
        AtomicAggregate = true,
        Aggregator = new Aggregator(65001, 0xC0000201),
        Communities = [1, 2],
        ExtendedCommunities = [3, 4],
        LargeCommunities = [new LargeCommunity(1, 2, 3)],
        OriginatorId = 9,
        ClusterList = [10, 11],
        TunnelEncapsulation = [0, 4, 0, 0],
        Unknown = [new UnknownAttribute(0xC0, 200, [1, 2, 3])],
    };

    public static TheoryData<Func<PathAttributes, PathAttributes>> EveryChange => new()
    {
        a => new PathAttributes(a) { Origin = Origin.Igp },
        a => new PathAttributes(a) { AsPath = [new AsSegment(2, [65001, 65002]), new AsSegment(1, [7, 9])] },
        a => new PathAttributes(a) { AsPath = [new AsSegment(2, [65001, 65002]), new AsSegment(2, [7, 8])] },
        a => new PathAttributes(a) { AsPath = [new AsSegment(2, [65001, 65002, 7, 8])] },
        a => new PathAttributes(a) { NextHop = IPAddress.Parse("2001:db8::2") },
        a => new PathAttributes(a) { LinkLocalNextHop = null },
        a => new PathAttributes(a) { Med = null },
        a => new PathAttributes(a) { Med = 6 },
        a => new PathAttributes(a) { LocalPref = null },
        a => new PathAttributes(a) { AtomicAggregate = false },
        a => new PathAttributes(a) { Aggregator = null },
        a => new PathAttributes(a) { Communities = [2, 1] },
        a => new PathAttributes(a) { ExtendedCommunities = [3] },
        a => new PathAttributes(a) { LargeCommunities = [] },
        a => new PathAttributes(a) { OriginatorId = null },
        a => new PathAttributes(a) { ClusterList = [10] },
        a => new PathAttributes(a) { TunnelEncapsulation = null },
        a => new PathAttributes(a) { TunnelEncapsulation = [] },
        a => new PathAttributes(a) { Unknown = [new UnknownAttribute(0xE0, 200, [1, 2, 3])] },
        a => new PathAttributes(a) { Unknown = [new UnknownAttribute(0xC0, 200, [1, 2, 4])] },
    };

    [Fact]
    public void EqualSetsAreEqualAndHashAlike()
    {
        Assert.Equal(Full(), Full());
        Assert.Equal(Full().GetHashCode(), Full().GetHashCode());
        Assert.Equal(new PathAttributes(), new PathAttributes());
        Assert.Equal(Full(), new PathAttributes(Full()));
    }

    [Theory]
    [MemberData(nameof(EveryChange))]
    public void ADifferenceInAnyMemberCounts(Func<PathAttributes, PathAttributes> change)
    {
        var full = Full();
        _ = full.GetHashCode();
        var changed = change(full);
        Assert.NotEqual(full, changed);
        Assert.NotEqual(changed, full);
        Assert.NotEqual(full.GetHashCode(), changed.GetHashCode());
    }

    [Fact]
    public void NoDifferenceBetweenAbsentAndEmptyCommunities()
    {
        var absent = new PathAttributes();
        Assert.Equal(absent, new PathAttributes(absent) { Communities = [], Unknown = [] });
    }
}
