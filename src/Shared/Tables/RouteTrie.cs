namespace Appliance.Shared;

/// <summary>
/// Writes the cells of a route table in the region: a root of 2^rootBits cells and nodes of 2^stride cells. A cell holds the next hop of the longest prefix that
/// covers it and that prefix's length (so that a successor of this process finds the prefixes), or names a node one step further on. Readers run at the same time and see, for each destination, the old route or the new one:
/// a node is filled before the one store that names it, a cell is overwritten in one store, and a node that is taken out is written to again only when
/// no worker can be reading it. Addresses are left-aligned in 128 bits. The caller keeps the set of prefixes.
/// </summary>
internal sealed unsafe partial class RouteTrie
{
    /// <summary>In a cell: the low bits name a node.</summary>
    public const uint NodeFlag = 0x8000_0000;

    /// <summary>In a cell without <see cref="NodeFlag"/>: the next hop; above it, the length of its prefix.</summary>
    public const uint ValueMask = (1u << LengthShift) - 1;

    /// <summary>Octets in front of the cells; the first word is the route of length 0.</summary>
    public const int HeaderSize = 4096;

    private const int LengthShift = 23;
    private const int MostLevels = 32;
    private static readonly TimeSpan ReclaimPatience = TimeSpan.FromMilliseconds(200);

    private readonly uint* fallback;
    private readonly uint* cells;
    private readonly int rootBits;
    private readonly int stride;
    private readonly int nodeCells;
    private readonly int nodes;
    private readonly Quiescence quiescence;

    // For each node how many of its cells are specific: name a node, or hold a prefix that is longer than the node's own. A node without specific cells is folded back into its parent's cell.
    private readonly ushort[] specifics;
    private readonly Queue<(ulong Ticket, uint Node)> retired = new();
    private SlotBitmap used;

    public RouteTrie(uint* fallback, uint* cells, int rootBits, int stride, int nodes, Quiescence quiescence)
    {
        this.fallback = fallback;
        this.cells = cells;
        this.rootBits = rootBits;
        this.stride = stride;
        this.nodes = nodes;
        this.quiescence = quiescence;
        nodeCells = 1 << stride;
        specifics = new ushort[nodes];
        used = new SlotBitmap(nodes);
    }

    /// <summary>Nodes that can be taken now or after the workers' next quiescent points.</summary>
    public int FreeNodes => used.Free + retired.Count;

    /// <summary>Adds or changes a prefix; false when no nodes are left, and then nothing was changed.</summary>
    public bool Set(UInt128 prefix, int length, uint value)
    {
        if (length == 0)
        {
            Volatile.Write(ref *fallback, value);
            return true;
        }

        var at = new Place(0, -1, 0, rootBits);
        while (length > at.Bits + at.Width)
        {
            var cell = at.Start + Index(prefix, at);
            if ((cells[cell] & NodeFlag) == 0) return Grow(cell, at, prefix, length, value);
            at = Below(at, cells[cell] & ~NodeFlag);
        }

        var first = at.Start + Index(prefix, at);
        var count = 1L << (at.Bits + at.Width - length);
        for (var cell = first; cell < first + count; cell++)
        {
            if ((cells[cell] & NodeFlag) != 0) Repaint(cells[cell] & ~NodeFlag, 0, length, Cell(length, value));
            else if (LengthOf(cells[cell]) <= length) Paint(cell, at, Cell(length, value));
        }

        return true;
    }

