namespace Appliance.Ike.Messages;

/// <summary>The fixed header of a message (RFC 7296 §3.1), 28 octets on the wire. SPIs in host order.</summary>
public readonly record struct IkeHeader(ulong InitiatorSpi, ulong ResponderSpi, PayloadType NextPayload, byte Version, ExchangeType Exchange, HeaderFlags Flags, uint MessageId, uint Length)
{
    /// <summary>Octets on the wire.</summary>
    public const int Size = 28;

    /// <summary>Version 2.0.</summary>
    public const byte Version2 = 0x20;

    /// <summary>Whether it answers a request.</summary>
    public bool IsResponse => (Flags & HeaderFlags.Response) != 0;

    /// <summary>Whether the original initiator sent it.</summary>
    public bool FromInitiator => (Flags & HeaderFlags.Initiator) != 0;
}

/// <summary>One payload of a message. Immutable; octets are not to be changed.</summary>
public abstract record Payload(PayloadType Type);

/// <summary>SA (RFC 7296 §3.3).</summary>
public sealed record SecurityAssociationPayload(IReadOnlyList<Proposal> Proposals) : Payload(PayloadType.SecurityAssociation);

/// <summary>A proposal (RFC 7296 §3.3.1). <paramref name="Spi"/>: 0, 4 or 8 octets; other lengths with private protocols.</summary>
public sealed record Proposal(byte Number, ProtocolId Protocol, byte[] Spi, IReadOnlyList<Transform> Transforms);

/// <summary>A transform (RFC 7296 §3.3.2). <paramref name="KeyLength"/> in bits, null when the attribute is absent; other attributes as they came.</summary>
public sealed record Transform(TransformType Type, ushort Id, int? KeyLength = null)
{
    /// <summary>
    /// Attributes other than Key Length: number and value. The number has its format bit (0x8000) when the value stands in place (TV), and then has two octets.
    /// A transform with an attribute that one does not know is not acceptable (RFC 7296 §3.3.6).
    /// </summary>
    public IReadOnlyList<(ushort Number, byte[] Value)> Others { get; init; } = [];
}

/// <summary>KE (RFC 7296 §3.4).</summary>
public sealed record KeyExchangePayload(ushort Method, byte[] Data) : Payload(PayloadType.KeyExchange);

/// <summary>IDi or IDr (RFC 7296 §3.5).</summary>
public sealed record IdentificationPayload(bool OfInitiator, IdentificationType IdType, byte[] Data)
    : Payload(OfInitiator ? PayloadType.IdentificationInitiator : PayloadType.IdentificationResponder);

/// <summary>CERT (RFC 7296 §3.6); encoding 4: X.509 signature.</summary>
public sealed record CertificatePayload(byte Encoding, byte[] Data) : Payload(PayloadType.Certificate)
{
    /// <summary>X.509 Certificate - Signature.</summary>
    public const byte X509Signature = 4;
}

/// <summary>CERTREQ (RFC 7296 §3.7): SHA-1 hashes of the trust anchors' public key information, 20 octets each.</summary>
public sealed record CertificateRequestPayload(byte Encoding, byte[] Authorities) : Payload(PayloadType.CertificateRequest);

/// <summary>AUTH (RFC 7296 §3.8).</summary>
public sealed record AuthenticationPayload(AuthenticationMethod Method, byte[] Data) : Payload(PayloadType.Authentication);

/// <summary>Ni or Nr (RFC 7296 §3.9): 16 to 256 octets.</summary>
public sealed record NoncePayload(byte[] Data) : Payload(PayloadType.Nonce);

/// <summary>N (RFC 7296 §3.10). <paramref name="Spi"/>: of the SA concerned, or empty.</summary>
public sealed record NotifyPayload(ProtocolId Protocol, byte[] Spi, NotifyType NotifyType, byte[] Data) : Payload(PayloadType.Notify)
{
    /// <summary>A notify that concerns no SA.</summary>
    public NotifyPayload(NotifyType type, byte[]? data = null)
        : this(ProtocolId.None, [], type, data ?? [])
    {
    }

    /// <summary>Whether it reports an error.</summary>
    public bool IsError => (ushort)NotifyType < 16384;
}

/// <summary>D (RFC 7296 §3.11): no SPIs for the IKE SA itself, 4 octets each (host order) for ESP.</summary>
public sealed record DeletePayload(ProtocolId Protocol, IReadOnlyList<uint> Spis) : Payload(PayloadType.Delete)
{
    /// <summary>Octets of an SPI on the wire: 0 for IKE, 4 for AH and ESP, 1 to 4 for private protocols.</summary>
    public byte SpiSize { get; init; } = Protocol == ProtocolId.Ike ? (byte)0 : (byte)4;
}

/// <summary>V (RFC 7296 §3.12).</summary>
public sealed record VendorIdPayload(byte[] Data) : Payload(PayloadType.VendorId);

/// <summary>TSi or TSr (RFC 7296 §3.13).</summary>
public sealed record TrafficSelectorPayload(bool OfInitiator, IReadOnlyList<TrafficSelector> Selectors)
    : Payload(OfInitiator ? PayloadType.TrafficSelectorInitiator : PayloadType.TrafficSelectorResponder);

/// <summary>SK (RFC 7296 §3.14) as it stands on the wire: IV, ciphertext and integrity check value.</summary>
public sealed record EncryptedPayload(PayloadType First, byte[] Data) : Payload(PayloadType.Encrypted);

/// <summary>SKF (RFC 7383 §2.5) as it stands on the wire.</summary>
public sealed record EncryptedFragmentPayload(PayloadType First, ushort Number, ushort Total, byte[] Data) : Payload(PayloadType.EncryptedFragment);

/// <summary>CP (RFC 7296 §3.15).</summary>
public sealed record ConfigurationPayload(ConfigurationKind Kind, IReadOnlyList<ConfigurationAttribute> Attributes) : Payload(PayloadType.Configuration);

/// <summary>CFG types (RFC 7296 §3.15).</summary>
public enum ConfigurationKind : byte
{
    /// <summary>CFG_REQUEST.</summary>
    Request = 1,

    /// <summary>CFG_REPLY.</summary>
    Reply = 2,

    /// <summary>CFG_SET.</summary>
    Set = 3,

    /// <summary>CFG_ACK.</summary>
    Ack = 4,
}

/// <summary>A configuration attribute (RFC 7296 §3.15.1): 1 INTERNAL_IP4_ADDRESS, 3 INTERNAL_IP4_DNS, 8 INTERNAL_IP6_ADDRESS, 10 INTERNAL_IP6_DNS, …</summary>
public sealed record ConfigurationAttribute(ushort Type, byte[] Value);

/// <summary>A payload of a type that is not known here (RFC 7296 §2.5): skipped, unless critical. EAP counts as unknown.</summary>
public sealed record UnknownPayload(PayloadType UnknownType, bool Critical, byte[] Data) : Payload(UnknownType);
