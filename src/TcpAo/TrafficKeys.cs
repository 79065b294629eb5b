using System.Buffers.Binary;
using System.Security.Cryptography;
using Appliance.Crypto;

namespace Appliance.TcpAo;

/// <summary>Traffic keys out of a master key (RFC 5926 §3.1): the PRF over counter, "TCP-AO", context and length. Every KDF here gives its key in one round.</summary>
public static class TrafficKeys
{
    private static ReadOnlySpan<byte> Label => "TCP-AO"u8;

    /// <summary>Writes the traffic key of a connection's direction: <see cref="TcpAoLengths.TrafficKey"/> octets. A master key may have any length.</summary>
    public static void Derive(TcpAoAlgorithm algorithm, ReadOnlySpan<byte> masterKey, ConnectionContext context, Span<byte> key)
    {
        Span<byte> input = stackalloc byte[1 + 6 + ConnectionContext.LongestLength + 2];
        input = input[..(1 + Label.Length + context.Length + 2)];
        input[0] = 1;
        Label.CopyTo(input[1..]);
        context.Write(input[(1 + Label.Length)..]);
        BinaryPrimitives.WriteUInt16BigEndian(input[^2..], (ushort)(TcpAoLengths.TrafficKey(algorithm) * 8));
        switch (algorithm)
        {
            case TcpAoAlgorithm.HmacSha1:
                // RFC 5926 has no other MAC that every implementation must have.
#pragma warning disable CA5350
                HMACSHA1.HashData(masterKey, input, key);
#pragma warning restore CA5350
                break;
            case TcpAoAlgorithm.AesCmac:
                Cmac(masterKey, input, key);
                break;
            case TcpAoAlgorithm.HmacSha256:
                HMACSHA256.HashData(masterKey, input, key);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(algorithm));
        }
    }

    /// <summary>A master key that has not 16 octets is made into one that has (RFC 5926 §3.1.1.2, RFC 4615 §3).</summary>
    private static void Cmac(ReadOnlySpan<byte> masterKey, ReadOnlySpan<byte> input, Span<byte> key)
    {
        Span<byte> extracted = stackalloc byte[AesCmac.Size];
        extracted.Clear();
        if (masterKey.Length == AesCmac.Size)
        {
            masterKey.CopyTo(extracted);
        }
        else
        {
            using var extractor = new AesCmac(extracted);
            extractor.Compute(masterKey, extracted);
        }

        using (var cmac = new AesCmac(extracted)) cmac.Compute(input, key);
        CryptographicOperations.ZeroMemory(extracted);
    }
}
