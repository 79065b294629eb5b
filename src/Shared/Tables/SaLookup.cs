using System.Runtime.InteropServices;

namespace Appliance.Shared;

/// <summary>
/// Inbound SA lookup (RFC 4301 §4.1): longest match of (SPI, destination, source), (SPI, destination), (SPI). Open addressing on a hash of
/// the SPI, one cache line an entry, one writer, readers without locks. An entry is written to a free cell and published by one store of its state;
/// a removed cell keeps its place in the probe sequence until the table's writer has waited for every worker and frees it.
/// </summary>
public sealed unsafe class SaLookup
{
    /// <summary>What a lookup that finds nothing returns.</summary>
    public const uint None = uint.MaxValue;

    private readonly Entry* entries;
    private readonly uint mask;

    internal SaLookup(byte* start, int sas)
    {
        entries = (Entry*)start;
        mask = (uint)Capacity(sas) - 1;
    }

    internal static long SizeFor(int sas) => (long)Capacity(sas) * sizeof(Entry);

    /// <summary>Slot of the SA that fits best, or <see cref="None"/>.</summary>
    public uint Find(uint spi, IpAddress destination, IpAddress source)
    {
        var best = None;
        var bestRank = 0;
        for (var at = Hash(spi) & mask; ; at = (at + 1) & mask)
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
    }

    /// <summary>Asks the processor to load the first entry for an SPI.</summary>
    public void Prefetch(uint spi)
    {
        if (System.Runtime.Intrinsics.X86.Sse.IsSupported) System.Runtime.Intrinsics.X86.Sse.Prefetch0(entries + (Hash(spi) & mask));
    }

    /// <summary>Writer: publishes an entry; <see cref="IpAddress.Any"/> matches everything. False when the key is there already or the table is full.</summary>
    public bool TryAdd(uint spi, IpAddress destination, IpAddress source, uint sa)
    {
        Entry* free = null;
        var at = Hash(spi) & mask;
        for (uint probes = 0; probes <= mask; probes++, at = (at + 1) & mask)
        {
            var entry = entries + at;
            if (entry->State == SlotState.Live && entry->Is(spi, destination, source)) return false;
            if (entry->State != SlotState.Free) continue;
            free = entry;
            break;
        }

        if (free == null) return false;
        free->Spi = spi;
        free->Sa = sa;
        free->Destination = destination;
        free->Source = source;
        Volatile.Write(ref free->State, SlotState.Live);
        return true;
    }

    /// <summary>Writer: takes an entry out of use.</summary>
    public bool TryRemove(uint spi, IpAddress destination, IpAddress source)
    {
        for (var at = Hash(spi) & mask; entries[at].State != SlotState.Free; at = (at + 1) & mask)
        {
            var entry = entries + at;
            if (entry->State != SlotState.Live || !entry->Is(spi, destination, source)) continue;
            Volatile.Write(ref entry->State, SlotState.Retired);
            return true;
        }

        return false;
    }

    private static int Rank(Entry* entry, IpAddress destination, IpAddress source)
    {
        if (entry->Destination.IsAny) return 1;
        if (entry->Destination != destination) return 0;
        if (entry->Source.IsAny) return 2;
        return entry->Source == source ? 3 : 0;
    }

    private static int Capacity(int sas) => (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)Math.Max(16, sas * 2));

    private static uint Hash(uint spi)
    {
        var h = spi * 0x9e3779b1u;
        return h ^ (h >> 15);
    }

    [StructLayout(LayoutKind.Sequential, Size = 64)]
    private struct Entry
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
