namespace Appliance.Bgp;

/// <summary>Writes path attributes in the order of their types (RFC 4271 §5), without MP_REACH_NLRI.</summary>
internal static class AttributeWriter
{
    private const byte WellKnown = AttributeCursor.Transitive;
    private const byte OptionalTransitive = AttributeCursor.Optional | AttributeCursor.Transitive;

    public static void Write(ref OctetWriter to, PathAttributes attributes, bool isFour, bool withNextHop)
    {
        var unknown = attributes.Unknown.AsSpan();
        Begin(ref to, WellKnown, AttributeType.Origin, 1);
        to.Write((byte)attributes.Origin);
        WritePath(ref to, attributes.AsPath, AttributeType.AsPath, isFour);
        if (withNextHop)
        {
            Begin(ref to, WellKnown, AttributeType.NextHop, 4);
            to.Write(attributes.NextHop);
        }

        if (attributes.Med is { } med) WriteWord(ref to, AttributeCursor.Optional, AttributeType.Med, med);
        if (attributes.LocalPref is { } localPref) WriteWord(ref to, WellKnown, AttributeType.LocalPref, localPref);
        if (attributes.AtomicAggregate) Begin(ref to, WellKnown, AttributeType.AtomicAggregate, 0);
        var (aggregator, isTranslated) = (attributes.Aggregator, false);
        if (aggregator is { } who)
        {
            isTranslated = !isFour && who.As > ushort.MaxValue;
            Begin(ref to, OptionalTransitive, AttributeType.Aggregator, isFour ? 8 : 6);
            if (isFour) to.Write32(who.As);
            else to.Write16(isTranslated ? OpenMessage.AsTrans : (int)who.As);
            to.Write32(who.Address);
        }

        WriteWords(ref to, OptionalTransitive, AttributeType.Communities, attributes.Communities);
        if (attributes.OriginatorId is { } originator) WriteWord(ref to, AttributeCursor.Optional, AttributeType.OriginatorId, originator);
        WriteWords(ref to, AttributeCursor.Optional, AttributeType.ClusterList, attributes.ClusterList);
        WriteUnknown(ref to, ref unknown, AttributeType.ExtendedCommunities);
        if (attributes.ExtendedCommunities is { Length: > 0 } extended)
        {
            Begin(ref to, OptionalTransitive, AttributeType.ExtendedCommunities, extended.Length * 8);
            foreach (var community in extended) to.Write64(community);
        }

        if (!isFour) WriteLongAses(ref to, attributes, isTranslated);
        WriteUnknown(ref to, ref unknown, AttributeType.TunnelEncapsulation);
        if (attributes.TunnelEncapsulation is { Length: > 0 } tunnels)
        {
            Begin(ref to, OptionalTransitive, AttributeType.TunnelEncapsulation, tunnels.Length);
            to.Write(tunnels);
        }

        WriteUnknown(ref to, ref unknown, AttributeType.LargeCommunities);
        if (attributes.LargeCommunities is { Length: > 0 } large)
        {
            Begin(ref to, OptionalTransitive, AttributeType.LargeCommunities, large.Length * 12);
            foreach (var (global, local1, local2) in large)
            {
                to.Write32(global);
                to.Write32(local1);
                to.Write32(local2);
            }
        }

        WriteUnknown(ref to, ref unknown, byte.MaxValue + 1);
    }

    private static void Begin(ref OctetWriter to, byte flags, byte type, int length)
    {
        to.Write(length > byte.MaxValue ? (byte)(flags | AttributeCursor.ExtendedLength) : flags);
        to.Write(type);
        if (length > byte.MaxValue) to.Write16(length);
        else to.Write((byte)length);
    }

    private static void WriteWord(ref OctetWriter to, byte flags, byte type, uint value)
    {
        Begin(ref to, flags, type, 4);
        to.Write32(value);
    }

    private static void WriteWords(ref OctetWriter to, byte flags, byte type, uint[] values)
    {
        if (values.Length == 0) return;
        Begin(ref to, flags, type, values.Length * 4);
        foreach (var value in values) to.Write32(value);
    }

    private static void WriteUnknown(ref OctetWriter to, ref Span<UnknownAttribute> unknown, int below)
    {
        for (; !unknown.IsEmpty && unknown[0].Type < below; unknown = unknown[1..])
        {
            Begin(ref to, unknown[0].Flags, unknown[0].Type, unknown[0].Value.Length);
            to.Write(unknown[0].Value);
        }
    }

    // RFC 6793 §4.2.2: AS_TRANS stands for what does not fit, and AS4_PATH says what it stands for.
    private static void WriteLongAses(ref OctetWriter to, PathAttributes attributes, bool isTranslated)
    {
        var path = attributes.AsPath;
        if (path.Any(s => s.Ases.Any(a => a > ushort.MaxValue)))
        {
            var told = path.Where(s => s.Type <= AsPaths.Sequence).ToArray();
            if (told.Length > 0) WritePath(ref to, told, AttributeType.As4Path, true);
        }

        if (!isTranslated || attributes.Aggregator is not { } aggregator) return;
        Begin(ref to, OptionalTransitive, AttributeType.As4Aggregator, 8);
        to.Write32(aggregator.As);
        to.Write32(aggregator.Address);
    }

    private static void WritePath(ref OctetWriter to, IReadOnlyList<AsSegment> path, byte type, bool isFour)
    {
        var size = isFour ? 4 : 2;
        var length = 0;
        for (var i = 0; i < path.Count; i++) length += path[i].Ases.Length * size + 2 * ((path[i].Ases.Length + byte.MaxValue - 1) / byte.MaxValue);
        Begin(ref to, type == AttributeType.AsPath ? WellKnown : OptionalTransitive, type, length);
        for (var i = 0; i < path.Count; i++)
        {
            // A segment says its length in one octet.
            for (var rest = path[i].Ases.AsSpan(); !rest.IsEmpty;)
            {
                var part = rest[..Math.Min(rest.Length, byte.MaxValue)];
                to.Write(path[i].Type);
                to.Write((byte)part.Length);
                foreach (var autonomous in part)
                {
                    if (isFour) to.Write32(autonomous);
                    else to.Write16(autonomous > ushort.MaxValue ? OpenMessage.AsTrans : (int)autonomous);
                }

                rest = rest[part.Length..];
            }
        }
    }
}
