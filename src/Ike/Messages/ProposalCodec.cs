namespace Appliance.Ike.Messages;

/// <summary>
/// Proposals (RFC 7296 §3.3.1) as they stand in an SA payload, and in other places of later documents. Protocols, SPIs, transform types and attributes that are not known here are
/// kept as they come.
/// </summary>
public static class ProposalCodec
{
    private const byte More = 2;
    private const int HeaderLength = 8;

    /// <summary>Reads proposals, one behind the other, up to the end of the octets. At least one.</summary>
    public static bool TryRead(ReadOnlySpan<byte> octets, out IReadOnlyList<Proposal> proposals, out MessageError error)
    {
        var reader = new OctetReader(octets, PayloadType.SecurityAssociation);
        proposals = Read(ref reader);
        error = reader.Error;
        if (reader.Failed) proposals = [];
        return !reader.Failed;
    }

    /// <summary>Writes proposals, one behind the other.</summary>
    /// <exception cref="ArgumentException">More of something than its field can count.</exception>
    public static byte[] Write(IReadOnlyList<Proposal> proposals)
    {
        using var writer = new OctetWriter();
        Write(writer, proposals);
        return writer.ToArray();
    }

    internal static List<Proposal> Read(ref OctetReader reader)
    {
        var proposals = new List<Proposal>();
        var budget = MessageTuning.MaximumTransforms;
        var more = true;
        while (more && !reader.Failed)
        {
            if (proposals.Count == MessageTuning.MaximumProposals)
            {
                reader.Fail(MessageErrorKind.TooMany, $"more than {MessageTuning.MaximumProposals} proposals");
                break;
            }

            more = Last(reader.Byte(), More, "proposal", ref reader);
            reader.Skip(1);
            var body = Body(ref reader, HeaderLength, "proposal");
            if (ReadOne(ref body, ref budget) is { } proposal) proposals.Add(proposal);
            if (body.Failed) reader.Fail(body.Kind, $"proposal {proposals.Count + 1}, {body.Detail}");
        }

        reader.End("proposal");
        return proposals;
    }

    internal static void Write(OctetWriter writer, IReadOnlyList<Proposal> proposals)
    {
        for (var i = 0; i < proposals.Count; i++)
        {
            var (at, proposal) = (writer.Length, proposals[i]);
            writer.Byte(i + 1 < proposals.Count ? More : (byte)0);
            writer.Zeros(3);
            writer.Byte(proposal.Number);
            writer.Byte((byte)proposal.Protocol);
            writer.Zeros(2);
            writer.PatchByte(at + 6, proposal.Spi.Length);
            writer.PatchByte(at + 7, proposal.Transforms.Count);
            writer.Octets(proposal.Spi);
            TransformCodec.Write(writer, proposal.Transforms);
            writer.PatchUInt16(at + 2, writer.Length - at);
        }
    }

    /// <summary>Whether another one follows: the first octet is 0 or <paramref name="more"/>.</summary>
    internal static bool Last(byte value, byte more, string what, ref OctetReader reader)
    {
        if (value != 0 && value != more) reader.Fail(MessageErrorKind.Value, $"{what} begins with {value}, neither 0 (last) nor {more} (more)");
        return value != 0;
    }

    /// <summary>Takes the length of a substructure, which counts <paramref name="header"/> octets more than follow its first four, and the rest of it.</summary>
    internal static OctetReader Body(ref OctetReader reader, int header, string what)
    {
        var length = reader.UInt16();
        if (!reader.Failed && length < header) reader.Fail(MessageErrorKind.Length, $"{what} of {length} octets, fewer than its header");
        return new OctetReader(reader.Take(length - 4), PayloadType.SecurityAssociation);
    }

    private static Proposal? ReadOne(ref OctetReader body, ref int budget)
    {
        var (number, protocol, spiLength, count) = (body.Byte(), (ProtocolId)body.Byte(), body.Byte(), body.Byte());
        if (spiLength > MessageTuning.MaximumSpi) body.Fail(MessageErrorKind.TooMany, $"SPI of {spiLength} octets");
        var spi = body.Take(spiLength).ToArray();
        var transforms = TransformCodec.Read(ref body, count, ref budget);
        return body.Failed ? null : new Proposal(number, protocol, spi, transforms);
    }
}
