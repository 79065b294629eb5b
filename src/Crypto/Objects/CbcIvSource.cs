using System.Security.Cryptography;

namespace Appliance.Crypto;

/// <summary>
/// Unpredictable IVs for AES-CBC (RFC 3602 §3): a counter encrypted under a random key that no other object has, so IVs neither repeat nor tell the next one. One for each worker,
/// used by its thread only. Allocates nothing per IV.
/// </summary>
public sealed class CbcIvSource : IDisposable
{
    private const int Block = 16;
    private const int Blocks = 64;

    private readonly ICryptoTransform transform;
    private readonly byte[] counters = new byte[Block * Blocks];
    private readonly byte[] ivs = new byte[Block * Blocks];
    private ulong counter;
    private int used = Block * Blocks;

    /// <summary>Draws a key.</summary>
    public CbcIvSource()
    {
        using var aes = Aes.Create();
        aes.Mode = CipherMode.ECB;
        aes.Padding = PaddingMode.None;
        aes.GenerateKey();
        transform = aes.CreateEncryptor();
    }

    /// <summary>Writes the next IV.</summary>
    /// <param name="iv">16 octets.</param>
    public void Next(Span<byte> iv)
    {
        if (used == ivs.Length)
            Refill();
        ivs.AsSpan(used, Block).CopyTo(iv);
        used += Block;
    }

    /// <summary>Frees the key.</summary>
    public void Dispose()
    {
        transform.Dispose();
        CryptographicOperations.ZeroMemory(ivs);
    }

    private void Refill()
    {
        for (var i = 0; i < Blocks; i++)
            BitConverter.TryWriteBytes(counters.AsSpan(Block * i), counter++);
        transform.TransformBlock(counters, 0, counters.Length, ivs, 0);
        used = 0;
    }
}
