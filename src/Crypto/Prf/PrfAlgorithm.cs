namespace Appliance.Crypto;

/// <summary>Pseudo-random functions, by their IKEv2 transform IDs (RFC 4868 §2.4).</summary>
public enum PrfAlgorithm : ushort
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary>PRF_HMAC_SHA1.</summary>
    HmacSha1 = 2,

    /// <summary>PRF_HMAC_SHA2_256.</summary>
    HmacSha256 = 5,

    /// <summary>PRF_HMAC_SHA2_384.</summary>
    HmacSha384 = 6,

    /// <summary>PRF_HMAC_SHA2_512.</summary>
    HmacSha512 = 7,
}
