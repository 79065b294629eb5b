namespace Appliance.Bgp;

/// <summary>A path as the decision chose it.</summary>
internal readonly record struct ChosenPath(int Attributes, ushort Peer, uint Label);

/// <summary>Chosen paths, each combination once: a million prefixes share few.</summary>
internal sealed class BestPathsTable(AttributeTable attributes)
{
    private readonly Slab<Entry> entries = new();
    private int[] buckets = new int[64];

    /// <summary>How many combinations there are.</summary>
    public int Count => entries.Count;

    /// <summary>The number of a combination, with a reference for the caller.</summary>
    public int Intern(ReadOnlySpan<ChosenPath> paths)
    {
        var hash = Hash(paths);
        for (var at = buckets[hash & (uint)(buckets.Length - 1)]; at != 0;)
        {
            ref var entry = ref entries[at];
            if (entry.Hash == hash && entry.First == paths[0] && entry.More.AsSpan().SequenceEqual(paths[1..]))
            {
                entry.References++;
                return at;
            }

            at = entry.Next;
        }

        if (entries.Count >= buckets.Length) Resize(buckets.Length * 2);
        foreach (var path in paths) attributes.Hold(path.Attributes);
        var id = entries.Take();
        ref var made = ref entries[id];
        made.First = paths[0];
        made.More = paths.Length > 1 ? paths[1..].ToArray() : null;
        made.Hash = hash;
        made.References = 1;
        ref var bucket = ref buckets[hash & (uint)(buckets.Length - 1)];
        made.Next = bucket;
        bucket = id;
        return id;
    }

    /// <summary>One reference less; 0 is nothing.</summary>
    public void Release(int id)
    {
        if (id == 0) return;
        ref var entry = ref entries[id];
        if (--entry.References > 0) return;
        ref var bucket = ref buckets[entry.Hash & (uint)(buckets.Length - 1)];
        if (bucket == id)
        {
            bucket = entry.Next;
        }
        else
        {
            var at = bucket;
            while (entries[at].Next != id) at = entries[at].Next;
            entries[at].Next = entry.Next;
        }

        var (first, more) = (entry.First, entry.More);
        entries.Give(id);
        if (entries.Count == 0) buckets = new int[64];
        attributes.Release(first.Attributes);
        if (more == null) return;
        foreach (var path in more) attributes.Release(path.Attributes);
    }

    /// <summary>How many paths there are in a combination.</summary>
    public int PathCount(int id) => 1 + (entries[id].More?.Length ?? 0);

    /// <summary>A path of a combination, the best first.</summary>
    public ChosenPath Path(int id, int index) => index == 0 ? entries[id].First : entries[id].More![index - 1];

    /// <summary>The combination as others get it: one object as long as it is used.</summary>
    public BestPaths Object(int id, IReadOnlyList<PeerState?> peers)
    {
        ref var entry = ref entries[id];
        if (entry.Object != null) return entry.Object;
        var paths = new BestPath[PathCount(id)];
        for (var i = 0; i < paths.Length; i++)
        {
            var path = Path(id, i);
            var peer = peers[path.Peer]!;
            paths[i] = new BestPath(attributes[path.Attributes], peer.Facts.Name, path.Peer == 0, peer.Facts.IsExternal);
        }

        return entry.Object = new BestPaths(paths);
    }

    private static uint Hash(ReadOnlySpan<ChosenPath> paths)
    {
        var hash = new HashCode();
        foreach (var path in paths)
        {
            hash.Add(path.Attributes);
            hash.Add(path.Peer | path.Label << 12);
        }

        return (uint)hash.ToHashCode();
    }

    private void Resize(int size)
    {
        var grown = new int[size];
        foreach (var first in buckets)
        {
            for (var at = first; at != 0;)
            {
                ref var entry = ref entries[at];
                var next = entry.Next;
                ref var bucket = ref grown[entry.Hash & (uint)(size - 1)];
                entry.Next = bucket;
                bucket = at;
                at = next;
            }
        }

        buckets = grown;
    }

    private struct Entry : ILinked
    {
        public ChosenPath First;
        public ChosenPath[]? More;
        public BestPaths? Object;
        public uint Hash;
        public int References;

        public int Next { get; set; }
    }
}
