using System.Net;

namespace Appliance.SlowPath.Ike;

/// <summary>
/// Who asked before: a memory of constant size of which address sent which SPI within the last seconds. Whoever forges addresses does not come again with the same; an honest
/// peer that was not answered does (RFC 7296 §2.1). It can be wrong and take a new one for one that came before, never the other way round.
/// </summary>
internal sealed class AskedBefore
{
    private const int Bits = 1 << 24;
    private const long GenerationMilliseconds = 4000;
    private readonly uint seed = (uint)Random.Shared.Next();
    private uint[] now = [], before = [];
    private long until;

    /// <summary>Notes a request; true when it was noted in the last <see cref="GenerationMilliseconds"/> or twice as long ago.</summary>
    public bool Note(IPAddress address, ulong spi, long tick)
    {
        if (tick >= until) Turn(tick);
        Span<byte> octets = stackalloc byte[16];
        address.TryWriteBytes(octets, out var length);
        var hash = new HashCode();
        hash.Add(seed);
        hash.AddBytes(octets[..length]);
        var first = (uint)hash.ToHashCode();
        hash.Add(spi);
        var second = (uint)hash.ToHashCode();
        // Both bits depend on both: the address alone is shared by everybody behind a NAT.
        return Mark(second % Bits) & Mark((first * 0x9e37_79b1 ^ (uint)(spi >> 32) ^ (uint)spi) % Bits);
    }

    private bool Mark(uint bit)
    {
        var (word, mask) = (bit >> 5, 1u << (int)(bit & 31));
        var there = ((now[word] | before[word]) & mask) != 0;
        now[word] |= mask;
        return there;
    }

    private void Turn(long tick)
    {
        var spare = tick >= until + GenerationMilliseconds ? null : before;
        before = tick >= until + GenerationMilliseconds || now.Length == 0 ? new uint[Bits / 32] : now;
        now = spare is { Length: > 0 } ? spare : new uint[Bits / 32];
        now.AsSpan().Clear();
        until = tick + GenerationMilliseconds;
    }
}
