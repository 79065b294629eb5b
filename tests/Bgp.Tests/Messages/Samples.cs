using System.Net;
using FsCheck;
using FsCheck.Fluent;

namespace Appliance.Bgp.Tests.Messages;

/// <summary>Attributes of every shape, as they can stand in a route.</summary>
internal static class Samples
{
    private static Gen<uint> As => Gen.Elements(1u, 65000u, 65535u, 65536u, 4200000000u, uint.MaxValue);

    private static Gen<uint[]> Words => Gen.Choose(0, int.MaxValue).Select(i => (uint)i * 2654435761).ListOf().Select(l => l.Take(70).ToArray());

    // Neighbouring sequences would be one after AS4_PATH is merged.
    private static Gen<AsSegment[]> Path =>
        from first in As.NonEmptyListOf()
        from set in As.NonEmptyListOf()
        from last in As.NonEmptyListOf()
        from kind in Gen.Choose(0, 3)
        select kind switch
        {
            0 => Array.Empty<AsSegment>(),
            1 => [new AsSegment(2, [.. first.Take(200)])],
            2 => [new AsSegment(2, [.. first.Take(200)]), new AsSegment(1, [.. set.Take(200)])],
            _ => [new AsSegment(1, [.. set.Take(200)]), new AsSegment(2, [.. last.Take(200)])],
        };

    public static Gen<PathAttributes> Attributes =>
        from path in Path
        from origin in Gen.Elements(Origin.Igp, Origin.Egp, Origin.Incomplete)
        from hop in Gen.Elements("192.0.2.1", "10.1.2.3", "2001:db8::1", "fe80::1")
        from bits in Gen.Choose(0, 1023)
        from number in Gen.Choose(0, int.MaxValue)
        from communities in Words
        from more in Words
        from clusters in Words
        from aggregator in As
        from unknown in Gen.Choose(0, 400)
        select new PathAttributes
        {
            Origin = origin,
            AsPath = path,
            NextHop = IPAddress.Parse(hop),
            LinkLocalNextHop = (bits & 1) != 0 && hop == "2001:db8::1" ? IPAddress.Parse("fe80::2") : null,
            Med = (bits & 2) != 0 ? (uint)number : null,
            LocalPref = (bits & 4) != 0 ? (uint)number + 1 : null,
            AtomicAggregate = (bits & 8) != 0,
            Aggregator = (bits & 16) != 0 ? new Aggregator(aggregator, (uint)number) : null,
            Communities = communities,
            ExtendedCommunities = [.. more.Select(m => (ulong)m << 31 | m)],
            LargeCommunities = (bits & 32) != 0 ? [.. communities.Select(c => new LargeCommunity(c, 1, c ^ 7))] : [],
            OriginatorId = (bits & 64) != 0 ? (uint)number : null,
            ClusterList = clusters,
            TunnelEncapsulation = (bits & 128) != 0 ? TunnelEncapsulation.Write([new Tunnel(4, [TunnelSubTlv.Endpoint(IPAddress.Parse("192.0.2.7")), new TunnelSubTlv(200, new byte[unknown])])]) : null,
            Unknown = (bits & 256) != 0 ? [new UnknownAttribute(0xE0, 20, []), new UnknownAttribute(0xE0, (byte)(100 + (bits & 127)), new byte[unknown])] : [],
        };
}
