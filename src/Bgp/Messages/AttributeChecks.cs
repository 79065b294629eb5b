using System.Buffers.Binary;

namespace Appliance.Bgp;

/// <summary>What RFC 7606 §7 (and RFC 6793 §6, RFC 7607, RFC 8092 §6, RFC 9012 §13) says of each attribute: flags, when it is malformed, and what follows.</summary>
internal static class AttributeChecks
{
    private const byte WellKnown = AttributeCursor.Transitive;
    private const byte OptionalTransitive = AttributeCursor.Optional | AttributeCursor.Transitive;
    private const byte OptionalLocal = AttributeCursor.Optional;
    private const byte Kind = AttributeCursor.Optional | AttributeCursor.Transitive;

    /// <summary>Checks an attribute other than MP_REACH_NLRI and MP_UNREACH_NLRI; what is wrong is noted in the view. True: its value is not to be used.</summary>
    public static bool Check(in AttributeCursor cursor, ref UpdateView view)
    {
        var type = cursor.Type;
        var isInternalAlone = type is AttributeType.LocalPref or AttributeType.OriginatorId or AttributeType.ClusterList;
        if (isInternalAlone && view.Options.IsExternal) return Discard("comes from an external neighbour (RFC 7606 §7.5, §7.9, §7.10)", cursor, ref view);
        if (type is AttributeType.As4Path or AttributeType.As4Aggregator && view.Options.FourOctetAs) return Discard("comes from a neighbour that speaks four octets (RFC 6793 §6)", cursor, ref view);
        if (FlagsOf(type) is var flags && flags == 0) return CheckUnknown(cursor, ref view);
        if ((cursor.Flags & Kind) != flags)
        {
            return Withdraw(UpdateErrorCode.AttributeFlags, "its Optional and Transitive flags are not those of the attribute (RFC 7606 §3 c)", cursor, ref view);
        }

        var value = cursor.Value;
        switch (type)
        {
            case AttributeType.Origin:
                if (value.Length != 1) return Length(cursor, ref view);
                return value[0] > 2 && Withdraw(UpdateErrorCode.InvalidOrigin, "has a value that is not defined (RFC 7606 §7.1)", cursor, ref view);
            case AttributeType.AsPath:
                return CheckPath(cursor, ref view);
            case AttributeType.NextHop:
                if (value.Length != 4) return Length(cursor, ref view);
                return !NextHops.IsHost4(value) && Withdraw(UpdateErrorCode.InvalidNextHop, "is no address of a host (RFC 4271 §6.3)", cursor, ref view);
            case AttributeType.Med or AttributeType.LocalPref or AttributeType.OriginatorId:
                return value.Length != 4 && Length(cursor, ref view);
            case AttributeType.AtomicAggregate:
                return value.Length != 0 && Discard("its length is not 0 (RFC 7606 §7.6)", cursor, ref view);
            case AttributeType.Aggregator:
                return CheckAggregator(cursor, view.Options.FourOctetAs ? 8 : 6, ref view);
            case AttributeType.As4Aggregator:
                return CheckAggregator(cursor, 8, ref view);
            case AttributeType.As4Path:
                return value.Length < 6 | !AsPaths.AreSegments(value, true, out _, out _, out var hasZero) | hasZero && Discard("is malformed (RFC 6793 §6, RFC 7607)", cursor, ref view);
            case AttributeType.Communities or AttributeType.ClusterList:
                return IsNoMultiple(value, 4) && Length(cursor, ref view);
            case AttributeType.ExtendedCommunities:
                return IsNoMultiple(value, 8) && Length(cursor, ref view);
            case AttributeType.Ipv6ExtendedCommunities:
                return IsNoMultiple(value, 20) && Length(cursor, ref view);
            case AttributeType.LargeCommunities:
                return IsNoMultiple(value, 12) && Length(cursor, ref view);
            default:
                if (!TunnelEncapsulation.IsWhole(value)) return Withdraw(UpdateErrorCode.OptionalAttribute, "is no sequence of whole TLVs (RFC 9012 §13)", cursor, ref view);
                view.TunnelEncapsulation = cursor.Whole;
                return false;
        }
    }

