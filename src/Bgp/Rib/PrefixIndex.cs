using System.Numerics;

namespace Appliance.Bgp;

/// <summary>How the prefixes of a family are kept: packed, hashed with a seed that differs from process to process, so that nobody can choose prefixes that collide.</summary>
internal interface IPrefixKey<TSelf> : IEquatable<TSelf>
    where TSelf : struct, IPrefixKey<TSelf>
{
    /// <summary>Packs; label and path identifier do not belong to the key.</summary>
    static abstract TSelf Of(in Nlri nlri);

    /// <summary>A hash.</summary>
    uint Hash(ulong seed);

    /// <summary>Unpacks.</summary>
    Nlri ToNlri();
}

/// <summary>An IPv4 prefix in 8 octets: address above, length below.</summary>
internal readonly record struct Ipv4Key(ulong Packed) : IPrefixKey<Ipv4Key>
{
    public static Ipv4Key Of(in Nlri nlri) => new(nlri.Prefix.High | nlri.Prefix.Length);

    public uint Hash(ulong seed) => PrefixIndex.Mix(Packed ^ seed, seed);

    public Nlri ToNlri() => new(new Prefix(Packed & 0xffff_ffff_0000_0000, 0, (byte)Packed));
}

/// <summary>A prefix of any other family, with its route distinguisher where there is one.</summary>
internal readonly record struct WideKey(ulong High, ulong Low, ulong RouteDistinguisher, byte Length) : IPrefixKey<WideKey>
{
    public static WideKey Of(in Nlri nlri) => new(nlri.Prefix.High, nlri.Prefix.Low, nlri.RouteDistinguisher, nlri.Prefix.Length);

    public uint Hash(ulong seed)
    {
        ulong mixed = PrefixIndex.Mix(High ^ seed, seed);
        mixed = mixed << 32 | PrefixIndex.Mix(Low + mixed, seed);
        return PrefixIndex.Mix(mixed ^ BitOperations.RotateLeft(RouteDistinguisher, 17) ^ Length, seed);
    }

    public Nlri ToNlri() => new(new Prefix(High, Low, Length), RouteDistinguisher);
}

/// <summary>Prefixes of a table by slot: a small number that holds as long as the prefix is there, and finds it in every array beside it.</summary>
internal abstract class PrefixIndex
{
    /// <summary>One beyond the highest slot.</summary>
    public abstract int Top { get; }

    /// <summary>How many prefixes there are.</summary>
    public abstract int Count { get; }

    /// <summary>For a family.</summary>
    public static PrefixIndex Of(Family family) => family == Family.Ipv4Unicast ? new PrefixIndex<Ipv4Key>() : new PrefixIndex<WideKey>();

    /// <summary>Slot of a prefix; 0: not there.</summary>
    public abstract int Find(in Nlri nlri);

    /// <summary>Slot of a prefix, made when it is not there.</summary>
    public abstract int FindOrAdd(in Nlri nlri, out bool added);

    /// <summary>Forgets a prefix.</summary>
    public abstract void Remove(int slot);

    /// <summary>What stands in a slot, without label and path identifier.</summary>
    public abstract Nlri Nlri(int slot);

    /// <summary>64 bits to 32 in which every bit depends on every bit, and on the seed.</summary>
    public static uint Mix(ulong value, ulong seed)
    {
        var product = Math.BigMul(value ^ 0x9e37_79b9_7f4a_7c15, seed | 1, out var low);
        var folded = (product ^ low) * 0xd6e8_feb8_6659_fd93;
        return (uint)(folded >> 32);
    }
}

/// <summary>The same, for one kind of key: chains from buckets through the slots.</summary>
internal sealed class PrefixIndex<TKey> : PrefixIndex
    where TKey : struct, IPrefixKey<TKey>
{
    private readonly Slab<Node> nodes = new();
    private readonly ulong seed = (ulong)(uint)HashCode.Combine(1) << 32 | (uint)HashCode.Combine(2);
    private int[] buckets = new int[16];

    public override int Top => nodes.Top;

    public override int Count => nodes.Count;

    public override int Find(in Nlri nlri)
    {
        var key = TKey.Of(nlri);
        var at = buckets[key.Hash(seed) & (uint)(buckets.Length - 1)];
        while (at != 0)
        {
            ref var node = ref nodes[at];
            if (node.Key.Equals(key)) return at;
            at = node.Next;
        }

        return 0;
    }

    public override int FindOrAdd(in Nlri nlri, out bool added)
    {
        var slot = Find(nlri);
        added = slot == 0;
        if (!added) return slot;
        if (nodes.Count >= buckets.Length) Resize(buckets.Length * 2);
        slot = nodes.Take();
        ref var node = ref nodes[slot];
        node.Key = TKey.Of(nlri);
        ref var bucket = ref buckets[node.Key.Hash(seed) & (uint)(buckets.Length - 1)];
        node.Next = bucket;
        bucket = slot;
        return slot;
    }

    public override void Remove(int slot)
    {
        ref var node = ref nodes[slot];
        ref var bucket = ref buckets[node.Key.Hash(seed) & (uint)(buckets.Length - 1)];
        if (bucket == slot)
        {
            bucket = node.Next;
        }
        else
        {
            var at = bucket;
            while (nodes[at].Next != slot) at = nodes[at].Next;
            nodes[at].Next = node.Next;
        }

        nodes.Give(slot);
        if (nodes.Count == 0) buckets = new int[16];
    }

    public override Nlri Nlri(int slot) => nodes[slot].Key.ToNlri();

    private void Resize(int size)
    {
        var grown = new int[size];
        foreach (var first in buckets)
        {
            for (var at = first; at != 0;)
            {
                ref var node = ref nodes[at];
                var next = node.Next;
                ref var bucket = ref grown[node.Key.Hash(seed) & (uint)(size - 1)];
                node.Next = bucket;
                bucket = at;
                at = next;
            }
        }

        buckets = grown;
    }

    private struct Node : ILinked
    {
        public TKey Key;

        public int Next { get; set; }
    }
}
