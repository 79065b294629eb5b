namespace Appliance.Ike.Messages;

/// <summary>How the body of a payload is read. What is wrong stands in the reader, and the result then means nothing.</summary>
internal delegate Payload DecodeBody(PayloadType type, ref OctetReader reader);

/// <summary>A payload type: how its body is read and written.</summary>
internal sealed record PayloadRow(PayloadType Type, DecodeBody Decode, Action<OctetWriter, Payload> Encode);

/// <summary>All payloads that are known here, a row each. What stands in no row is an <see cref="UnknownPayload"/>.</summary>
internal static class PayloadTable
{
    private static readonly PayloadRow?[] ByType = Index(
    [
        Row<SecurityAssociationPayload>(PayloadType.SecurityAssociation, SecurityAssociationCodec.Read, SecurityAssociationCodec.Write),
        Row<KeyExchangePayload>(PayloadType.KeyExchange, KeyExchangeCodec.Read, KeyExchangeCodec.Write),
        Row<IdentificationPayload>(PayloadType.IdentificationInitiator, IdentificationCodec.Read, IdentificationCodec.Write),
        Row<IdentificationPayload>(PayloadType.IdentificationResponder, IdentificationCodec.Read, IdentificationCodec.Write),
        Row<CertificatePayload>(PayloadType.Certificate, CertificateCodec.Read, CertificateCodec.Write),
        Row<CertificateRequestPayload>(PayloadType.CertificateRequest, CertificateCodec.ReadRequest, CertificateCodec.WriteRequest),
        Row<AuthenticationPayload>(PayloadType.Authentication, AuthenticationCodec.Read, AuthenticationCodec.Write),
        Row<NoncePayload>(PayloadType.Nonce, NonceCodec.Read, (writer, payload) => writer.Octets(payload.Data)),
        Row<NotifyPayload>(PayloadType.Notify, NotifyCodec.Read, NotifyCodec.Write),
        Row<DeletePayload>(PayloadType.Delete, DeleteCodec.Read, DeleteCodec.Write),
        Row<VendorIdPayload>(PayloadType.VendorId, (PayloadType _, ref OctetReader reader) => new VendorIdPayload(reader.Rest().ToArray()), (writer, payload) => writer.Octets(payload.Data)),
        Row<TrafficSelectorPayload>(PayloadType.TrafficSelectorInitiator, TrafficSelectorCodec.Read, TrafficSelectorCodec.Write),
        Row<TrafficSelectorPayload>(PayloadType.TrafficSelectorResponder, TrafficSelectorCodec.Read, TrafficSelectorCodec.Write),
        Row<ConfigurationPayload>(PayloadType.Configuration, ConfigurationCodec.Read, ConfigurationCodec.Write),
    ]);

    /// <summary>The row of a type, or null.</summary>
    public static PayloadRow? Of(PayloadType type) => ByType[(byte)type];

    private static PayloadRow Row<T>(PayloadType type, DecodeBody decode, Action<OctetWriter, T> encode)
        where T : Payload => new(type, decode, (writer, payload) => encode(writer, (T)payload));

    private static PayloadRow?[] Index(PayloadRow[] rows)
    {
        var index = new PayloadRow?[256];
        foreach (var row in rows) index[(byte)row.Type] = row;
        return index;
    }
}
