namespace Appliance.Ike.Messages;

/// <summary>Payloads by their short names in RFC 7296 §1.2.</summary>
public static class PayloadNames
{
    /// <summary>The short name, as <c>SA</c> or <c>TSi</c>, or the number.</summary>
    public static string Of(PayloadType type) => type switch
    {
        PayloadType.None => "message",
        PayloadType.SecurityAssociation => "SA",
        PayloadType.KeyExchange => "KE",
        PayloadType.IdentificationInitiator => "IDi",
        PayloadType.IdentificationResponder => "IDr",
        PayloadType.Certificate => "CERT",
        PayloadType.CertificateRequest => "CERTREQ",
        PayloadType.Authentication => "AUTH",
        PayloadType.Nonce => "Nonce",
        PayloadType.Notify => "N",
        PayloadType.Delete => "D",
        PayloadType.VendorId => "V",
        PayloadType.TrafficSelectorInitiator => "TSi",
        PayloadType.TrafficSelectorResponder => "TSr",
        PayloadType.Encrypted => "SK",
        PayloadType.Configuration => "CP",
        PayloadType.Eap => "EAP",
        PayloadType.EncryptedFragment => "SKF",
        _ => $"payload type {(byte)type}",
    };
}
