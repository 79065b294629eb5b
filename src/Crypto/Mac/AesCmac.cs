using System.Security.Cryptography;

namespace Appliance.Crypto;

/// <summary>AES-128-CMAC (RFC 4493) under one key. One thread at a time. Disposing wipes the subkeys and what is left of messages.</summary>
public sealed class AesCmac : IDisposable
{
    /// <summary>Octets of a key, a block and a whole MAC.</summary>
    public const int Size = 16;

    private static readonly byte[] ZeroIv = new byte[Size];
    private readonly Aes aes = Aes.Create();
    private readonly byte[] whole = new byte[Size], padded = new byte[Size];
    private byte[] blocks = GC.AllocateUninitializedArray<byte>(2048, pinned: true);

    /// <summary>For a key of <see cref="Size"/> octets.</summary>
    /// <exception cref="CryptographicException">The key has another length.</exception>
    public AesCmac(ReadOnlySpan<byte> key)
    {
        if (key.Length != Size) throw new CryptographicException($"a key of {key.Length} octets: AES-128-CMAC has {Size}");
        aes.SetKey(key);
        aes.EncryptEcb(ZeroIv, whole, PaddingMode.None);
        Double(whole);
        whole.CopyTo(padded, 0);
        Double(padded);
    }

    /// <summary>Writes the MAC of a message, <see cref="Size"/> octets.</summary>
    public void Compute(ReadOnlySpan<byte> message, Span<byte> mac)
    {
        var length = Math.Max(1, (message.Length + Size - 1) / Size) * Size;
        if (blocks.Length < length) Grow(length);
        var octets = blocks.AsSpan(0, length);
        message.CopyTo(octets);
        var subkey = whole;
        if (message.Length != length)
        {
            // RFC 4493 §2.4: an incomplete last block is filled up with one bit 1 and zeros, and has a subkey of its own.
            octets[message.Length] = 0x80;
            octets[(message.Length + 1)..].Clear();
            subkey = padded;
        }

        var last = octets[^Size..];
        for (var i = 0; i < Size; i++) last[i] ^= subkey[i];
        aes.EncryptCbc(octets, ZeroIv, octets, PaddingMode.None);
        octets[^Size..].CopyTo(mac);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        aes.Dispose();
        CryptographicOperations.ZeroMemory(whole);
        CryptographicOperations.ZeroMemory(padded);
        CryptographicOperations.ZeroMemory(blocks);
    }

    private void Grow(int length)
    {
        CryptographicOperations.ZeroMemory(blocks);
        blocks = GC.AllocateUninitializedArray<byte>(length, pinned: true);
    }

    /// <summary>Doubling in GF(2^128) (RFC 4493 §2.3), without a branch that depends on the key.</summary>
    private static void Double(Span<byte> block)
    {
        var carry = block[0] >> 7;
        for (var i = 0; i < Size - 1; i++) block[i] = (byte)(block[i] << 1 | block[i + 1] >> 7);
        block[^1] = (byte)(block[^1] << 1 ^ (-carry & 0x87));
    }
}
