namespace Appliance.Bgp;

/// <summary>What the decision asks of a set of attributes, so that it need not look into objects.</summary>
internal struct AttributeFacts
{
    /// <summary>LOCAL_PREF; 100 without.</summary>
    public uint LocalPref;

    /// <summary>MULTI_EXIT_DISC; 0, the lowest, without (RFC 4271 §9.1.2.2 c).</summary>
    public uint Med;

    /// <summary>The AS from which it came into ours; 0 when it began here.</summary>
    public uint NeighborAs;

    /// <summary>ORIGINATOR_ID; 0 without.</summary>
    public uint OriginatorId;

    /// <summary>Number of the next hop.</summary>
    public int NextHop;

    /// <summary>ASes in AS_PATH, a set as one.</summary>
    public ushort PathLength;

    /// <summary>Clusters in CLUSTER_LIST.</summary>
    public ushort ClusterLength;

    /// <summary>ORIGIN.</summary>
    public byte Origin;

    /// <summary>Reads a set.</summary>
    public static AttributeFacts Of(PathAttributes attributes, int nextHop)
    {
        return new AttributeFacts
        {
            LocalPref = attributes.LocalPref ?? 100,
            Med = attributes.Med ?? 0,
            NeighborAs = NeighborOf(attributes.AsPath),
            OriginatorId = attributes.OriginatorId ?? 0,
            NextHop = nextHop,
            PathLength = (ushort)Math.Min(AsPaths.LengthOf(attributes.AsPath), ushort.MaxValue),
            ClusterLength = (ushort)Math.Min(attributes.ClusterList.Length, ushort.MaxValue),
            Origin = (byte)attributes.Origin,
        };
    }

    // RFC 5065 §5.3: segments of a confederation do not count.
    private static uint NeighborOf(IReadOnlyList<AsSegment> path)
    {
        for (var i = 0; i < path.Count; i++)
        {
            if (path[i].Type <= AsPaths.Sequence) return path[i] is { Type: AsPaths.Sequence, Ases: [var first, ..] } ? first : 0;
        }

        return 0;
    }
}

/// <summary>Sets of attributes, each once: equal sets get the same number and are one object. Let go when nothing refers to them any more.</summary>
internal sealed class AttributeTable(NextHopTable hops)
{
    private readonly Slab<Entry> entries = new();
    private int[] buckets = new int[64];

    /// <summary>How many sets there are.</summary>
    public int Count => entries.Count;

    /// <summary>The one object of a number.</summary>
    public PathAttributes this[int id] => entries[id].Value!;

    /// <summary>What the decision asks.</summary>
    public ref readonly AttributeFacts Facts(int id) => ref entries[id].Facts;

    /// <summary>The number of a set, with a reference for the caller.</summary>
    public int Intern(PathAttributes attributes)
    {
        var hash = (uint)attributes.GetHashCode();
        for (var at = buckets[hash & (uint)(buckets.Length - 1)]; at != 0;)
        {
            ref var entry = ref entries[at];
            if (ReferenceEquals(entry.Value, attributes) || attributes.Equals(entry.Value))
            {
                entry.References++;
                return at;
            }

            at = entry.Next;
        }

        if (entries.Count >= buckets.Length) Resize(buckets.Length * 2);
        var id = entries.Take();
        ref var made = ref entries[id];
        made.Value = attributes;
        made.References = 1;
        made.Facts = AttributeFacts.Of(attributes, hops.Hold(attributes.Egress ?? attributes.NextHop, attributes.Egress != null));
        ref var bucket = ref buckets[hash & (uint)(buckets.Length - 1)];
        made.Next = bucket;
        bucket = id;
        return id;
    }

    /// <summary>One more reference; 0 is nothing.</summary>
    public int Hold(int id)
    {
        if (id > 0) entries[id].References++;
        return id;
    }

    /// <summary>One reference less; 0 is nothing.</summary>
    public void Release(int id)
    {
        if (id <= 0) return;
        ref var entry = ref entries[id];
        if (--entry.References > 0) return;
        ref var bucket = ref buckets[(uint)entry.Value!.GetHashCode() & (uint)(buckets.Length - 1)];
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

        hops.Release(entry.Facts.NextHop);
        entries.Give(id);
        if (entries.Count == 0) buckets = new int[64];
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
                ref var bucket = ref grown[(uint)entry.Value!.GetHashCode() & (uint)(size - 1)];
                entry.Next = bucket;
                bucket = at;
                at = next;
            }
        }

        buckets = grown;
    }

    private struct Entry : ILinked
    {
        public PathAttributes? Value;
        public AttributeFacts Facts;
        public int References;

        public int Next { get; set; }
    }
}
