namespace Appliance.Crypto;

/// <summary>The MODP groups (RFC 3526 §3 to §5): safe primes, generator 2.</summary>
internal sealed class ModpGroup
{
    private static readonly Lazy<ModpGroup> Bits2048 = new(() => new ModpGroup(320,
        "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DDEF9519B3CD3A431B302B0A6DF25F1437"
        + "4FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7EDEE386BFB5A899FA5AE9F24117C4B1FE649286651ECE45B3DC2007CB8A163BF05"
        + "98DA48361C55D39A69163FA8FD24CF5F83655D23DCA3AD961C62F356208552BB9ED529077096966D670C354E4ABC9804F1746C08CA18217C32905E462E36CE3B"
        + "E39E772C180E86039B2783A2EC07A28FB5C55DF06F4C52C9DE2BCBF6955817183995497CEA956AE515D2261898FA051015728E5A8AACAA68FFFFFFFFFFFFFFFF"));

    private static readonly Lazy<ModpGroup> Bits3072 = new(() => new ModpGroup(448,
        "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DDEF9519B3CD3A431B302B0A6DF25F1437"
        + "4FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7EDEE386BFB5A899FA5AE9F24117C4B1FE649286651ECE45B3DC2007CB8A163BF05"
        + "98DA48361C55D39A69163FA8FD24CF5F83655D23DCA3AD961C62F356208552BB9ED529077096966D670C354E4ABC9804F1746C08CA18217C32905E462E36CE3B"
        + "E39E772C180E86039B2783A2EC07A28FB5C55DF06F4C52C9DE2BCBF6955817183995497CEA956AE515D2261898FA051015728E5A8AAAC42DAD33170D04507A33"
        + "A85521ABDF1CBA64ECFB850458DBEF0A8AEA71575D060C7DB3970F85A6E1E4C7ABF5AE8CDB0933D71E8C94E04A25619DCEE3D2261AD2EE6BF12FFA06D98A0864"
        + "D87602733EC86A64521F2B18177B200CBBE117577A615D6C770988C0BAD946E208E24FA074E5AB3143DB5BFCE0FD108E4B82D120A93AD2CAFFFFFFFFFFFFFFFF"));

    private static readonly Lazy<ModpGroup> Bits4096 = new(() => new ModpGroup(512,
        "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DDEF9519B3CD3A431B302B0A6DF25F1437"
        + "4FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7EDEE386BFB5A899FA5AE9F24117C4B1FE649286651ECE45B3DC2007CB8A163BF05"
        + "98DA48361C55D39A69163FA8FD24CF5F83655D23DCA3AD961C62F356208552BB9ED529077096966D670C354E4ABC9804F1746C08CA18217C32905E462E36CE3B"
        + "E39E772C180E86039B2783A2EC07A28FB5C55DF06F4C52C9DE2BCBF6955817183995497CEA956AE515D2261898FA051015728E5A8AAAC42DAD33170D04507A33"
        + "A85521ABDF1CBA64ECFB850458DBEF0A8AEA71575D060C7DB3970F85A6E1E4C7ABF5AE8CDB0933D71E8C94E04A25619DCEE3D2261AD2EE6BF12FFA06D98A0864"
        + "D87602733EC86A64521F2B18177B200CBBE117577A615D6C770988C0BAD946E208E24FA074E5AB3143DB5BFCE0FD108E4B82D120A92108011A723C12A787E6D7"
        + "88719A10BDBA5B2699C327186AF4E23C1A946834B6150BDA2583E9CA2AD44CE8DBBBC2DB04DE8EF92E8EFC141FBECAA6287C59474E6BC05D99B2964FA090C3A2"
        + "233BA186515BE7ED1F612970CEE2D7AFB81BDD762170481CD0069127D5B05AA993B4EA988D8FDDC186FFB7DC90A6C08F4DF435C934063199FFFFFFFFFFFFFFFF"));

    private readonly byte[] prime;
    private readonly byte[] primeLessOne;
    private readonly MontgomeryModulus modulus;

    /// <param name="exponentBits">Twice the higher strength estimate of RFC 3526 §8, rounded up to whole limbs.</param>
    /// <param name="hexadecimal">The prime.</param>
    private ModpGroup(int exponentBits, string hexadecimal)
    {
        prime = Convert.FromHexString(hexadecimal);
        primeLessOne = prime.ToArray();
        primeLessOne[^1] &= 0xfe;
        ExponentLength = exponentBits / 8;
        modulus = new MontgomeryModulus(prime);
    }

    /// <summary>Octets of prime, public values and shared secret.</summary>
    internal int Length => prime.Length;

    /// <summary>Octets of a private exponent.</summary>
    internal int ExponentLength { get; }

    /// <summary>The prime, big-endian.</summary>
    internal ReadOnlySpan<byte> Prime => prime;

    /// <summary>The group of a method.</summary>
    internal static ModpGroup Of(KeyExchangeMethod method) => method switch
    {
        KeyExchangeMethod.Modp2048 => Bits2048.Value,
        KeyExchangeMethod.Modp3072 => Bits3072.Value,
        _ => Bits4096.Value,
    };

    /// <summary>2 to the power of a private exponent.</summary>
    internal byte[] PublicValue(ReadOnlySpan<byte> exponent)
    {
        var generator = new byte[Length];
        generator[^1] = 2;
        var value = new byte[Length];
        modulus.Power(generator, exponent, value);
        return value;
    }

    /// <summary>The peer's value to the power of our exponent, padded to the length of the prime; null unless 1 &lt; value &lt; p - 1 (RFC 6989 §2.1).</summary>
    internal Secret? Agree(ReadOnlySpan<byte> exponent, ReadOnlySpan<byte> peerValue)
    {
        if (peerValue.Length != Length || peerValue.SequenceCompareTo(primeLessOne) >= 0 || (peerValue[..^1].IndexOfAnyExcept((byte)0) < 0 && peerValue[^1] <= 1))
            return null;
        var shared = new Secret(Length);
        modulus.Power(peerValue, exponent, shared.Octets);
        return shared;
    }
}
