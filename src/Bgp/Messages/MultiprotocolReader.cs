using System.Buffers.Binary;

namespace Appliance.Bgp;

/// <summary>MP_REACH_NLRI and MP_UNREACH_NLRI (RFC 4760 §3, §4). What is wrong with them ends the session: routes that cannot be read cannot be withdrawn (RFC 7606 §3 j, §5.3, §7.11).</summary>
internal static class MultiprotocolReader
{
    public static void ReadReach(in AttributeCursor cursor, ref UpdateView view)
    {
        var value = cursor.Value;
        if (!HasFlags(cursor, ref view)) return;
        if (value.Length < 5 || value.Length < 5 + value[3])
        {
            Refuse(cursor, ref view, "is too short (RFC 7606 §5.3)");
            return;
        }

        var family = new Family(BinaryPrimitives.ReadUInt16BigEndian(value), value[2]);
        view.MpReachOctets = (cursor.Start, cursor.Whole.Length);
        if (!view.Options.Families.Contains(family))
        {
            view.IgnoredFamily = family;
            return;
        }

        var hop = value.Slice(4, value[3]);
        // One octet is reserved behind the next hop.
        var nlri = value[(5 + hop.Length)..];
        if (!IsPossible(family, hop.Length, view.Options.ExtendedNextHop.Contains(family)))
        {
            Refuse(cursor, ref view, "its next hop has a length that the family does not have (RFC 7606 §7.11)");
            return;
        }

        if (!NlriReader.AreWhole(nlri, family, view.Options.AddPath.Contains(family), out _))
        {
            Refuse(cursor, ref view, "its routes are no NLRI of the family (RFC 7606 §5.3)");
            return;
        }

        view.HasReach = true;
        view.ReachFamily = family;
        view.ReachNextHop = hop;
        view.Reached = nlri;
        if (!NextHops.TryRead(hop, family, out _, out _))
        {
            view.Fault.Note(UpdateError.TreatAsWithdraw, UpdateErrorCode.OptionalAttribute, "its next hop is no address of a host (RFC 4271 §6.3)", cursor.Type, cursor.Whole);
        }
    }

    public static void ReadUnreach(in AttributeCursor cursor, ref UpdateView view)
    {
        var value = cursor.Value;
        if (!HasFlags(cursor, ref view)) return;
        if (value.Length < 3)
        {
            Refuse(cursor, ref view, "is too short (RFC 7606 §5.3)");
            return;
        }

        var family = new Family(BinaryPrimitives.ReadUInt16BigEndian(value), value[2]);
        view.MpUnreachOctets = (cursor.Start, cursor.Whole.Length);
        if (!view.Options.Families.Contains(family))
        {
            view.IgnoredFamily = family;
            return;
        }

        if (!NlriReader.AreWhole(value[3..], family, view.Options.AddPath.Contains(family), out _))
        {
            Refuse(cursor, ref view, "its routes are no NLRI of the family (RFC 7606 §5.3)");
            return;
        }

        view.HasUnreach = true;
        view.UnreachFamily = family;
        view.Unreached = value[3..];
    }

    private static bool HasFlags(in AttributeCursor cursor, ref UpdateView view)
    {
        if ((cursor.Flags & (AttributeCursor.Optional | AttributeCursor.Transitive)) == AttributeCursor.Optional) return true;
        view.Fault.Note(UpdateError.ResetSession, UpdateErrorCode.AttributeFlags, "is not flagged as optional and non-transitive (RFC 7606 §5.3)", cursor.Type, cursor.Whole);
        return false;
    }

    private static void Refuse(in AttributeCursor cursor, ref UpdateView view, string why) =>
        view.Fault.Note(UpdateError.ResetSession, UpdateErrorCode.OptionalAttribute, why, cursor.Type, cursor.Whole);

    // RFC 4760 §3, RFC 2545 §3, RFC 4364 §4.3.2, RFC 4659 §3.2.1, RFC 4684 §4, RFC 5512 §3, RFC 8950 §3.
    private static bool IsPossible(Family family, int length, bool isExtended) => (family.Afi, family.Safi) switch
    {
        (1, 1) => length == 4 || isExtended && length is 16 or 32,
        (2, 1) => length is 16 or 32,
        (1, 128) => length == 12 || isExtended && length is 24 or 48,
        (2, 128) => length is 24 or 48,
        _ => length is 4 or 16,
    };
}

/// <summary>The next hop field of MP_REACH_NLRI.</summary>
internal static class NextHops
{
    /// <summary>Reads a field whose length fits the family. False: no address of a host stands there.</summary>
    /// <param name="field">The field.</param>
    /// <param name="family">The family.</param>
    /// <param name="hop">The next hop: the link-local one where there is no other (RFC 2545 §3 wants a global one, but links without are common).</param>
    /// <param name="linkLocal">The link-local next hop behind the global one.</param>
    public static bool TryRead(ReadOnlySpan<byte> field, Family family, out ReadOnlySpan<byte> hop, out ReadOnlySpan<byte> linkLocal)
    {
        // In VPN families a route distinguisher of zero stands in front of each address.
        var ahead = family.IsVpn ? 8 : 0;
        linkLocal = default;
        hop = field[ahead..];
        if (hop.Length is 4) return IsHost4(hop);
        if (hop.Length > 16)
        {
            linkLocal = hop[(16 + ahead)..];
            hop = hop[..16];
            if (!IsLinkLocal(linkLocal)) linkLocal = default;
            if (!IsHost6(hop) || IsLinkLocal(hop))
            {
                hop = linkLocal.IsEmpty ? hop : linkLocal;
                linkLocal = default;
            }
        }

        return IsHost6(hop);
    }

    /// <summary>Whether an IPv4 address can be a host's (RFC 4271 §6.3): not of "this network", a loopback, multicast or reserved.</summary>
    public static bool IsHost4(ReadOnlySpan<byte> address) => address[0] is not (0 or 127) and < 224;

    private static bool IsHost6(ReadOnlySpan<byte> address)
    {
        var value = BinaryPrimitives.ReadUInt128BigEndian(address);
        // An IPv4-mapped address (RFC 4659 §3.2.1.2, RFC 4798 §2) is one of IPv4.
        if (value >> 32 == 0xffff) return IsHost4(address[12..]);
        return value > 1 && address[0] != 0xff;
    }

    private static bool IsLinkLocal(ReadOnlySpan<byte> address) => address[0] == 0xfe && (address[1] & 0xc0) == 0x80;
}
