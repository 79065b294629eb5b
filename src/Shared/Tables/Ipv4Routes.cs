using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace Appliance.Shared;

/// <summary>
/// Longest-prefix match for IPv4 as workers read it: one cell for each /24, and groups of 16 cells (four bits, one cache line) below those that have longer prefixes. One load
/// for most destinations, two or three for the rest; the route of last resort (0.0.0.0/0) has a word of its own, so that it does not fill the table. Cells are 32-bit
/// words stored whole, so a reader sees the old or the new route. Untouched pages cost nothing. Written by <see cref="Ipv4RouteTable"/>.
/// </summary>
public sealed unsafe class Ipv4Routes
{
    /// <summary>Value of a destination without a route.</summary>
    public const uint None = 0;

    /// <summary>Bits of the address that the first table takes.</summary>
    internal const int RootBits = 24;

    /// <summary>Bits of the address that a group takes.</summary>
    internal const int Stride = 4;

    private const int Cells = 1 << RootBits;
    private const int GroupCells = 1 << Stride;
    private readonly uint* fallback;
    private readonly uint* cells;

    internal Ipv4Routes(byte* start, int groups)
    {
        fallback = (uint*)start;
        cells = (uint*)(start + RouteTrie.HeaderSize);
        Groups = groups;
    }

    /// <summary>Groups there is room for.</summary>
    public int Groups { get; }

    internal static long SizeFor(int groups) => RouteTrie.HeaderSize + ((long)Cells + (long)groups * GroupCells) * sizeof(uint);

    internal RouteTrie Writer(Quiescence quiescence) => new(fallback, cells, RootBits, Stride, Groups, quiescence);

    /// <summary>Slot of the next hop for a destination, or <see cref="None"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public uint Find(uint destination)
    {
        var cell = Volatile.Read(ref cells[destination >> 8]);
        if ((cell & RouteTrie.NodeFlag) != 0) cell = Below(cell, destination);
        cell &= RouteTrie.ValueMask;
        return cell != None ? cell : Volatile.Read(ref *fallback);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private uint Below(uint cell, uint destination)
    {
        cell = Volatile.Read(ref cells[Cells + (long)(cell & ~RouteTrie.NodeFlag) * GroupCells + (destination >> 4 & 15)]);
        return (cell & RouteTrie.NodeFlag) == 0 ? cell : Volatile.Read(ref cells[Cells + (long)(cell & ~RouteTrie.NodeFlag) * GroupCells + (destination & 15)]);
    }

    /// <summary>Asks the processor to load a destination's cell.</summary>
    public void Prefetch(uint destination)
    {
        if (Sse.IsSupported) Sse.Prefetch0(cells + (destination >> 8));
    }
}
