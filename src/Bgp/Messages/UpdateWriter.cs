using System.Net;

namespace Appliance.Bgp;

/// <summary>What was agreed with a neighbour and changes how UPDATE messages to it are written.</summary>
public readonly record struct WriteOptions
{
    /// <summary>AS numbers have 4 octets (RFC 6793).</summary>
    public bool FourOctetAs { get; init; }

    /// <summary>Longest message; 0 for <see cref="MessageHeader.MaximumLength"/>.</summary>
    public int MaximumLength { get; init; }

    /// <summary>Families whose NLRI to the neighbour have path identifiers (RFC 7911).</summary>
    public FamilySet AddPath { get; init; }
}

/// <summary>What was written.</summary>
/// <param name="Octets">Octets of whole messages.</param>
/// <param name="Taken">NLRI that stand in them.</param>
/// <param name="IsTooLong">Attributes and a single NLRI do not fit into one message: the routes cannot be announced, and are to be withdrawn (RFC 4271 §9.1.3, RFC 8654 §4).</param>
public readonly record struct WriteResult(int Octets, int Taken, bool IsTooLong);

/// <summary>
/// Writes UPDATE messages into a caller's buffer: as many NLRI into each as fit, as many messages as the buffer holds. RFC 7606 §5.1: one kind of field a message, MP_REACH_NLRI and
/// MP_UNREACH_NLRI first. One writer is used from one thread.
/// </summary>
public sealed class UpdateWriter
{
    private const int FixedLength = MessageHeader.Size + 4;
    private readonly byte[] scratch = new byte[MessageHeader.ExtendedLength];
    private PathAttributes? last;
    private (bool FourOctetAs, bool WithNextHop) lastForm;
    private int lastLength;

    /// <summary>Announces routes that share attributes.</summary>
    /// <param name="buffer">Where to; at least <see cref="WriteOptions.MaximumLength"/> octets.</param>
    /// <param name="options">What was agreed.</param>
    /// <param name="family">Family of the routes.</param>
    /// <param name="attributes">Attributes, with the next hop. IPv4 routes with an IPv6 next hop go into MP_REACH_NLRI (RFC 8950).</param>
    /// <param name="nlri">The routes. Those that were not taken are for the next buffer.</param>
    public WriteResult Announce(Span<byte> buffer, in WriteOptions options, Family family, PathAttributes attributes, ReadOnlySpan<Nlri> nlri)
    {
        var isField = family == Family.Ipv4Unicast && attributes.NextHop.IsV4();
        var common = Encode(attributes, options.FourOctetAs, isField);
        if (common < 0) return new WriteResult(0, 0, true);
        var (octets, taken) = (0, 0);
        while (taken < nlri.Length)
        {
            var message = Room(buffer[octets..], options);
            var to = new OctetWriter(message);
            to.Rewind(Math.Min(MessageHeader.Size, message.Length));
            var count = isField
                ? WriteField(ref to, common, nlri[taken..], options.AddPath.Contains(family))
                : WriteReach(ref to, common, family, attributes, nlri[taken..], options.AddPath.Contains(family));
            if (count == 0) return new WriteResult(octets, taken, taken == 0 && message.Length == Maximum(options));
            MessageHeader.Write(to.Written, MessageType.Update);
            taken += count;
            octets += to.Length;
        }

        return new WriteResult(octets, taken, false);
    }

    /// <summary>Withdraws routes: IPv4 unicast in the field of RFC 4271, other families in MP_UNREACH_NLRI.</summary>
    /// <param name="buffer">Where to; at least <see cref="WriteOptions.MaximumLength"/> octets.</param>
    /// <param name="options">What was agreed.</param>
    /// <param name="family">Family of the routes.</param>
    /// <param name="nlri">The routes; their labels do not matter (RFC 8277 §2.4).</param>
    public static WriteResult Withdraw(Span<byte> buffer, in WriteOptions options, Family family, ReadOnlySpan<Nlri> nlri)
    {
        var (octets, taken) = (0, 0);
        while (taken < nlri.Length)
        {
            var message = Room(buffer[octets..], options);
            var to = new OctetWriter(message);
            to.Rewind(Math.Min(MessageHeader.Size, message.Length));
            var isField = family == Family.Ipv4Unicast;
            // Withdrawn Routes Length, or: none, Total Path Attribute Length, flags, type and length, family.
            if (!isField)
            {
                to.Write32(0);
                BeginAttribute(ref to, AttributeCursor.Optional, AttributeType.MpUnreach);
            }

            to.Write16(0);
            var start = to.Length;
            if (!isField) WriteFamily(ref to, family);
            // Total Path Attribute Length stands behind withdrawn routes.
            var count = WriteNlri(ref to, family, nlri[taken..], options.AddPath.Contains(family), true, isField ? 2 : 0);
            if (count == 0) return new WriteResult(octets, taken, false);
            to.Patch16(start - 2, to.Length - start);
            if (isField) to.Write16(0);
            else to.Patch16(MessageHeader.Size + 2, to.Length - FixedLength);
            MessageHeader.Write(to.Written, MessageType.Update);
            taken += count;
            octets += to.Length;
        }

        return new WriteResult(octets, taken, false);
    }