    /// <summary>Takes a prefix out: its cells go to the prefix that covers it (<paramref name="coverLength"/> 0 and value 0: none but the one of length 0).</summary>
    public void Remove(UInt128 prefix, int length, int coverLength, uint coverValue)
    {
        if (length == 0)
        {
            Volatile.Write(ref *fallback, 0);
            return;
        }

        var path = stackalloc Place[MostLevels];
        var level = 0;
        path[0] = new Place(0, -1, 0, rootBits);
        for (; length > path[level].Bits + path[level].Width; level++)
            path[level + 1] = Below(path[level], cells[path[level].Start + Index(prefix, path[level])] & ~NodeFlag);

        var at = path[level];
        var first = at.Start + Index(prefix, at);
        var count = 1L << (at.Bits + at.Width - length);
        for (var cell = first; cell < first + count; cell++)
        {
            if ((cells[cell] & NodeFlag) != 0) Repaint(cells[cell] & ~NodeFlag, length, length, Cell(coverLength, coverValue));
            else if (LengthOf(cells[cell]) == length) Paint(cell, at, Cell(coverLength, coverValue));
        }

        for (; level > 0 && specifics[path[level].Node] == 0; level--)
        {
            var folded = path[level];
            var parent = path[level - 1];
            var cell = parent.Start + Index(prefix, parent);
            Volatile.Write(ref cells[cell], cells[folded.Start]);
            if (parent.Node >= 0 && LengthOf(cells[cell]) <= parent.Bits) specifics[parent.Node]--;
            retired.Enqueue((quiescence.Ticket(), (uint)folded.Node));
        }
    }

    // A chain of new nodes down to the prefix, complete before the store that names its first.
    private bool Grow(long cell, in Place parent, UInt128 prefix, int length, uint value)
    {
        var levels = (length - parent.Bits - parent.Width + stride - 1) / stride;
        Span<uint> chain = stackalloc uint[MostLevels];
        for (var i = 0; i < levels; i++)
        {
            if (TryTakeNode(out chain[i])) continue;
            while (i-- > 0) used.Release(chain[i]);
            return false;
        }

        var at = parent;
        for (var i = 0; i < levels; i++)
        {
            at = Below(at, chain[i]);
            new Span<uint>(cells + at.Start, nodeCells).Fill(cells[cell]);
            var first = at.Start + Index(prefix, at);
            if (i < levels - 1)
            {
                cells[first] = chain[i + 1] | NodeFlag;
                specifics[chain[i]] = 1;
                continue;
            }

            var count = 1 << (at.Bits + at.Width - length);
            new Span<uint>(cells + first, count).Fill(Cell(length, value));
            specifics[chain[i]] = (ushort)count;
        }

        if (parent.Node >= 0 && LengthOf(cells[cell]) <= parent.Bits) specifics[parent.Node]++;
        Volatile.Write(ref cells[cell], chain[0] | NodeFlag);
        return true;
    }

    private void Paint(long cell, in Place at, uint wanted)
    {
        if (at.Node >= 0)
        {
            if (LengthOf(cells[cell]) > at.Bits) specifics[at.Node]--;
            if (LengthOf(wanted) > at.Bits) specifics[at.Node]++;
        }

        Volatile.Write(ref cells[cell], wanted);
    }

    // Below the prefix's own level: the cells whose prefix is between two lengths, none of them specific before or after.
    private void Repaint(uint node, int shortest, int longest, uint wanted)
    {
        var start = Start(node);
        for (var cell = start; cell < start + nodeCells; cell++)
        {
            if ((cells[cell] & NodeFlag) != 0) Repaint(cells[cell] & ~NodeFlag, shortest, longest, wanted);
            else if (LengthOf(cells[cell]) >= shortest && LengthOf(cells[cell]) <= longest) Volatile.Write(ref cells[cell], wanted);
        }
    }

    private bool TryTakeNode(out uint node)
    {
        if (used.Free == 0 && retired.TryPeek(out var oldest)) _ = quiescence.TryWait(oldest.Ticket, ReclaimPatience);
        while (retired.TryPeek(out var next) && quiescence.HasPassed(next.Ticket)) used.Release(retired.Dequeue().Node);
        return used.TryTake(out node);
    }

    private static uint Cell(int length, uint value) => (uint)length << LengthShift | value;

    private static int LengthOf(uint cell) => (int)(cell >> LengthShift);

    private long Start(uint node) => (1L << rootBits) + (long)node * nodeCells;

    private Place Below(in Place at, uint node) => new(Start(node), (int)node, at.Bits + at.Width, stride);

    private static uint Index(UInt128 prefix, in Place at) => (uint)(prefix << at.Bits >> (128 - at.Width));

    /// <summary>A table of cells: where it starts, its node (-1: the root), and which bits of the address index it.</summary>
    private readonly record struct Place(long Start, int Node, int Bits, int Width);
}
