namespace Appliance.Ike.Messages;

/// <summary>CERT and CERTREQ (RFC 7296 §3.6, §3.7). A CERTREQ may be without authorities: any will do.</summary>
internal static class CertificateCodec
{
    public static Payload Read(PayloadType type, ref OctetReader reader)
    {
        var encoding = reader.Byte();
        var data = reader.Rest().ToArray();
        if (data.Length == 0) reader.Fail(MessageErrorKind.Length, "no certificate data");
        return new CertificatePayload(encoding, data);
    }

    public static void Write(OctetWriter writer, CertificatePayload payload)
    {
        writer.Byte(payload.Encoding);
        writer.Octets(payload.Data);
    }

    public static Payload ReadRequest(PayloadType type, ref OctetReader reader)
    {
        var encoding = reader.Byte();
        var authorities = reader.Rest().ToArray();
        if (encoding == CertificatePayload.X509Signature && authorities.Length % 20 != 0) reader.Fail(MessageErrorKind.Length, $"{authorities.Length} octets are no hashes of 20 octets");
        return new CertificateRequestPayload(encoding, authorities);
    }

    public static void WriteRequest(OctetWriter writer, CertificateRequestPayload payload)
    {
        writer.Byte(payload.Encoding);
        writer.Octets(payload.Authorities);
    }
}
