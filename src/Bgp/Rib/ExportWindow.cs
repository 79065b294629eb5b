namespace Appliance.Bgp;

/// <summary>Some routes that are about to be said, in groups of equal attributes, withdrawals first: what shares attributes shares messages.</summary>
internal sealed class ExportWindow
{
    /// <summary>Routes that one window holds about.</summary>
    public const int Size = 4096;

    private const int BatchSize = 1024;
    private readonly List<(ulong Key, Nlri Nlri)> items = [];
    private readonly Dictionary<int, PathAttributes> attributes = [];
    private Nlri[] sorted = [];
    private int at;
    private int end;

    /// <summary>Whether all was taken.</summary>
    public bool IsEmpty => at == end && items.Count == 0;

    /// <summary>It holds enough.</summary>
    public bool IsFull => items.Count >= Size;

    /// <summary>Takes a route. <paramref name="id"/>: number of its attributes, 0 with null attributes for a withdrawal.</summary>
    public void Add(int id, PathAttributes? value, in Nlri nlri)
    {
        if (value != null) attributes[id] = value;
        items.Add(((ulong)(uint)id << 32 | (uint)items.Count, nlri));
    }

    /// <summary>The next group.</summary>
    public bool TryTake(Family family, out ExportBatch batch)
    {
        batch = default;
        if (items.Count == 0) return false;
        if (end == 0)
        {
            items.Sort(static (a, b) => a.Key.CompareTo(b.Key));
            end = items.Count;
            if (sorted.Length < end) sorted = new Nlri[end];
            for (var i = 0; i < end; i++) sorted[i] = items[i].Nlri;
        }

        var start = at;
        var id = (int)(items[at].Key >> 32);
        while (at < end && at - start < BatchSize && (int)(items[at].Key >> 32) == id) at++;
        batch = new ExportBatch(id == 0 ? ExportKind.Withdraw : ExportKind.Announce, family, id == 0 ? null : attributes[id], sorted.AsMemory(start, at - start));
        if (at == end)
        {
            items.Clear();
            attributes.Clear();
            at = end = 0;
        }

        return true;
    }

    /// <summary>Forgets everything.</summary>
    public void Clear()
    {
        items.Clear();
        items.Capacity = 0;
        attributes.Clear();
        sorted = [];
        at = end = 0;
    }
}
