using System.Buffers.Binary;

namespace Appliance.Bgp;

/// <summary>
/// Reads UPDATE messages (RFC 4271 §4.3) and decides what an error leads to (RFC 7606): 1. the three fields; 2. each attribute; 3. NLRI; 4. what is missing. Allocates nothing.
/// </summary>
public static class UpdateReader
{
    /// <summary>Reads what stands behind the header. False: the session is to end with <see cref="UpdateView.Notification"/>. Other errors stand in <see cref="UpdateView.Error"/>.</summary>
    public static bool TryRead(ReadOnlySpan<byte> body, scoped in UpdateOptions options, out UpdateView view)
    {
        view = new UpdateView { Options = options, Body = body };
        if (!ReadFields(body, ref view)) return false;
        var seen = ReadAttributes(ref view);
        CheckNetworkFields(ref view);
        var announcesMore = seen.Contains(AttributeType.MpReach) && (!view.HasReach || !view.Reached.IsEmpty);
        var announces = !view.Announced.IsEmpty || announcesMore;
        CheckTunnels(ref view);
        if (announces) CheckMandatory(seen, ref view);
        else view.Fault.Escalate();
        if (view.Error == UpdateError.ResetSession) return false;
        if (!options.Families.Contains(Family.Ipv4Unicast) && !(view.Withdrawn.IsEmpty && view.Announced.IsEmpty))
        {
            view.Withdrawn = default;
            view.Announced = default;
            view.IgnoredFamily = Family.Ipv4Unicast;
        }

        return true;
    }

    private static bool ReadFields(ReadOnlySpan<byte> body, ref UpdateView view)
    {
        const string Detail = "Withdrawn Routes Length and Total Path Attribute Length do not fit into the message (RFC 7606 §3 b)";
        var withdrawn = body.Length >= 2 ? BinaryPrimitives.ReadUInt16BigEndian(body) : ushort.MaxValue;
        var attributes = body.Length >= 4 + withdrawn ? BinaryPrimitives.ReadUInt16BigEndian(body[(2 + withdrawn)..]) : ushort.MaxValue;
        if (body.Length < 4 + withdrawn + attributes)
        {
            view.Fault.Note(UpdateError.ResetSession, UpdateErrorCode.MalformedAttributeList, Detail);
            return false;
        }

        view.Withdrawn = body.Slice(2, withdrawn);
        view.Attributes = body.Slice(4 + withdrawn, attributes);
        view.Announced = body[(4 + withdrawn + attributes)..];
        return true;
    }

    private static AttributeTypes ReadAttributes(ref UpdateView view)
    {
        var seen = default(AttributeTypes);
        var discarded = default(AttributeTypes);
        var repeated = default(AttributeTypes);
        var cursor = new AttributeCursor(view.Attributes);
        while (cursor.MoveNext())
        {
            var type = cursor.Type;
            if (!seen.Add(type))
            {
                repeated.Add(type);
                // RFC 7606 §3 g.
                if (type is AttributeType.MpReach or AttributeType.MpUnreach)
                {
                    view.Fault.Note(UpdateError.ResetSession, UpdateErrorCode.MalformedAttributeList, "is there more than once (RFC 7606 §3 g)", type);
                    break;
                }

                view.Fault.Note(UpdateError.AttributeDiscard, UpdateErrorCode.MalformedAttributeList, "is there more than once, the first counts (RFC 7606 §3 g)", type);
                continue;
            }

            if (type == AttributeType.MpReach) MultiprotocolReader.ReadReach(cursor, ref view);
            else if (type == AttributeType.MpUnreach) MultiprotocolReader.ReadUnreach(cursor, ref view);
            else if (AttributeChecks.Check(cursor, ref view)) discarded.Add(type);
        }

        if (cursor.Failed)
        {
            // The NLRI of an attribute that is cut off cannot be known (RFC 7606 §3 j).
            var error = cursor.Type is AttributeType.MpReach or AttributeType.MpUnreach ? UpdateError.ResetSession : UpdateError.TreatAsWithdraw;
            view.Fault.Note(error, UpdateErrorCode.MalformedAttributeList, "the attributes do not end where Total Path Attribute Length says (RFC 7606 §4)", cursor.Type);
        }

        view.Discarded = discarded;
        view.Repeated = repeated;
        return seen;
    }

    private static void CheckNetworkFields(ref UpdateView view)
    {
        const string Detail = "is no sequence of IPv4 prefixes (RFC 7606 §5.3)";
        var addPath = view.Options.AddPath.Contains(Family.Ipv4Unicast);
        if (!NlriReader.AreWhole(view.Withdrawn, Family.Ipv4Unicast, addPath, out _))
        {
            view.Fault.Note(UpdateError.ResetSession, UpdateErrorCode.InvalidNetworkField, $"Withdrawn Routes {Detail}");
        }

        if (!NlriReader.AreWhole(view.Announced, Family.Ipv4Unicast, addPath, out _))
        {
            view.Fault.Note(UpdateError.ResetSession, UpdateErrorCode.InvalidNetworkField, $"Network Layer Reachability Information {Detail}");
        }
    }

    // RFC 9012 §13: TLVs without a right endpoint are left out; where nothing is left, the attribute is malformed.
    private static void CheckTunnels(ref UpdateView view)
    {
        if (view.TunnelEncapsulation.IsEmpty) return;
        if (view.Announced.IsEmpty && !(view.HasReach && TunnelRules.NeedsEndpoint(view.ReachFamily))) return;
        var cursor = new AttributeCursor(view.TunnelEncapsulation);
        if (!cursor.MoveNext() || TunnelEncapsulation.CountRemaining(cursor.Value) > 0) return;
        view.Fault.Note(UpdateError.TreatAsWithdraw, UpdateErrorCode.OptionalAttribute, "no tunnel has a right egress endpoint (RFC 9012 §13)", cursor.Type, cursor.Whole);
    }

    // RFC 4271 §5, RFC 4760 §3: NEXT_HOP is mandatory for the NLRI field alone; RFC 7606 §3 d.
    private static void CheckMandatory(in AttributeTypes seen, ref UpdateView view)
    {
        const string Detail = "is missing (RFC 7606 §3 d)";
        if (!seen.Contains(AttributeType.Origin)) Missing(AttributeType.Origin, ref view);
        else if (!seen.Contains(AttributeType.AsPath)) Missing(AttributeType.AsPath, ref view);
        else if (!view.Announced.IsEmpty && !seen.Contains(AttributeType.NextHop)) Missing(AttributeType.NextHop, ref view);

        static void Missing(byte type, ref UpdateView view) => view.Fault.Note(UpdateError.TreatAsWithdraw, UpdateErrorCode.MissingWellKnown, Detail, type);
    }
}
