namespace Appliance.Crypto;

/// <summary>
/// Expanded key of one SA: <see cref="Size"/> octets, 64-byte aligned in region records. One layout for both own AES-GCM tiers, known to native-shim as well:
/// <code>
///   0  AES round keys, 15 x 16 octets; the first key-length octets are the raw key     ChaCha20 and CBC: the raw encryption key
///  64                                                                                  CBC: the raw integrity key, up to 64 octets
/// 240  salt, 4 octets, then 12 zero octets
/// 256  H^32, H^31 ... H^1, 16 octets each (GHASH key powers, bit-reflected, times x)
/// </code>
/// </summary>
public static class KeyBlock
{
    /// <summary>Octets of a key block.</summary>
    public const int Size = 768;

    /// <summary>Alignment in octets that the own kernels want; 16 is what they need.</summary>
    public const int Alignment = 64;

    internal const int IntegrityKeyOffset = 64;
    internal const int SaltOffset = 240;
    internal const int SaltLength = 4;
    internal const int PowersOffset = 256;
    internal const int Powers = 32;
}
