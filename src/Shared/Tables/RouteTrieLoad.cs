namespace Appliance.Shared;

/// <summary>
/// Puts a whole set of prefixes into the cells at once, whatever they hold: nothing, or what an earlier slow path left. A cell that holds the right value already is
/// not touched, and a node at the right place is corrected where it is: so a route that stays is never absent.
/// </summary>
internal sealed unsafe partial class RouteTrie
{
    private SlotBitmap before = new(0);
    private SlotBitmap claimed = new(0);
    private bool[] resident = [];

    /// <summary>Makes the cells say what <paramref name="entries"/> say (sorted, no prefix twice). Entries for which no node was left are added to <paramref name="refused"/>.</summary>
    public void Load(ReadOnlySpan<RouteEntry> entries, List<RouteEntry> refused)
    {
        resident = LinuxMemory.Residency((nint)cells, (nuint)sizeof(uint) << rootBits);
        before = new SlotBitmap(nodes);
        claimed = new SlotBitmap(nodes);
        used = new SlotBitmap(nodes);
        retired.Clear();
        FindNodes(new Place(0, -1, 0, rootBits), 0);
        TakeBackUnreachable();

        var hasFallback = entries.Length > 0 && entries[0].Length == 0;
        var last = hasFallback ? entries[0].Value : 0;

        // Another default route counts only when all longer prefixes stand: until then what none of them covers has no route.
        if (*fallback != last) Volatile.Write(ref *fallback, 0);
        Build(new Place(0, -1, 0, rootBits), hasFallback ? entries[1..] : entries, default, fresh: false, refused);
        if (*fallback != last) Volatile.Write(ref *fallback, last);

        for (uint node = 0; node < nodes; node++)
        {
            if (before.IsTaken(node) && !claimed.IsTaken(node)) retired.Enqueue((quiescence.Ticket(), node));
        }
    }

    /// <summary>Gathers the prefixes that the cells show, without changing anything. What cannot be right is passed over.</summary>
    public void Read(PrefixMap found)
    {
        resident = LinuxMemory.Residency((nint)cells, (nuint)sizeof(uint) << rootBits);
        if (*fallback is > 0 and <= ValueMask) found.Set(0, 0, *fallback);
        Read(new Place(0, -1, 0, rootBits), 0, 0, found);
    }

    private void Read(in Place at, UInt128 prefix, int level, PrefixMap found)
    {
        var last = 0u;
        UInt128 lastPrefix = 0;
        for (long index = 0; index < 1L << at.Width; index++)
        {
            var cell = at.Start + index;
            if (at.Node < 0 && !IsResident(cell))
            {
                index |= CellsPerPage - 1;
                continue;
            }

            var value = cells[cell];
            if (value == 0) continue;
            var here = prefix | (UInt128)index << (128 - at.Bits - at.Width);
            if ((value & NodeFlag) != 0)
            {
                if ((value & ~NodeFlag) < nodes && level + 1 < MostLevels && at.Bits + at.Width < 128) Read(Below(at, value & ~NodeFlag), here, level + 1, found);
                continue;
            }

            var length = LengthOf(value);
            var covering = RouteEntry.Mask(here, length);
            if (length == 0 || length > at.Bits + at.Width || (value & ValueMask) == 0 || (value == last && covering == lastPrefix)) continue;
            (last, lastPrefix) = (value, covering);
            found.Set(covering, length, value & ValueMask);
        }
    }

    // Marks the nodes that readers can reach. What cannot be right (a torn or foreign table) is not followed, and overwritten by Build.
    private void FindNodes(in Place at, int level)
    {
        for (long cell = at.Start; cell < at.Start + (1L << at.Width); cell++)
        {
            if (at.Node < 0 && !IsResident(cell))
            {
                cell |= CellsPerPage - 1;
                continue;
            }

            var value = cells[cell];
            if ((value & NodeFlag) == 0 || (value & ~NodeFlag) >= nodes || level + 1 >= MostLevels || !before.TryClaim(value & ~NodeFlag)) continue;
            used.TryClaim(value & ~NodeFlag);
            FindNodes(Below(at, value & ~NodeFlag), level + 1);
        }
    }

