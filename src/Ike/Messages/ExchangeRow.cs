namespace Appliance.Ike.Messages;

/// <summary>How often a payload may stand in a message.</summary>
internal readonly record struct PayloadCount(PayloadType Type, int Minimum, int Maximum);

/// <summary>What the table asks about a message before it knows which row counts.</summary>
internal sealed class MessageShape(IReadOnlyList<Payload> payloads)
{
    public IReadOnlyList<Payload> Payloads => payloads;

    public bool HasError => payloads.Any(p => p is NotifyPayload { IsError: true });

    /// <summary>It speaks of a child.</summary>
    public bool HasChild => Has(PayloadType.SecurityAssociation) || Has(PayloadType.TrafficSelectorInitiator) || Has(PayloadType.TrafficSelectorResponder);

    /// <summary>Its SA payload is for an IKE SA.</summary>
    public bool OffersIke => payloads.Any(p => p is SecurityAssociationPayload { Proposals: [{ Protocol: ProtocolId.Ike }, ..] });

    public bool Has(PayloadType type) => Count(type) > 0;

    public bool Has(NotifyType type) => payloads.Any(p => p is NotifyPayload notify && notify.NotifyType == type);

    public int Count(PayloadType type)
    {
        var count = 0;
        foreach (var payload in payloads)
        {
            if (payload.Type == type) count++;
        }

        return count;
    }
}

/// <summary>A row of the table.</summary>
/// <param name="Exchange">Exchange type.</param>
/// <param name="IsResponse">Request or response.</param>
/// <param name="Mark">Whether the row is the one for this message.</param>
/// <param name="Counts">Payloads that may stand there.</param>
internal sealed record ExchangeRow(ExchangeType Exchange, bool IsResponse, Func<MessageShape, bool> Mark, PayloadCount[] Counts)
{
    /// <summary>SA holds the one proposal that was chosen (RFC 7296 §2.7).</summary>
    public bool OneProposal { get; init; }

    /// <summary>A notify that must be there, once.</summary>
    public NotifyType? Needs { get; init; }

    /// <summary>Holds a message against the row.</summary>
    /// <param name="shape">The message.</param>
    /// <param name="name">What it is called in the error.</param>
    public MessageError? Check(MessageShape shape, string name)
    {
        foreach (var payload in shape.Payloads)
        {
            if (!Anywhere(payload) && !Counts.Any(c => c.Type == payload.Type)) return Wrong(MessageErrorKind.Unexpected, payload.Type, $"has no place in {name}");
        }

        foreach (var (type, minimum, maximum) in Counts)
        {
            var count = shape.Count(type);
            if (count < minimum) return Wrong(MessageErrorKind.Missing, type, $"missing in {name}");
            if (count > maximum) return Wrong(MessageErrorKind.Repeated, type, $"{count} times in {name}");
        }

        if (Needs is { } needed && !shape.Has(needed)) return Wrong(MessageErrorKind.Missing, PayloadType.Notify, $"{needed} is missing in {name}");
        return shape.Payloads.OfType<SecurityAssociationPayload>().FirstOrDefault() is { } offer ? Proposals(offer, shape, name) : null;
    }

    /// <summary>Proposals are all for an IKE SA in IKE_SA_INIT, never in IKE_AUTH, and never mixed.</summary>
    private MessageError? Proposals(SecurityAssociationPayload offer, MessageShape shape, string name)
    {
        var ike = offer.Proposals.Count(p => p.Protocol == ProtocolId.Ike);
        if (OneProposal && offer.Proposals.Count != 1) return Wrong(MessageErrorKind.Repeated, offer.Type, $"{offer.Proposals.Count} proposals chosen in {name}");
        if (ike != 0 && ike != offer.Proposals.Count) return Wrong(MessageErrorKind.Value, offer.Type, $"proposals for IKE and for other protocols in {name}");
        return Exchange switch
        {
            ExchangeType.IkeSaInit when ike == 0 => Wrong(MessageErrorKind.Value, offer.Type, $"no proposal for IKE in {name}"),
            ExchangeType.IkeAuth when ike > 0 => Wrong(MessageErrorKind.Value, offer.Type, $"proposals for IKE in {name}"),
            _ => null,
        };
    }

    private static bool Anywhere(Payload payload) => payload is NotifyPayload or VendorIdPayload or UnknownPayload;

    private static MessageError Wrong(MessageErrorKind kind, PayloadType type, string detail) => new(kind, type, $"{PayloadNames.Of(type)}: {detail}");
}