    /// <summary>Writes End-of-RIB (RFC 4724 §2); the length of the message.</summary>
    public static int EndOfRib(Span<byte> buffer, Family family)
    {
        var to = new OctetWriter(buffer);
        to.Rewind(MessageHeader.Size);
        to.Write16(0);
        if (family == Family.Ipv4Unicast)
        {
            to.Write16(0);
        }
        else
        {
            to.Write16(6);
            to.Write(AttributeCursor.Optional);
            to.Write(AttributeType.MpUnreach);
            to.Write(3);
            WriteFamily(ref to, family);
        }

        MessageHeader.Write(to.Written, MessageType.Update);
        return to.Length;
    }

    private static int Maximum(in WriteOptions options) => options.MaximumLength == 0 ? MessageHeader.MaximumLength : options.MaximumLength;

    private static Span<byte> Room(Span<byte> buffer, in WriteOptions options) => buffer[..Math.Min(buffer.Length, Maximum(options))];

    private static void WriteFamily(ref OctetWriter to, Family family)
    {
        to.Write16(family.Afi);
        to.Write(family.Safi);
    }

    // With a length of two octets, whose place the caller fills in.
    private static void BeginAttribute(ref OctetWriter to, byte flags, byte type)
    {
        to.Write((byte)(flags | AttributeCursor.ExtendedLength));
        to.Write(type);
    }

    // The attributes without MP_REACH_NLRI, into scratch; -1 when they are longer than any message.
    private int Encode(PathAttributes attributes, bool isFour, bool withNextHop)
    {
        var form = (isFour, withNextHop);
        if (ReferenceEquals(last, attributes) && lastForm == form) return lastLength;
        var to = new OctetWriter(scratch);
        AttributeWriter.Write(ref to, attributes, isFour, withNextHop);
        (last, lastForm, lastLength) = (attributes, form, to.Failed ? -1 : to.Length);
        return lastLength;
    }

    private int WriteField(ref OctetWriter to, int common, ReadOnlySpan<Nlri> nlri, bool addPath)
    {
        to.Write16(0);
        to.Write16(common);
        to.Write(scratch.AsSpan(0, common));
        return WriteNlri(ref to, Family.Ipv4Unicast, nlri, addPath, false, 0);
    }

    private int WriteReach(ref OctetWriter to, int common, Family family, PathAttributes attributes, ReadOnlySpan<Nlri> nlri, bool addPath)
    {
        to.Write32(0);
        BeginAttribute(ref to, AttributeCursor.Optional, AttributeType.MpReach);
        to.Write16(0);
        var start = to.Length;
        WriteFamily(ref to, family);
        NextHopWriter.Write(ref to, family, attributes);
        to.Write(0);
        var count = WriteNlri(ref to, family, nlri, addPath, false, common);
        to.Patch16(start - 2, to.Length - start);
        to.Write(scratch.AsSpan(0, common));
        to.Patch16(MessageHeader.Size + 2, to.Length - FixedLength);
        return to.Failed ? 0 : count;
    }

    // As many as fit in front of what has to come behind them; how many.
    private static int WriteNlri(ref OctetWriter to, Family family, ReadOnlySpan<Nlri> nlri, bool addPath, bool isWithdrawal, int behind)
    {
        if (to.Failed) return 0;
        var count = 0;
        foreach (ref readonly var one in nlri)
        {
            var before = to.Length;
            NlriWriter.Write(ref to, family, one, addPath, isWithdrawal);
            if (to.Failed || to.Left < behind)
            {
                to.Rewind(before);
                break;
            }

            count++;
        }

        return count;
    }
}