    /// <summary>Flags that a type has; 0 for one that is not known here.</summary>
    public static byte FlagsOf(byte type) => type switch
    {
        AttributeType.Origin or AttributeType.AsPath or AttributeType.NextHop or AttributeType.LocalPref or AttributeType.AtomicAggregate => WellKnown,
        AttributeType.Med or AttributeType.OriginatorId or AttributeType.ClusterList or AttributeType.MpReach or AttributeType.MpUnreach => OptionalLocal,
        AttributeType.Aggregator or AttributeType.Communities or AttributeType.ExtendedCommunities or AttributeType.As4Path or AttributeType.As4Aggregator
            or AttributeType.TunnelEncapsulation or AttributeType.Ipv6ExtendedCommunities or AttributeType.LargeCommunities => OptionalTransitive,
        _ => 0,
    };

    private static bool IsNoMultiple(ReadOnlySpan<byte> value, int size) => value.IsEmpty || value.Length % size != 0;

    // RFC 4271 §5, §6.3: well-known ones have to be known; what is optional and not transitive is quietly ignored.
    private static bool CheckUnknown(in AttributeCursor cursor, ref UpdateView view)
    {
        if ((cursor.Flags & AttributeCursor.Optional) == 0)
        {
            view.Fault.Note(UpdateError.ResetSession, UpdateErrorCode.UnrecognizedWellKnown, "is flagged as well-known and is not known (RFC 4271 §6.3)", cursor.Type, cursor.Whole);
        }

        return false;
    }

    private static bool CheckPath(in AttributeCursor cursor, ref UpdateView view)
    {
        if (!AsPaths.AreSegments(cursor.Value, view.Options.FourOctetAs, out var first, out var hasConfederation, out var hasZero))
        {
            return Withdraw(UpdateErrorCode.MalformedAsPath, "has a segment that cannot be (RFC 7606 §7.2)", cursor, ref view);
        }

        if (hasZero) return Withdraw(UpdateErrorCode.MalformedAsPath, "has AS 0 in it (RFC 7607 §2)", cursor, ref view);
        if (hasConfederation && view.Options.IsExternal) return Withdraw(UpdateErrorCode.MalformedAsPath, "has segments of a confederation, from outside of one (RFC 5065 §5)", cursor, ref view);
        var wanted = view.Options.FirstAs;
        if (wanted > ushort.MaxValue && !view.Options.FourOctetAs) wanted = OpenMessage.AsTrans;
        return wanted != 0 && first != wanted && Withdraw(UpdateErrorCode.MalformedAsPath, "does not begin with the AS of the neighbour (RFC 7606 §7.2)", cursor, ref view);
    }

    private static bool CheckAggregator(in AttributeCursor cursor, int length, ref UpdateView view)
    {
        var value = cursor.Value;
        if (value.Length != length) return Discard("its length is wrong (RFC 7606 §7.7, RFC 6793 §6)", cursor, ref view);
        var autonomous = length == 8 ? BinaryPrimitives.ReadUInt32BigEndian(value) : BinaryPrimitives.ReadUInt16BigEndian(value);
        return autonomous == 0 && Discard("has AS 0 in it (RFC 7607 §2)", cursor, ref view);
    }

    private static bool Length(in AttributeCursor cursor, ref UpdateView view) => Withdraw(UpdateErrorCode.AttributeLength, "its length is wrong (RFC 7606 §7)", cursor, ref view);

    private static bool Withdraw(byte subcode, string why, in AttributeCursor cursor, ref UpdateView view)
    {
        view.Fault.Note(UpdateError.TreatAsWithdraw, subcode, why, cursor.Type, cursor.Whole);
        return true;
    }

    private static bool Discard(string why, in AttributeCursor cursor, ref UpdateView view)
    {
        view.Fault.Note(UpdateError.AttributeDiscard, 0, why, cursor.Type);
        return true;
    }
}
