using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Appliance.Cli.Labs;

/// <summary>
/// Remembers which packet had which IV under which SPI. A copy of a packet (a replica for several members, a packet sent twice by the network) is the same packet; another packet with that IV under
/// that key breaks the counter modes (RFC 4106 §3.1).
/// </summary>
internal sealed class IvLedger(int limit = 1 << 20)
{
    private readonly Dictionary<(uint Spi, ulong Iv), ulong> seen = [];

    /// <summary>Packets that were compared with all before them.</summary>
    public long Checked { get; private set; }

    /// <summary>Packets whose IV another packet had.</summary>
    public long Repeated { get; private set; }

    /// <summary>Packets that came when the ledger was full.</summary>
    public long Unchecked { get; private set; }

    /// <summary>Takes a packet.</summary>
    public void Take(uint spi, ulong iv, ReadOnlySpan<byte> esp)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(esp, hash);
        var digest = BinaryPrimitives.ReadUInt64LittleEndian(hash);
        if (seen.TryGetValue((spi, iv), out var before))
        {
            Checked++;
            if (before != digest) Repeated++;
        }
        else if (seen.Count < limit)
        {
            Checked++;
            seen.Add((spi, iv), digest);
        }
        else
        {
            Unchecked++;
        }
    }
}
