namespace Appliance.Crypto;

/// <summary>What protects the packets of an SA: the algorithms of RFC 8221 §5 and §6 that we run. The numbers stand in region records.</summary>
public enum Cipher : byte
{
    /// <summary>No cipher: a record that was never filled.</summary>
    None = 0,

    /// <summary>AES-GCM with a 16-octet ICV (RFC 4106).</summary>
    AesGcm = 1,

    /// <summary>AES-GMAC, integrity without encryption (ENCR_NULL_AUTH_AES_GMAC, RFC 4543).</summary>
    AesGmac = 2,

    /// <summary>ChaCha20-Poly1305 (RFC 7634).</summary>
    ChaCha20Poly1305 = 3,

    /// <summary>AES-CBC (RFC 3602) with HMAC-SHA1-96 (RFC 2404).</summary>
    AesCbcHmacSha1 = 4,

    /// <summary>AES-CBC (RFC 3602) with HMAC-SHA2-256-128 (RFC 4868).</summary>
    AesCbcHmacSha256 = 5,

    /// <summary>AES-CBC (RFC 3602) with HMAC-SHA2-384-192 (RFC 4868).</summary>
    AesCbcHmacSha384 = 6,

    /// <summary>AES-CBC (RFC 3602) with HMAC-SHA2-512-256 (RFC 4868).</summary>
    AesCbcHmacSha512 = 7,
}
