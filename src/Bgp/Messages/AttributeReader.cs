using System.Buffers.Binary;
using System.Net;

namespace Appliance.Bgp;

/// <summary>Makes attributes from an UPDATE message that <see cref="UpdateReader"/> checked and whose <see cref="UpdateView.Error"/> is at most <see cref="UpdateError.AttributeDiscard"/>.</summary>
public static class AttributeReader
{
    /// <summary>Unknown attributes that a route keeps at most; further ones are left out.</summary>
    public const int MaximumUnknown = 64;

    /// <summary>The attributes of the routes of MP_REACH_NLRI, or of those of the IPv4 field.</summary>
    /// <param name="view">The message.</param>
    /// <param name="isMultiprotocol">Of MP_REACH_NLRI, which has to be there: its next hop counts, not NEXT_HOP (RFC 4760 §3).</param>
    public static PathAttributes Read(in UpdateView view, bool isMultiprotocol)
    {
        var found = new Found();
        var seen = default(AttributeTypes);
        var cursor = new AttributeCursor(view.Attributes);
        while (cursor.MoveNext())
        {
            if (seen.Add(cursor.Type) && !view.Discarded.Contains(cursor.Type)) found.Take(cursor, view.Options.FourOctetAs);
        }

        var hop = found.NextHop;
        IPAddress? linkLocal = null;
        if (isMultiprotocol)
        {
            NextHops.TryRead(view.ReachNextHop, view.ReachFamily, out var address, out var local);
            hop = ToAddress(address);
            linkLocal = local.IsEmpty || view.ReachFamily.Afi == 1 && hop.IsV4() ? null : new IPAddress(local);
        }

        var family = isMultiprotocol ? view.ReachFamily : Family.Ipv4Unicast;
        if (found.Tunnels is { } tunnels && TunnelRules.NeedsEndpoint(family)) found.Tunnels = TunnelEncapsulation.Remaining(tunnels);
        return found.ToAttributes(hop ?? IPAddress.Any, linkLocal);
    }

    // An IPv4-mapped next hop (RFC 4659 §3.2.1.2, RFC 4798) is an IPv4 address.
    private static IPAddress ToAddress(ReadOnlySpan<byte> octets)
    {
        var address = new IPAddress(octets);
        return address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
    }

    private static uint[] ReadWords(ReadOnlySpan<byte> value)
    {
        var words = new uint[value.Length / 4];
        for (var i = 0; i < words.Length; i++) words[i] = BinaryPrimitives.ReadUInt32BigEndian(value[(i * 4)..]);
        return words;
    }

    /// <summary>What the attributes said.</summary>
    private struct Found
    {
        private Origin origin;
        private AsSegment[] path;
        private AsSegment[]? path4;
        private uint? med;
        private uint? localPref;
        private bool atomic;
        private Aggregator? aggregator;
        private Aggregator? aggregator4;
        private uint[]? communities;
        private ulong[]? extended;
        private LargeCommunity[]? large;
        private uint? originator;
        private uint[]? clusters;
        private List<UnknownAttribute>? unknown;

        public Found() => path = [];

        public IPAddress? NextHop { get; private set; }

        public byte[]? Tunnels { get; set; }

