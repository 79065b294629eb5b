namespace Appliance.Ike.Messages;

/// <summary>Exchange types (RFC 7296 §3.1, RFC 9242 §2, RFC 9370 §2.2.4).</summary>
public enum ExchangeType : byte
{
    /// <summary>IKE_SA_INIT.</summary>
    IkeSaInit = 34,

    /// <summary>IKE_AUTH.</summary>
    IkeAuth = 35,

    /// <summary>CREATE_CHILD_SA.</summary>
    CreateChildSa = 36,

    /// <summary>INFORMATIONAL.</summary>
    Informational = 37,

    /// <summary>IKE_INTERMEDIATE.</summary>
    IkeIntermediate = 43,

    /// <summary>IKE_FOLLOWUP_KE.</summary>
    IkeFollowupKe = 44,
}

/// <summary>Flags of the IKE header (RFC 7296 §3.1).</summary>
[Flags]
public enum HeaderFlags : byte
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary>I: sent by the original initiator of the IKE SA.</summary>
    Initiator = 0x08,

    /// <summary>V: the sender speaks a higher major version.</summary>
    Version = 0x10,

    /// <summary>R: a response to the request of the same message ID.</summary>
    Response = 0x20,
}

/// <summary>Payload types (RFC 7296 §3.2, RFC 7383 §2.5).</summary>
public enum PayloadType : byte
{
    /// <summary>No next payload.</summary>
    None = 0,

    /// <summary>SA.</summary>
    SecurityAssociation = 33,

    /// <summary>KE.</summary>
    KeyExchange = 34,

    /// <summary>IDi.</summary>
    IdentificationInitiator = 35,

    /// <summary>IDr.</summary>
    IdentificationResponder = 36,

    /// <summary>CERT.</summary>
    Certificate = 37,

    /// <summary>CERTREQ.</summary>
    CertificateRequest = 38,

    /// <summary>AUTH.</summary>
    Authentication = 39,

    /// <summary>Ni, Nr.</summary>
    Nonce = 40,

    /// <summary>N.</summary>
    Notify = 41,

    /// <summary>D.</summary>
    Delete = 42,

    /// <summary>V.</summary>
    VendorId = 43,

    /// <summary>TSi.</summary>
    TrafficSelectorInitiator = 44,

    /// <summary>TSr.</summary>
    TrafficSelectorResponder = 45,

    /// <summary>SK.</summary>
    Encrypted = 46,

    /// <summary>CP.</summary>
    Configuration = 47,

    /// <summary>EAP.</summary>
    Eap = 48,

    /// <summary>SKF.</summary>
    EncryptedFragment = 53,
}

/// <summary>Protocol IDs (RFC 7296 §3.3.1). Others (private ones of later documents) are kept as they come.</summary>
public enum ProtocolId : byte
{
    /// <summary>None, in notifies that concern no SA.</summary>
    None = 0,

    /// <summary>IKE.</summary>
    Ike = 1,

    /// <summary>AH.</summary>
    Ah = 2,

    /// <summary>ESP.</summary>
    Esp = 3,
}

/// <summary>Transform types (RFC 7296 §3.3.2, RFC 9370 §2.2.1).</summary>
public enum TransformType : byte
{
    /// <summary>ENCR.</summary>
    Encryption = 1,

    /// <summary>PRF.</summary>
    PseudoRandomFunction = 2,

    /// <summary>INTEG.</summary>
    Integrity = 3,

    /// <summary>D-H, now "Key Exchange Method".</summary>
    KeyExchange = 4,

    /// <summary>ESN.</summary>
    ExtendedSequenceNumbers = 5,

    /// <summary>ADDKE1; ADDKE2 to ADDKE7 follow.</summary>
    AdditionalKeyExchange1 = 6,

    /// <summary>ADDKE7.</summary>
    AdditionalKeyExchange7 = 12,

    /// <summary>NONCE of MPSA_PUT (draft-yamaya-ipsecme-mpsa-04 §3.2.2); those below too.</summary>
    Nonce = MultipointNumbers.Nonce,

    /// <summary>SKD.</summary>
    SkD = MultipointNumbers.SkD,

    /// <summary>LIFE.</summary>
    Lifetime = MultipointNumbers.Lifetime,

    /// <summary>ROLL1.</summary>
    Rollover1 = MultipointNumbers.Rollover1,

    /// <summary>ROLL2.</summary>
    Rollover2 = MultipointNumbers.Rollover2,

    /// <summary>SENDER_ID: private.</summary>
    SenderId = MultipointNumbers.SenderId,

    /// <summary>GROUP: private.</summary>
    Group = MultipointNumbers.Group,
}

/// <summary>Encryption transforms (RFC 7296 §3.3.2 and code points of RFC 4106, 4543, 7634).</summary>
public enum EncryptionTransform : ushort
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary>ENCR_AES_CBC.</summary>
    AesCbc = 12,

    /// <summary>AES-GCM with a 16-octet ICV.</summary>
    AesGcm16 = 20,

    /// <summary>ENCR_NULL_AUTH_AES_GMAC.</summary>
    NullAesGmac = 21,

    /// <summary>ENCR_CHACHA20_POLY1305.</summary>
    ChaCha20Poly1305 = 28,
}

/// <summary>Integrity transforms (RFC 4868, RFC 7296 §3.3.2).</summary>
public enum IntegrityTransform : ushort
{
    /// <summary>NONE, with an AEAD.</summary>
    None = 0,

    /// <summary>AUTH_HMAC_SHA1_96.</summary>
    HmacSha1Bits96 = 2,

    /// <summary>AUTH_HMAC_SHA2_256_128.</summary>
    HmacSha256Bits128 = 12,

    /// <summary>AUTH_HMAC_SHA2_384_192.</summary>
    HmacSha384Bits192 = 13,

    /// <summary>AUTH_HMAC_SHA2_512_256.</summary>
    HmacSha512Bits256 = 14,
}

/// <summary>Authentication methods (RFC 7296 §3.8, RFC 4754, RFC 7427).</summary>
public enum AuthenticationMethod : byte
{
    /// <summary>RSA digital signature, PKCS #1 v1.5 with SHA-1.</summary>
    RsaDigitalSignature = 1,

    /// <summary>Shared key message integrity code.</summary>
    SharedKey = 2,

    /// <summary>ECDSA with SHA-256 on P-256.</summary>
    EcdsaSha256 = 9,

    /// <summary>ECDSA with SHA-384 on P-384.</summary>
    EcdsaSha384 = 10,

    /// <summary>ECDSA with SHA-512 on P-521.</summary>
    EcdsaSha512 = 11,

    /// <summary>NULL (RFC 7619).</summary>
    Null = 13,

    /// <summary>Digital signature (RFC 7427).</summary>
    DigitalSignature = 14,
}

/// <summary>Identification types (RFC 7296 §3.5).</summary>
public enum IdentificationType : byte
{
    /// <summary>ID_IPV4_ADDR.</summary>
    Ipv4Address = 1,

    /// <summary>ID_FQDN.</summary>
    Fqdn = 2,

    /// <summary>ID_RFC822_ADDR.</summary>
    Rfc822Address = 3,

    /// <summary>ID_IPV6_ADDR.</summary>
    Ipv6Address = 5,

    /// <summary>ID_DER_ASN1_DN.</summary>
    DistinguishedName = 9,

    /// <summary>ID_DER_ASN1_GN.</summary>
    GeneralName = 10,

    /// <summary>ID_KEY_ID.</summary>
    KeyId = 11,
}
