using System.Runtime.Intrinsics.X86;

namespace Appliance.Shared;

/// <summary>
/// Longest-prefix match for IPv6 as workers read it: a table of the first 20 bits, then nodes of 16 cells (four bits each, one cache line a node): a /48 takes
/// seven lines below the table, of which the upper ones are shared. The route of last resort (::/0) has a word of its own. Written by <see cref="Ipv6RouteTable"/>.
/// </summary>
public sealed unsafe class Ipv6Routes
{
    /// <summary>Value of a destination without a route.</summary>
    public const uint None = 0;

    /// <summary>Bits of the address that the first table takes.</summary>
    internal const int RootBits = 20;

    /// <summary>Bits of the address that a node takes.</summary>
    internal const int Stride = 4;

    private const int Cells = 1 << RootBits;
    private const int Levels = (128 - RootBits) / Stride;
    private const int LevelsInHigh = (64 - RootBits) / Stride;
    private readonly uint* fallback;
    private readonly uint* cells;

    internal Ipv6Routes(byte* start, int nodes)
    {
        fallback = (uint*)start;
        cells = (uint*)(start + RouteTrie.HeaderSize);
        Nodes = nodes;
    }

    /// <summary>Nodes there is room for.</summary>
    public int Nodes { get; }

    internal static long SizeFor(int nodes) => RouteTrie.HeaderSize + ((long)Cells + (long)nodes * 16) * sizeof(uint);

    internal RouteTrie Writer(Quiescence quiescence) => new(fallback, cells, RootBits, Stride, Nodes, quiescence);

    /// <summary>Slot of the next hop for a destination, or <see cref="None"/>.</summary>
    public uint Find(IpAddress destination)
    {
        var cell = Volatile.Read(ref cells[destination.High >> (64 - RootBits)]);
        var rest = destination.High << RootBits;
        for (var level = 0; level < Levels && (cell & RouteTrie.NodeFlag) != 0; level++)
        {
            if (level == LevelsInHigh) rest = destination.Low;
            cell = Volatile.Read(ref cells[Cells + (long)(cell & ~RouteTrie.NodeFlag) * 16 + (long)(rest >> 60)]);
            rest <<= Stride;
        }

        cell &= RouteTrie.ValueMask;
        return cell != None ? cell : Volatile.Read(ref *fallback);
    }

    /// <summary>
    /// Slots for many destinations at once, as <see cref="Find(IpAddress)"/> for each: all go down one level before any goes down the next, so that their loads overlap.
    /// </summary>
    /// <param name="destinations">Destinations.</param>
    /// <param name="found">Room for as many slots.</param>
    public void Find(ReadOnlySpan<IpAddress> destinations, Span<uint> found)
    {
        found = found[..destinations.Length];
        var below = 0u;
        for (var i = 0; i < found.Length; i++)
        {
            found[i] = Volatile.Read(ref cells[destinations[i].High >> (64 - RootBits)]);
            below |= found[i];
        }

        for (var level = 0; level < Levels && (below & RouteTrie.NodeFlag) != 0; level++)
        {
            below = 0;
            for (var i = 0; i < found.Length; i++)
            {
                var cell = found[i];
                if ((cell & RouteTrie.NodeFlag) == 0) continue;
                var bits = level < LevelsInHigh ? destinations[i].High << (RootBits + level * Stride) : destinations[i].Low << ((level - LevelsInHigh) * Stride);
                cell = Volatile.Read(ref cells[Cells + (long)(cell & ~RouteTrie.NodeFlag) * 16 + (long)(bits >> 60)]);
                found[i] = cell;
                below |= cell;
            }
        }

        for (var i = 0; i < found.Length; i++)
        {
            var cell = found[i] & RouteTrie.ValueMask;
            found[i] = cell != None ? cell : Volatile.Read(ref *fallback);
        }
    }

    /// <summary>Asks the processor to load a destination's first cell.</summary>
    public void Prefetch(IpAddress destination)
    {
        if (Sse.IsSupported) Sse.Prefetch0(cells + (destination.High >> (64 - RootBits)));
    }
}