        public void Take(in AttributeCursor cursor, bool isFour)
        {
            var value = cursor.Value;
            switch (cursor.Type)
            {
                case AttributeType.Origin:
                    origin = (Origin)value[0];
                    break;
                case AttributeType.AsPath:
                    path = AsPaths.Read(value, isFour);
                    break;
                case AttributeType.NextHop:
                    NextHop = new IPAddress(value);
                    break;
                case AttributeType.Med:
                    med = BinaryPrimitives.ReadUInt32BigEndian(value);
                    break;
                case AttributeType.LocalPref:
                    localPref = BinaryPrimitives.ReadUInt32BigEndian(value);
                    break;
                case AttributeType.AtomicAggregate:
                    atomic = true;
                    break;
                case AttributeType.Aggregator:
                    aggregator = value.Length == 8
                        ? new Aggregator(BinaryPrimitives.ReadUInt32BigEndian(value), BinaryPrimitives.ReadUInt32BigEndian(value[4..]))
                        : new Aggregator(BinaryPrimitives.ReadUInt16BigEndian(value), BinaryPrimitives.ReadUInt32BigEndian(value[2..]));
                    break;
                case AttributeType.Communities:
                    communities = ReadWords(value);
                    break;
                case AttributeType.OriginatorId:
                    originator = BinaryPrimitives.ReadUInt32BigEndian(value);
                    break;
                case AttributeType.ClusterList:
                    clusters = ReadWords(value);
                    break;
                case AttributeType.ExtendedCommunities:
                    extended = new ulong[value.Length / 8];
                    for (var i = 0; i < extended.Length; i++) extended[i] = BinaryPrimitives.ReadUInt64BigEndian(value[(i * 8)..]);
                    break;
                case AttributeType.As4Path:
                    path4 = AsPaths.Read(value, true);
                    break;
                case AttributeType.As4Aggregator:
                    aggregator4 = new Aggregator(BinaryPrimitives.ReadUInt32BigEndian(value), BinaryPrimitives.ReadUInt32BigEndian(value[4..]));
                    break;
                case AttributeType.LargeCommunities:
                    var words = ReadWords(value);
                    large = new LargeCommunity[words.Length / 3];
                    for (var i = 0; i < large.Length; i++) large[i] = new LargeCommunity(words[i * 3], words[i * 3 + 1], words[i * 3 + 2]);
                    break;
                case AttributeType.TunnelEncapsulation:
                    Tunnels = value.ToArray();
                    break;
                case AttributeType.MpReach or AttributeType.MpUnreach:
                    break;
                default:
                    Keep(cursor);
                    break;
            }
        }

        public readonly PathAttributes ToAttributes(IPAddress hop, IPAddress? linkLocal)
        {
            // RFC 6793 §4.2.3: who aggregated with an AS of its own in AGGREGATOR did not know of the longer ones.
            var isStale = aggregator is { } two && aggregator4 is not null && two.As != OpenMessage.AsTrans;
            var merged = path4 is { } four && !isStale ? AsPaths.Merge(path, four) : path;
            return new PathAttributes
            {
                Origin = origin,
                AsPath = merged,
                NextHop = hop,
                LinkLocalNextHop = linkLocal,
                Med = med,
                LocalPref = localPref,
                AtomicAggregate = atomic,
                Aggregator = aggregator is not null && aggregator4 is not null && !isStale ? aggregator4 : aggregator,
                Communities = communities ?? [],
                ExtendedCommunities = extended ?? [],
                LargeCommunities = large ?? [],
                OriginatorId = originator,
                ClusterList = clusters ?? [],
                TunnelEncapsulation = Tunnels,
                Unknown = unknown is null ? [] : [.. unknown.OrderBy(u => u.Type)],
            };
        }

        // RFC 4271 §5: an optional transitive attribute that is not known travels on with the Partial bit; one that is known but not used here (RFC 5701) as it came.
        private void Keep(in AttributeCursor cursor)
        {
            const byte Travels = AttributeCursor.Optional | AttributeCursor.Transitive;
            if ((cursor.Flags & Travels) != Travels || unknown?.Count >= MaximumUnknown) return;
            var flags = (byte)(cursor.Flags & (Travels | AttributeCursor.Partial));
            if (AttributeChecks.FlagsOf(cursor.Type) == 0) flags |= AttributeCursor.Partial;
            (unknown ??= []).Add(new UnknownAttribute(flags, cursor.Type, cursor.Value.ToArray()));
        }
    }
}

/// <summary>Where RFC 9012 wants an egress endpoint in each TLV.</summary>
internal static class TunnelRules
{
    /// <summary>RFC 9012 §6: unicast and VPN families; not the Encapsulation SAFI, whose NLRI is the endpoint (RFC 5512).</summary>
    public static bool NeedsEndpoint(Family family) => family.Safi is 1 or 128;
}
