using System.Buffers.Binary;
using Appliance.Fuzz.Engine;
using Appliance.Ike.Messages;

namespace Appliance.Fuzz.Targets;

/// <summary>IKE messages: the header, the body of each payload, chains, whole messages, fragments. What is taken can be written, and comes back as it was written.</summary>
internal static class IkeMessageTargets
{
    private const int Most = 1 << 21;

    public static IReadOnlyList<FuzzTarget> List { get; } =
    [
        new("ike-header", Header) { MaximumLength = 64, AllocationLimit = 4096 },
        Body("ike-sa", PayloadType.SecurityAssociation),
        Body("ike-ke", PayloadType.KeyExchange),
        Body("ike-id", PayloadType.IdentificationInitiator),
        Body("ike-cert", PayloadType.Certificate),
        Body("ike-certreq", PayloadType.CertificateRequest),
        Body("ike-auth", PayloadType.Authentication),
        Body("ike-nonce", PayloadType.Nonce),
        Body("ike-notify", PayloadType.Notify),
        Body("ike-delete", PayloadType.Delete),
        Body("ike-vendor", PayloadType.VendorId),
        Body("ike-ts", PayloadType.TrafficSelectorInitiator),
        Body("ike-cp", PayloadType.Configuration),
        new("ike-gateway", Gateway) { MaximumLength = 600, AllocationLimit = 16384 },
        new("ike-encrypted", Encrypted) { AllocationLimit = Most },
        new("ike-proposals", Proposals) { AllocationLimit = Most },
        new("ike-message", Message) { MaximumLength = 8192, AllocationLimit = Most },
        new("ike-inside", Inside) { MaximumLength = 8192, AllocationLimit = Most },
        new("ike-fragments", Fragments) { AllocationLimit = Most },
    ];

    private static FuzzTarget Body(string name, PayloadType type) => new(name, octets => ReadBody(type, octets)) { MaximumLength = 4096, AllocationLimit = Most };

    private static void ReadBody(PayloadType type, Span<byte> octets)
    {
        var reader = new OctetReader(octets, type);
        var payload = PayloadTable.Of(type)!.Decode(type, ref reader);
        if (reader.Failed)
        {
            Claim.That(reader.Error.Notify == NotifyType.InvalidSyntax && reader.Error.Payload == type && reader.Error.Detail.Length > 0, "a typed error");
            return;
        }

        Claim.That(payload.Type == type && reader.Left == 0, "all of it was read");
        if (payload is TrafficSelectorPayload { Selectors.Count: 0 }) return;
        var written = PayloadWriter.WriteBody(payload);
        var again = new OctetReader(written, type);
        var second = PayloadTable.Of(type)!.Decode(type, ref again);
        Claim.That(!again.Failed && written.AsSpan().SequenceEqual(PayloadWriter.WriteBody(second)), "what was written comes back");
        Claim.That(written.Length == octets.Length || payload is TrafficSelectorPayload, "nothing was added or lost");
    }

    private static void Gateway(Span<byte> octets)
    {
        if (!GatewayIdentity.TryRead(octets, out var gateway)) return;
        Claim.That(gateway.Address is null != gateway.Name is null, "an address or a name");
        Claim.That(octets.SequenceEqual(gateway.Write()), "what was read is what is written");
    }

    private static void Header(Span<byte> octets)
    {
        var read = HeaderCodec.TryRead(octets, out var header, out var error);
        Claim.That(read == (error.Kind == MessageErrorKind.None), "an error or none");
        Claim.That(error.Notify is null or NotifyType.InvalidMajorVersion, "silence, or the version");
        if (!read) return;
        Claim.That(header.Length == octets.Length && header.Version >> 4 == 2, "length and version");
        Claim.That(octets[17..24].SequenceEqual(MessageWriter.Write(header, []).AsSpan(17, 7)), "what was read can be written");
    }

    private static void Encrypted(Span<byte> octets)
    {
        if (!PayloadReader.TryRead(PayloadType.EncryptedFragment, octets, out var payloads, out _)) return;
        Claim.That(payloads is [EncryptedFragmentPayload fragment] && FragmentAssembly.IsPossible(fragment.Number, fragment.Total), "a fragment that can be");
    }