    // What nobody can reach may have been reachable a moment ago.
    private void TakeBackUnreachable()
    {
        var ticket = quiescence.Ticket();
        if (quiescence.TryWait(ticket, ReclaimPatience)) return;
        for (uint node = 0; node < nodes; node++)
        {
            if (used.TryClaim(node)) retired.Enqueue((ticket, node));
        }
    }

    // Cells in order. The stack holds the prefixes that cover the cell, the longest on top.
    private void Build(in Place at, ReadOnlySpan<RouteEntry> entries, Cover inherited, bool fresh, List<RouteEntry> refused)
    {
        if (at.Node >= 0) specifics[at.Node] = 0;
        Span<Cover> stack = stackalloc Cover[at.Width + 1];
        var cellCount = 1L << at.Width;
        var top = 0;
        stack[0] = inherited with { End = cellCount };
        long cell = 0;
        var next = 0;
        while (cell < cellCount)
        {
            while (stack[top].End <= cell) top--;
            var stop = next < entries.Length ? Math.Min(stack[top].End, Index(entries[next].Prefix, at)) : stack[top].End;
            if (stop > cell)
            {
                PaintRun(at, cell, stop, stack[top], fresh);
                cell = stop;
            }
            else if (entries[next].Length <= at.Bits + at.Width)
            {
                var entry = entries[next++];
                stack[++top] = new Cover(cell + (1L << (at.Bits + at.Width - entry.Length)), entry.Length, entry.Value);
            }
            else
            {
                var end = next + 1;
                while (end < entries.Length && Index(entries[end].Prefix, at) == cell) end++;
                PlaceNode(at, cell++, entries[next..end], stack[top], fresh, refused);
                next = end;
            }
        }
    }

    private void PaintRun(in Place at, long from, long to, Cover cover, bool fresh)
    {
        var wanted = cover.Value == 0 ? 0 : Cell(cover.Length, cover.Value);
        for (var cell = at.Start + from; cell < at.Start + to; cell++)
        {
            if (at.Node < 0 && wanted == 0 && !IsResident(cell))
            {
                cell |= CellsPerPage - 1;
                continue;
            }

            if (fresh || cells[cell] != wanted) Volatile.Write(ref cells[cell], wanted);
        }

        if (at.Node >= 0 && cover.Length > at.Bits) specifics[at.Node] += (ushort)(to - from);
    }

    private void PlaceNode(in Place at, long index, ReadOnlySpan<RouteEntry> entries, Cover cover, bool fresh, List<RouteEntry> refused)
    {
        var cell = at.Start + index;
        var there = fresh ? 0 : cells[cell];
        if ((there & NodeFlag) != 0 && (there & ~NodeFlag) < nodes && before.IsTaken(there & ~NodeFlag) && claimed.TryClaim(there & ~NodeFlag))
        {
            Build(Below(at, there & ~NodeFlag), entries, cover, fresh: false, refused);
        }
        else if (TryTakeNode(out var node))
        {
            Build(Below(at, node), entries, cover, fresh: true, refused);
            Volatile.Write(ref cells[cell], node | NodeFlag);
        }
        else
        {
            foreach (var entry in entries) refused.Add(entry);
            PaintRun(at, index, index + 1, cover, fresh);
            return;
        }

        if (at.Node >= 0) specifics[at.Node]++;
    }

    private const int CellsPerPage = 4096 / sizeof(uint);

    private bool IsResident(long cell) => resident[cell / CellsPerPage];

    /// <summary>A prefix while it covers cells: up to which, its length and its next hop.</summary>
    private readonly record struct Cover(long End, byte Length, uint Value);
}
