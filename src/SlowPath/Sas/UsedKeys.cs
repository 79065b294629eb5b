using System.Security.Cryptography;
using Appliance.Crypto;

namespace Appliance.SlowPath.Sas;

/// <summary>
/// Remembers every counter-mode key that an SA here has or had, as a digest under a secret of this process: the same key again would start at the same IVs
/// (RFC 4106 §2: never twice under one key), also when the other direction has it. Digests, so that no key is kept and comparing takes the same time for every key.
/// </summary>
internal sealed class UsedKeys
{
    /// <summary>Round keys and salt; what follows is computed from them.</summary>
    private const int Compared = 256;
    private readonly byte[] secret = RandomNumberGenerator.GetBytes(32);
    private readonly HashSet<UInt128> digests = [];

    /// <summary>Whether the key was seen; always false for ciphers that need no unique IVs.</summary>
    public bool Contains(Cipher cipher, ReadOnlySpan<byte> keyBlock) => !CipherFacts.IsCbc(cipher) && digests.Contains(Digest(keyBlock));

    /// <summary>Remembers a key.</summary>
    public void Add(Cipher cipher, ReadOnlySpan<byte> keyBlock)
    {
        if (!CipherFacts.IsCbc(cipher)) digests.Add(Digest(keyBlock));
    }

    private UInt128 Digest(ReadOnlySpan<byte> keyBlock)
    {
        Span<byte> digest = stackalloc byte[32];
        HMACSHA256.HashData(secret, keyBlock[..Compared], digest);
        return System.Buffers.Binary.BinaryPrimitives.ReadUInt128LittleEndian(digest);
    }
}