    private static void Proposals(Span<byte> octets)
    {
        if (!ProposalCodec.TryRead(octets, out var proposals, out _)) return;
        Claim.That(proposals.Count is > 0 and <= MessageTuning.MaximumProposals && proposals.Sum(p => p.Transforms.Count) <= MessageTuning.MaximumTransforms, "bounded");
        var written = ProposalCodec.Write(proposals);
        Claim.That(written.Length == octets.Length && ProposalCodec.TryRead(written, out var again, out _) && written.AsSpan().SequenceEqual(ProposalCodec.Write(again)), "comes back");
    }

    /// <summary>A datagram. Its length field is made right, else hardly any would come further than the header.</summary>
    private static void Message(Span<byte> octets)
    {
        if (octets.Length < IkeHeader.Size) return;
        BinaryPrimitives.WriteUInt32BigEndian(octets[24..], (uint)octets.Length);
        if (!HeaderCodec.TryRead(octets, out var header, out _)) return;
        Chain(header.NextPayload, octets[IkeHeader.Size..], header);
    }

    /// <summary>What was inside SK, behind the exchange type, the flags and the type of the first payload.</summary>
    private static void Inside(Span<byte> octets)
    {
        if (octets.Length < 3) return;
        Chain((PayloadType)octets[2], octets[3..], default(IkeHeader) with { Exchange = (ExchangeType)octets[0], Flags = (HeaderFlags)octets[1] });
    }

    private static void Chain(PayloadType first, ReadOnlySpan<byte> octets, IkeHeader header)
    {
        var read = PayloadReader.TryRead(first, octets, out var payloads, out var error);
        Claim.That(read == (error.Kind == MessageErrorKind.None) && (read || payloads.Count == 0), "an error or payloads");
        Claim.That(read || error.Notify is NotifyType.InvalidSyntax or NotifyType.UnsupportedCriticalPayload, "what RFC 7296 wants answered");
        if (!read) return;
        Claim.That(payloads.Count <= MessageTuning.MaximumPayloads, "bounded");
        if (ExchangeRules.Check(header.Exchange, header.IsResponse, payloads) is { } wrong) Claim.That(wrong.Kind != MessageErrorKind.None && wrong.Detail.Length > 0, "says why");
        if (payloads.Any(p => p is TrafficSelectorPayload { Selectors.Count: 0 })) return;
        var written = PayloadWriter.Write(payloads, out var firstWritten);
        Claim.That(PayloadReader.TryRead(firstWritten, written, out var again, out _) && again.Count == payloads.Count, "what was written comes back");
        Claim.That(written.AsSpan().SequenceEqual(PayloadWriter.Write(again, out _)), "as it was written");
    }

    /// <summary>Three octets a fragment (number, total, length in units of 64 octets) against a plain model of RFC 7383 §2.6.</summary>
    private static void Fragments(Span<byte> octets)
    {
        var assembly = new FragmentAssembly();
        var model = new SortedDictionary<int, int>();
        var (total, done) = (0, false);
        for (; octets.Length >= 3; octets = octets[3..])
        {
            var (number, of, length) = (octets[0], octets[1], octets[2] * 64);
            var wanted = !done && number >= 1 && number <= of && of <= MessageTuning.MaximumFragments && of >= total && (of > total || !model.ContainsKey(number));
            Claim.That(wanted == assembly.Wants(number, of), "wanted");
            if (wanted && of > total) (total, _) = (of, Clear(model));
            var fits = model.Values.Sum() + length <= MessageTuning.MaximumMessage;
            if (wanted && fits) model[number] = length;
            var whole = assembly.Add(number, of, (PayloadType)number, new byte[length]);
            Claim.That(whole != null == (wanted && fits && model.Count == total), "complete when all are there");
            if (whole == null) continue;
            Claim.That(whole.Length == model.Values.Sum() && (int)assembly.First == 1, "the whole");
            done = true;
        }
    }

    private static int Clear(SortedDictionary<int, int> model)
    {
        model.Clear();
        return 0;
    }
}
