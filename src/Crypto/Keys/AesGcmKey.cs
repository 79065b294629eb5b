using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using System.Security.Cryptography;
using Aes = System.Runtime.Intrinsics.X86.Aes;

namespace Appliance.Crypto;

/// <summary>Key expansion for AES-GCM and AES-GMAC.</summary>
public static class AesGcmKey
{
    /// <summary>
    /// Writes round keys, salt and powers of the GHASH key. A processor without AES-NI and PCLMULQDQ gets the raw key and the salt only, which is all that the
    /// <see cref="AesGcmTier.Bcl"/> tier reads, and no other tier runs there.
    /// </summary>
    /// <param name="key">16 or 32 octets.</param>
    /// <param name="salt">4 octets.</param>
    /// <param name="keyBlock">At least <see cref="KeyBlock.Size"/> octets; all of them are written.</param>
    /// <exception cref="ArgumentException">A length is wrong.</exception>
    public static void Expand(ReadOnlySpan<byte> key, ReadOnlySpan<byte> salt, Span<byte> keyBlock)
    {
        if (key.Length is not (16 or 32))
            throw new ArgumentException("the key has 16 or 32 octets", nameof(key));
        if (salt.Length != KeyBlock.SaltLength)
            throw new ArgumentException("the salt has 4 octets", nameof(salt));
        if (keyBlock.Length < KeyBlock.Size)
            throw new ArgumentException($"a key block has {KeyBlock.Size} octets", nameof(keyBlock));
        keyBlock = keyBlock[..KeyBlock.Size];
        CryptographicOperations.ZeroMemory(keyBlock);
        key.CopyTo(keyBlock);
        salt.CopyTo(keyBlock[KeyBlock.SaltOffset..]);
        if (!Aes.IsSupported || !Pclmulqdq.IsSupported)
            return;
        ExpandRoundKeys(MemoryMarshal.Cast<byte, uint>(keyBlock[..KeyBlock.SaltOffset]), key.Length / 4);
        ExpandPowers(MemoryMarshal.Cast<byte, Vector128<byte>>(keyBlock), key.Length / 4 + 6);
    }

    /// <summary>FIPS 197 §5.2, on a schedule whose first words hold the raw key.</summary>
    private static void ExpandRoundKeys(Span<uint> words, int keyWords)
    {
        var rcon = 1u;
        for (var i = keyWords; i < 4 * (keyWords + 7); i++)
        {
            var word = words[i - 1];
            if (i % keyWords == 0)
            {
                word = uint.RotateRight(SubWord(word), 8) ^ rcon;
                rcon = (rcon << 1) ^ (rcon >> 7) * 0x11b;
            }
            else if (keyWords > 6 && i % keyWords == 4)
            {
                word = SubWord(word);
            }

            words[i] = words[i - keyWords] ^ word;
        }
    }

    /// <summary>S-box on four octets: KeygenAssist gives SubWord of its second word in its first.</summary>
    private static uint SubWord(uint word) => Aes.KeygenAssist(Vector128.Create(0, word, 0, 0).AsByte(), 0).AsUInt32()[0];

    /// <summary>H = AES(0), byte-reversed and times x, as Gueron's reflected multiplication wants it; then its powers, H^1 last.</summary>
    private static void ExpandPowers(Span<Vector128<byte>> block, int rounds)
    {
        var h = block[0];
        for (var round = 1; round < rounds; round++)
            h = Aes.Encrypt(h, block[round]);
        h = Ghash.TimesX(Ghash.Reverse(Aes.EncryptLast(h, block[rounds])));
        var powers = block.Slice(KeyBlock.PowersOffset / 16, KeyBlock.Powers);
        var power = h;
        for (var i = KeyBlock.Powers - 1; i >= 0; i--)
        {
            powers[i] = power;
            power = Ghash.Multiply(power, h);
        }
    }
}
