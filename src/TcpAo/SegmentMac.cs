using System.Buffers.Binary;
using System.Security.Cryptography;
using Appliance.Crypto;
using Appliance.Wire;

namespace Appliance.TcpAo;

/// <summary>
/// MACs of segments under one traffic key (RFC 5925 §5.1): sequence number extension, pseudo-header, TCP header with checksum and MAC as zeros, data. One thread at a time. Disposing wipes the key.
/// </summary>
public sealed class SegmentMac : IDisposable
{
    private const byte Tcp = 6;
    private readonly IncrementalHash? hash;
    private readonly AesCmac? cmac;
    private byte[] gathered = new byte[2048];

    /// <summary>For a traffic key (<see cref="TrafficKeys"/>).</summary>
    public SegmentMac(TcpAoAlgorithm algorithm, ReadOnlySpan<byte> trafficKey)
    {
        if (algorithm == TcpAoAlgorithm.AesCmac) cmac = new AesCmac(trafficKey);
        else hash = IncrementalHash.CreateHMAC(algorithm == TcpAoAlgorithm.HmacSha1 ? HashAlgorithmName.SHA1 : HashAlgorithmName.SHA256, trafficKey);
    }

    /// <summary>
    /// Writes the MAC of a segment that starts at its TCP header, <see cref="TcpAoLengths.Mac"/> octets. <paramref name="extension"/> is the high half of the 64-bit sequence number (RFC 5925 §6.2);
    /// without <paramref name="coversOptions"/> no option but TCP-AO itself counts.
    /// </summary>
    public void Compute(ReadOnlySpan<byte> source, ReadOnlySpan<byte> destination, uint extension, ReadOnlySpan<byte> segment, TcpAoOption option, bool coversOptions, Span<byte> mac)
    {
        var header = (segment[12] >> 4) * 4;
        var most = 4 + source.Length + destination.Length + 8 + segment.Length;
        if (gathered.Length < most) gathered = new byte[most];
        var to = gathered.AsSpan();
        var at = 0;
        BinaryPrimitives.WriteUInt32BigEndian(to, extension);
        at += 4;
        source.CopyTo(to[at..]);
        destination.CopyTo(to[(at + source.Length)..]);
        at += source.Length + destination.Length;
        at += PseudoHeader(to[at..], source.Length == 4, segment.Length);
        var tcp = at;
        segment[..TcpView.MinimumHeaderLength].CopyTo(to[at..]);
        to.Slice(tcp + 16, 2).Clear();
        at += TcpView.MinimumHeaderLength;
        var options = coversOptions ? segment[TcpView.MinimumHeaderLength..header] : segment.Slice(option.Offset, option.Length);
        options.CopyTo(to[at..]);
        to.Slice(coversOptions ? tcp + option.MacOffset : at + TcpAoOption.HeaderLength, option.MacLength).Clear();
        at += options.Length;
        segment[header..].CopyTo(to[at..]);
        at += segment.Length - header;
        Finish(to[..at], mac);
    }

    /// <summary>Whether the MAC in a segment is right. Compared in constant time.</summary>
    public bool IsRight(ReadOnlySpan<byte> source, ReadOnlySpan<byte> destination, uint extension, ReadOnlySpan<byte> segment, TcpAoOption option, bool coversOptions)
    {
        if (option.MacLength != TcpAoLengths.Mac) return false;
        Span<byte> mac = stackalloc byte[TcpAoLengths.Mac];
        Compute(source, destination, extension, segment, option, coversOptions, mac);
        return CryptographicOperations.FixedTimeEquals(mac, segment.Slice(option.MacOffset, TcpAoLengths.Mac));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        hash?.Dispose();
        cmac?.Dispose();
    }

    /// <summary>What follows the addresses (RFC 9293 §3.1, RFC 8200 §8.1); returns its length in octets.</summary>
    private static int PseudoHeader(Span<byte> to, bool isV4, int length)
    {
        if (isV4)
        {
            to[0] = 0;
            to[1] = Tcp;
            BinaryPrimitives.WriteUInt16BigEndian(to[2..], (ushort)length);
            return 4;
        }

        BinaryPrimitives.WriteUInt32BigEndian(to, (uint)length);
        BinaryPrimitives.WriteUInt32BigEndian(to[4..], Tcp);
        return 8;
    }

    private void Finish(ReadOnlySpan<byte> message, Span<byte> mac)
    {
        Span<byte> whole = stackalloc byte[TcpAoLengths.LongestTrafficKey];
        if (cmac is not null)
        {
            cmac.Compute(message, whole);
        }
        else
        {
            hash!.AppendData(message);
            hash.GetHashAndReset(whole);
        }

        whole[..TcpAoLengths.Mac].CopyTo(mac);
    }
}
