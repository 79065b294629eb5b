namespace Appliance.Shared;

/// <summary>Longest-prefix match for IPv6 as workers read it: a trie with one level for each octet, whose nodes are 256 cells.</summary>
public sealed unsafe class Ipv6Routes
{
    /// <summary>Value of a destination without a route.</summary>
    public const uint None = 0;

    /// <summary>In a cell: the low bits name a node one octet further on.</summary>
    internal const uint NodeFlag = 0x8000_0000;

    private readonly uint* cells;

    internal Ipv6Routes(byte* start, int nodes)
    {
        cells = (uint*)start;
        Nodes = nodes;
    }

    /// <summary>Nodes there is room for; node 0 is the root.</summary>
    public int Nodes { get; }

    internal static long SizeFor(int nodes) => (long)nodes * 256 * sizeof(uint);

    /// <summary>Slot of the next hop for a destination, or <see cref="None"/>.</summary>
    public uint Find(IpAddress destination)
    {
        uint node = 0;
        for (var octet = 0; octet < 16; octet++)
        {
            var half = octet < 8 ? destination.High : destination.Low;
            var cell = Volatile.Read(ref cells[(long)node * 256 + (byte)(half >> (56 - 8 * (octet & 7)))]);
            if ((cell & NodeFlag) == 0) return cell;
            node = cell & ~NodeFlag;
        }

        return None;
    }

    /// <summary>Writer: a cell of a node.</summary>
    internal ref uint Cell(uint node, int index) => ref cells[(long)node * 256 + index];
}
