namespace Appliance.Shared;

/// <summary>
/// Longest-prefix match for IPv4 as workers read it: one cell for each /24, and a group of 256 cells for each /24 that has longer prefixes. One load
/// for most destinations, two for the rest. Cells are 32-bit words stored whole, so a reader sees the old or the new route. Untouched pages cost nothing.
/// </summary>
public sealed unsafe class Ipv4Routes
{
    /// <summary>Value of a destination without a route.</summary>
    public const uint None = 0;

    /// <summary>In a cell: the low bits name a group.</summary>
    internal const uint GroupFlag = 0x8000_0000;

    private const int Cells = 1 << 24;
    private readonly uint* cells;

    internal Ipv4Routes(byte* start, int groups)
    {
        cells = (uint*)start;
        Groups = groups;
    }

    /// <summary>Groups there is room for.</summary>
    public int Groups { get; }

    internal static long SizeFor(int groups) => ((long)Cells + (long)groups * 256) * sizeof(uint);

    /// <summary>Slot of the next hop for a destination, or <see cref="None"/>.</summary>
    public uint Find(uint destination)
    {
        var cell = Volatile.Read(ref cells[destination >> 8]);
        return (cell & GroupFlag) == 0 ? cell : Volatile.Read(ref cells[Cells + (long)(cell & ~GroupFlag) * 256 + (destination & 255)]);
    }

    /// <summary>Asks the processor to load a destination's cell.</summary>
    public void Prefetch(uint destination)
    {
        if (System.Runtime.Intrinsics.X86.Sse.IsSupported) System.Runtime.Intrinsics.X86.Sse.Prefetch0(cells + (destination >> 8));
    }

    /// <summary>Writer: the cell of a /24.</summary>
    internal ref uint Cell(uint prefix24) => ref cells[prefix24];

    /// <summary>Writer: a cell of a group.</summary>
    internal ref uint GroupCell(uint group, int index) => ref cells[Cells + (long)group * 256 + index];
}
