using System.Security.Cryptography;

namespace Appliance.Crypto;

/// <summary>
/// AES-CBC with HMAC, encrypt-then-MAC as ESP has it (RFC 4303 §3.3.2, RFC 3602, RFC 4868). The MAC covers SPI, low sequence number, IV and ciphertext, and with ESN the high half at the end.
/// </summary>
/// <remarks>
/// The BCL's one-shot CBC sets up a key schedule and an object for each call. A transform that lives as long as the SA does neither, but takes its IV only once: it chains on from
/// the last block that it produced or took. So that block, which we remember, is XORed out and the packet's IV in.
/// </remarks>
internal sealed class CbcHmac : IDisposable
{
    private const int Block = 16;

    private readonly ICryptoTransform encryptor;
    private readonly ICryptoTransform decryptor;
    private readonly IncrementalHash hmac;
    private readonly byte[] encryptorChain = new byte[Block];
    private readonly byte[] decryptorChain = new byte[Block];

    internal CbcHmac(Cipher cipher, ReadOnlySpan<byte> key, ReadOnlySpan<byte> integrityKey)
    {
        using var aes = Aes.Create();
        aes.Mode = CipherMode.CBC;
        aes.Padding = PaddingMode.None;
        aes.SetKey(key);
        aes.IV = new byte[Block];
        encryptor = aes.CreateEncryptor();
        decryptor = aes.CreateDecryptor();
        hmac = IncrementalHash.CreateHMAC(HashOf(cipher), integrityKey);
    }

    internal bool Seal(ReadOnlySpan<byte> aad, ReadOnlySpan<byte> iv, Span<byte> data, Span<byte> icv)
    {
        if (data.IsEmpty || data.Length % Block != 0)
            return false;
        var input = Scratch.FirstArray(data.Length);
        var output = Scratch.SecondArray(data.Length);
        data.CopyTo(input);
        Xor(input, iv, encryptorChain);
        encryptor.TransformBlock(input, 0, data.Length, output, 0);
        output.AsSpan(0, data.Length).CopyTo(data);
        data[^Block..].CopyTo(encryptorChain);
        CryptographicOperations.ZeroMemory(input.AsSpan(0, data.Length));
        Span<byte> mac = stackalloc byte[64];
        Mac(aad, iv, data, mac);
        mac[..icv.Length].CopyTo(icv);
        return true;
    }

    internal bool Open(ReadOnlySpan<byte> aad, ReadOnlySpan<byte> iv, Span<byte> data, ReadOnlySpan<byte> icv)
    {
        if (data.IsEmpty || data.Length % Block != 0)
            return false;
        Span<byte> mac = stackalloc byte[64];
        Mac(aad, iv, data, mac);
        if (!CryptographicOperations.FixedTimeEquals(mac[..icv.Length], icv))
            return false;
        var input = Scratch.FirstArray(data.Length);
        var output = Scratch.SecondArray(data.Length);
        data.CopyTo(input);
        decryptor.TransformBlock(input, 0, data.Length, output, 0);
        Xor(output, iv, decryptorChain);
        data[^Block..].CopyTo(decryptorChain);
        output.AsSpan(0, data.Length).CopyTo(data);
        CryptographicOperations.ZeroMemory(output.AsSpan(0, data.Length));
        return true;
    }

    public void Dispose()
    {
        encryptor.Dispose();
        decryptor.Dispose();
        hmac.Dispose();
    }

    /// <summary>The whole MAC, at least as long as the hash; the ICV is its first octets.</summary>
    internal void Mac(ReadOnlySpan<byte> aad, ReadOnlySpan<byte> iv, ReadOnlySpan<byte> data, Span<byte> mac)
    {
        var esn = aad.Length == 12;
        hmac.AppendData(aad[..4]);
        hmac.AppendData(aad[^4..]);
        hmac.AppendData(iv);
        hmac.AppendData(data);
        if (esn)
            hmac.AppendData(aad[4..8]);
        hmac.TryGetHashAndReset(mac, out _);
    }

    private static void Xor(byte[] block, ReadOnlySpan<byte> a, ReadOnlySpan<byte> b)
    {
        for (var i = 0; i < Block; i++)
            block[i] ^= (byte)(a[i] ^ b[i]);
    }

    private static HashAlgorithmName HashOf(Cipher cipher) => cipher switch
    {
        Cipher.AesCbcHmacSha1 => HashAlgorithmName.SHA1,
        Cipher.AesCbcHmacSha256 => HashAlgorithmName.SHA256,
        Cipher.AesCbcHmacSha384 => HashAlgorithmName.SHA384,
        _ => HashAlgorithmName.SHA512,
    };
}
