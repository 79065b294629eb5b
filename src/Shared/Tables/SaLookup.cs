using System.Numerics;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;

namespace Appliance.Shared;

/// <summary>
/// Inbound SA lookup (RFC 4301 §4.1) as workers use it: longest match of (SPI, destination, source), (SPI, destination), (SPI). Open addressing on a hash of
/// the SPI, one cache line an entry, one writer (<see cref="SaLookupTable"/>), readers without locks. An entry that is neither live nor free keeps
/// its place in the probe sequence.
/// </summary>
public sealed unsafe class SaLookup
{
    /// <summary>What a lookup that finds nothing returns.</summary>
    public const uint None = uint.MaxValue;

    internal const int EntrySize = 64;

    private readonly Entry* entries;
    private readonly uint mask;

    internal SaLookup(byte* start, int sas)
    {
        entries = (Entry*)start;
        mask = (uint)CapacityFor(sas) - 1;
    }

    internal int Capacity => (int)mask + 1;

    internal static long SizeFor(int sas) => (long)CapacityFor(sas) * EntrySize;

    /// <summary>Slot of the SA that fits best, or <see cref="None"/>.</summary>
    public uint Find(uint spi, IpAddress destination, IpAddress source)
    {
        var best = None;
        var bestRank = 0;
        var at = Home(spi);
        for (uint probes = 0; probes <= mask; probes++, at = Next(at))
        {
            var entry = entries + at;
            var state = Volatile.Read(ref entry->State);
            if (state == SlotState.Free) return best;
            if (state != SlotState.Live || entry->Spi != spi) continue;
            var rank = Rank(entry, destination, source);
            if (rank <= bestRank) continue;
            bestRank = rank;
            best = entry->Sa;
            if (rank == 3) return best;
        }

        return best;
    }

    /// <summary>Asks the processor to load the first entry for an SPI.</summary>
    public void Prefetch(uint spi)
    {
        if (Sse.IsSupported) Sse.Prefetch0(entries + Home(spi));
    }

    internal ref Entry At(uint at) => ref entries[at];

    internal uint Next(uint at) => (at + 1) & mask;

    internal uint Before(uint at) => (at - 1) & mask;

    internal uint Distance(uint from, uint to) => (to - from) & mask;

    /// <summary>Where the probe sequence of an SPI starts.</summary>
    internal uint Home(uint spi)
    {
        var h = spi * 0x9e3779b1u;
        return (h ^ (h >> 15)) & mask;
    }

    private static int Rank(Entry* entry, IpAddress destination, IpAddress source)
    {
        if (entry->Destination.IsAny) return 1;
        if (entry->Destination != destination) return 0;
        if (entry->Source.IsAny) return 2;
        return entry->Source == source ? 3 : 0;
    }

    // At most half full, so that probe sequences stay short.
    private static int CapacityFor(int sas) => (int)BitOperations.RoundUpToPowerOf2((uint)Math.Max(16, sas * 2));

    [StructLayout(LayoutKind.Sequential, Size = EntrySize)]
    internal struct Entry
    {
        public uint State;
        public uint Spi;
        public uint Sa;
        public uint Reserved;
        public IpAddress Destination;
        public IpAddress Source;

        public readonly bool Is(uint spi, IpAddress destination, IpAddress source) => Spi == spi && Destination == destination && Source == source;
    }
}
