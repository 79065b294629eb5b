namespace Appliance.Ike.Messages;

/// <summary>
/// Which payloads, how many, in which exchange: a table that runs before any handler, after decryption (RFC 7296 §1.2 to §1.5 and appendix C, RFC 6023, 9242, 9370).
/// The order means nothing (§2.5). N, V and payloads that are not known here may stand anywhere; any other payload that the row does not name is refused.
/// A message is held against the rows of its exchange and direction; the first row whose mark it bears is the one that counts.
/// </summary>
public static class ExchangeRules
{
    private const PayloadType Sa = PayloadType.SecurityAssociation, Ke = PayloadType.KeyExchange, Nonce = PayloadType.Nonce, Auth = PayloadType.Authentication,
        Idi = PayloadType.IdentificationInitiator, Idr = PayloadType.IdentificationResponder, Cert = PayloadType.Certificate, CertReq = PayloadType.CertificateRequest,
        Tsi = PayloadType.TrafficSelectorInitiator, Tsr = PayloadType.TrafficSelectorResponder, Cp = PayloadType.Configuration, Delete = PayloadType.Delete;

    private static readonly ExchangeRow[] Rows =
    [
        // HDR, [N(COOKIE)], SAi1, KEi, Ni
        new(ExchangeType.IkeSaInit, false, _ => true, [One(Sa), One(Ke), One(Nonce)]),

        // HDR, SAr1, KEr, Nr, [CERTREQ]   or   HDR, N(COOKIE | REDIRECT | an error)
        new(ExchangeType.IkeSaInit, true, m => m.Has(Sa), [One(Sa), One(Ke), One(Nonce), Some(CertReq)]) { OneProposal = true },
        new(ExchangeType.IkeSaInit, true, m => m.HasError || m.Has(NotifyType.Cookie) || m.Has(NotifyType.Redirect), [Some(CertReq)]),
        new(ExchangeType.IkeSaInit, true, _ => true, [One(Sa), One(Ke), One(Nonce)]),

        // HDR, SK {[KE], …} both ways
        new(ExchangeType.IkeIntermediate, false, _ => true, [Perhaps(Ke)]),
        new(ExchangeType.IkeIntermediate, true, _ => true, [Perhaps(Ke)]),

        // HDR, SK {IDi, [CERT], [CERTREQ], [IDr], AUTH, [CP], SAi2, TSi, TSr}, childless without the last three (RFC 6023)
        new(ExchangeType.IkeAuth, false, m => m.HasChild, [One(Idi), Some(Cert), Some(CertReq), Perhaps(Idr), One(Auth), Perhaps(Cp), One(Sa), One(Tsi), One(Tsr)]),
        new(ExchangeType.IkeAuth, false, _ => true, [One(Idi), Some(Cert), Some(CertReq), Perhaps(Idr), One(Auth), Perhaps(Cp)]),

        // HDR, SK {IDr, [CERT], AUTH, [CP], SAr2, TSi, TSr}; without the last three when the child failed or nobody wanted one   or   HDR, SK {N(error)}
        new(ExchangeType.IkeAuth, true, m => m.HasChild, [One(Idr), Some(Cert), One(Auth), Perhaps(Cp), One(Sa), One(Tsi), One(Tsr)]) { OneProposal = true },
        new(ExchangeType.IkeAuth, true, m => m.HasError && !m.Has(Auth), [Perhaps(Idr), Some(Cert)]),
        new(ExchangeType.IkeAuth, true, _ => true, [One(Idr), Some(Cert), One(Auth), Perhaps(Cp)]),

        // HDR, SK {SA, Ni, KEi}   or   HDR, SK {[CP], SA, Ni, [KEi], TSi, TSr}
        new(ExchangeType.CreateChildSa, false, m => m.OffersIke, [One(Sa), One(Nonce), One(Ke)]),
        new(ExchangeType.CreateChildSa, false, _ => true, [Perhaps(Cp), One(Sa), One(Nonce), Perhaps(Ke), One(Tsi), One(Tsr)]),

        // the same with Nr and KEr   or   HDR, SK {N(error)}
        new(ExchangeType.CreateChildSa, true, m => m.OffersIke, [One(Sa), One(Nonce), One(Ke)]) { OneProposal = true },
        new(ExchangeType.CreateChildSa, true, m => m.Has(Sa), [Perhaps(Cp), One(Sa), One(Nonce), Perhaps(Ke), One(Tsi), One(Tsr)]) { OneProposal = true },
        new(ExchangeType.CreateChildSa, true, m => m.HasError, []),
        new(ExchangeType.CreateChildSa, true, _ => true, [One(Sa), One(Nonce), One(Tsi), One(Tsr)]),

        // HDR, SK {KE, N(ADDITIONAL_KEY_EXCHANGE)} both ways; the last response is without it, or an error (RFC 9370 §2.2.4)
        new(ExchangeType.IkeFollowupKe, false, _ => true, [One(Ke)]) { Needs = NotifyType.AdditionalKeyExchange },
        new(ExchangeType.IkeFollowupKe, true, m => m.HasError, []),
        new(ExchangeType.IkeFollowupKe, true, _ => true, [One(Ke)]),

        // HDR, SK {[N], [D], [CP]} both ways; in the clear outside of an IKE SA (§1.5)
        new(ExchangeType.Informational, false, _ => true, [Some(Delete), Perhaps(Cp)]),
        new(ExchangeType.Informational, true, _ => true, [Some(Delete), Perhaps(Cp)]),
    ];

    /// <summary>Holds a message against the table.</summary>
    /// <param name="exchange">Its exchange type.</param>
    /// <param name="isResponse">Whether it is a response.</param>
    /// <param name="payloads">Its payloads, those inside SK when it has one.</param>
    /// <returns>What is wrong, or null.</returns>
    public static MessageError? Check(ExchangeType exchange, bool isResponse, IReadOnlyList<Payload> payloads)
    {
        ArgumentNullException.ThrowIfNull(payloads);
        var shape = new MessageShape(payloads);
        var direction = isResponse ? "response" : "request";
        foreach (var row in Rows)
        {
            if (row.Exchange == exchange && row.IsResponse == isResponse && row.Mark(shape)) return row.Check(shape, $"{exchange} {direction}") ?? NotifyRules.Check(payloads);
        }

        return new MessageError(MessageErrorKind.Unexpected, PayloadType.None, $"message: exchange type {(byte)exchange} is not known here");
    }

    private static PayloadCount One(PayloadType type) => new(type, 1, 1);

    private static PayloadCount Perhaps(PayloadType type) => new(type, 0, 1);

    private static PayloadCount Some(PayloadType type) => new(type, 0, MessageTuning.MaximumPayloads);
}
