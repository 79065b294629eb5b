using System.Buffers;
using System.Security.Cryptography;

namespace Appliance.Crypto;

/// <summary>The negotiated pseudo-random function: HMACs, whose keys may have any length (RFC 7296 §2.13, RFC 4868 §2.4).</summary>
public static class Prf
{
    /// <summary>Longest output of any algorithm, in octets.</summary>
    public const int MaximumLength = 64;

    private const int MostBlocks = 255;

    /// <summary>Octets of output, which is the preferred key length as well; 0 for an algorithm that is not known.</summary>
    public static int OutputLength(PrfAlgorithm algorithm) => algorithm switch
    {
        PrfAlgorithm.HmacSha1 => 20,
        PrfAlgorithm.HmacSha256 => 32,
        PrfAlgorithm.HmacSha384 => 48,
        PrfAlgorithm.HmacSha512 => 64,
        _ => 0,
    };

    /// <summary>prf(key, data).</summary>
    /// <param name="algorithm">A known algorithm.</param>
    /// <param name="key">Of any length.</param>
    /// <param name="data">Of any length.</param>
    /// <param name="output">At least <see cref="OutputLength"/> octets; more are left alone.</param>
    /// <exception cref="ArgumentException">The algorithm is not known, or the output too short.</exception>
    public static void Compute(PrfAlgorithm algorithm, ReadOnlySpan<byte> key, ReadOnlySpan<byte> data, Span<byte> output) =>
        CryptographicOperations.HmacData(HashOf(algorithm), key, data, output);

    /// <summary>prf(key, first | second | third).</summary>
    /// <inheritdoc cref="Compute(PrfAlgorithm, ReadOnlySpan{byte}, ReadOnlySpan{byte}, Span{byte})"/>
    public static void Compute(PrfAlgorithm algorithm, ReadOnlySpan<byte> key, ReadOnlySpan<byte> first, ReadOnlySpan<byte> second, ReadOnlySpan<byte> third, Span<byte> output)
    {
        using var hmac = IncrementalHash.CreateHMAC(HashOf(algorithm), key);
        hmac.AppendData(first);
        hmac.AppendData(second);
        hmac.AppendData(third);
        hmac.GetHashAndReset(output);
    }

    /// <summary>prf+(key, seed): as much as <paramref name="output"/> holds (RFC 7296 §2.13).</summary>
    /// <exception cref="ArgumentException">The algorithm is not known, or more than 255 times its output is asked for.</exception>
    public static void Plus(PrfAlgorithm algorithm, ReadOnlySpan<byte> key, ReadOnlySpan<byte> seed, Span<byte> output)
    {
        var hash = HashOf(algorithm);
        var length = OutputLength(algorithm);
        if (output.Length > MostBlocks * length)
            throw new ArgumentException($"prf+ gives at most {MostBlocks * length} octets, not {output.Length} (RFC 7296 §2.13)", nameof(output));
        // T(n-1) | seed | n: T is missing in the first round only.
        var needed = length + seed.Length + 1;
        var rented = ArrayPool<byte>.Shared.Rent(needed);
        var input = rented.AsSpan(0, needed);
        seed.CopyTo(input[length..]);
        Span<byte> block = stackalloc byte[MaximumLength];
        for (byte n = 1; !output.IsEmpty; n++)
        {
            input[^1] = n;
            CryptographicOperations.HmacData(hash, key, n == 1 ? input[length..] : input, block);
            block[..length].CopyTo(input);
            var taken = Math.Min(length, output.Length);
            block[..taken].CopyTo(output);
            output = output[taken..];
        }

        CryptographicOperations.ZeroMemory(block);
        CryptographicOperations.ZeroMemory(input);
        ArrayPool<byte>.Shared.Return(rented);
    }

    private static HashAlgorithmName HashOf(PrfAlgorithm algorithm) => algorithm switch
    {
        PrfAlgorithm.HmacSha1 => HashAlgorithmName.SHA1,
        PrfAlgorithm.HmacSha256 => HashAlgorithmName.SHA256,
        PrfAlgorithm.HmacSha384 => HashAlgorithmName.SHA384,
        PrfAlgorithm.HmacSha512 => HashAlgorithmName.SHA512,
        _ => throw new ArgumentException($"no pseudo-random function: {algorithm}", nameof(algorithm)),
    };
}
