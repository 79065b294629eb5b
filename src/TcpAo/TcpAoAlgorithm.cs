namespace Appliance.TcpAo;

/// <summary>A MAC of TCP-AO with the key derivation function that goes with it (RFC 5926 §3.1.1, §3.2).</summary>
public enum TcpAoAlgorithm : byte
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary>HMAC-SHA-1-96 and KDF_HMAC_SHA1.</summary>
    HmacSha1 = 1,

    /// <summary>AES-128-CMAC-96 and KDF_AES_128_CMAC.</summary>
    AesCmac = 2,

    /// <summary>HMAC-SHA-256, cut to 96 bits, and the KDF of RFC 5926 over HMAC-SHA-256. No RFC has it.</summary>
    HmacSha256 = 3,
}

/// <summary>Lengths in octets.</summary>
public static class TcpAoLengths
{
    /// <summary>The MAC in the option.</summary>
    public const int Mac = 12;

    /// <summary>The longest traffic key.</summary>
    public const int LongestTrafficKey = 32;

    /// <summary>A traffic key.</summary>
    public static int TrafficKey(TcpAoAlgorithm algorithm) => algorithm switch
    {
        TcpAoAlgorithm.HmacSha1 => 20,
        TcpAoAlgorithm.AesCmac => 16,
        TcpAoAlgorithm.HmacSha256 => 32,
        _ => 0,
    };
}
