namespace Appliance.Bgp;

/// <summary>
/// Remembers which attributes were read from which octets, so that messages with the same ones need not be read again. Bounded: a place for each hash, the newest stays. One for a session:
/// what was agreed is the same for everything in it.
/// </summary>
public sealed class AttributeCache
{
    private const int LongestKey = 512;
    private readonly Entry[] entries;
    private readonly byte[] scratch = new byte[LongestKey];

    /// <summary>An empty one.</summary>
    /// <param name="places">Sets that are remembered at most; rounded up to a power of two.</param>
    public AttributeCache(int places = 4096) => entries = new Entry[System.Numerics.BitOperations.RoundUpToPowerOf2((uint)Math.Max(1, places))];

    /// <summary>Reads as <see cref="AttributeReader.Read"/> does; equal octets give the same object while they are remembered.</summary>
    /// <param name="view">The message, with an error of at most <see cref="UpdateError.AttributeDiscard"/>.</param>
    /// <param name="isMultiprotocol">Of MP_REACH_NLRI, not of the IPv4 field.</param>
    public PathAttributes Read(in UpdateView view, bool isMultiprotocol)
    {
        if (view.RawLength > LongestKey) return AttributeReader.Read(view, isMultiprotocol);
        var raw = view.RawKey(scratch);
        var hop = isMultiprotocol ? view.ReachNextHop : default;
        var family = isMultiprotocol ? view.ReachFamily : Family.Ipv4Unicast;
        var code = new HashCode();
        code.AddBytes(raw);
        code.AddBytes(hop);
        code.Add(family);
        var hash = code.ToHashCode();
        ref var entry = ref entries[hash & (entries.Length - 1)];
        if (entry.Hash == hash && entry.Attributes is { } known && entry.Family == family && entry.HopLength == hop.Length
            && entry.Key.AsSpan(0, hop.Length).SequenceEqual(hop) && entry.Key.AsSpan(hop.Length).SequenceEqual(raw)) return known;
        var read = AttributeReader.Read(view, isMultiprotocol);
        entry = new Entry { Hash = hash, Family = family, HopLength = hop.Length, Key = [.. hop, .. raw], Attributes = read };
        return read;
    }

    private struct Entry
    {
        public int Hash;
        public int HopLength;
        public Family Family;
        public byte[]? Key;
        public PathAttributes? Attributes;
    }
}
