using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Appliance.Shared;

/// <summary>
/// Octets by number, kept in the region for the next process of the slow path: the contexts of IKE SAs. A crash at any moment leaves, for each number, the context of
/// before or the one of after, never a mixture:
/// 1. <see cref="Save"/> writes a new chain of slots, the head last, which one store makes a head;
/// 2. only then the old chain is taken apart and wiped. Should both be there, the higher version counts.
/// Made over a region, it finds the whole chains and wipes everything else. One thread; workers never look here.
/// </summary>
public sealed class ContextStore
{
    /// <summary>Octets of a context at most.</summary>
    public const int MaximumLength = 64 << 10;

    private readonly Region region;
    private readonly SlotBitmap slots;
    private readonly Dictionary<ulong, uint[]> chains = [];
    private ulong version;

    /// <summary>Takes over what is there.</summary>
    public ContextStore(Region region)
    {
        this.region = region;
        slots = new SlotBitmap(region.Counts.ContextSlots);
        var touched = region.TouchedContextSlots();
        foreach (var slot in touched)
            if (Volatile.Read(ref region.ContextSlot(slot).State) == ContextSlot.Head && Chain(slot) is { } chain)
                Adopt(chain);
        foreach (var chain in chains.Values)
            foreach (var slot in chain)
                slots.TryClaim(slot);
        foreach (var slot in touched)
            if (!slots.IsTaken(slot))
                Wipe(slot);
    }

    /// <summary>Numbers of the contexts that are kept.</summary>
    public IReadOnlyCollection<ulong> Ids => chains.Keys;

    /// <summary>Slots that are free.</summary>
    public int Free => slots.Free;

    /// <summary>
    /// Keeps a context in place of the one that was kept under the same number. False when there is no room for both, or it is too long: then none is kept, since an old one
    /// would be taken for the truth.
    /// </summary>
    public bool Save(ulong id, ReadOnlySpan<byte> context)
    {
        if (context.Length > MaximumLength || SlotsFor(context.Length) > slots.Free)
        {
            Forget(id);
            return false;
        }

        var octets = context.ToArray();
        try
        {
            Run(SaveSteps(id, octets));
            return true;
        }
        finally
        {
            CryptographicOperations.ZeroMemory(octets);
        }
    }

    /// <summary>A copy of a context, or null.</summary>
    public byte[]? Read(ulong id)
    {
        if (!chains.TryGetValue(id, out var chain)) return null;
        var octets = new byte[region.ContextSlot(chain[0]).Total];
        for (var i = 0; i < chain.Length; i++)
        {
            var part = octets.AsSpan(i * ContextOctets.Size, Math.Min(ContextOctets.Size, octets.Length - i * ContextOctets.Size));
            ((ReadOnlySpan<byte>)region.ContextSlot(chain[i]).Octets)[..part.Length].CopyTo(part);
        }

        return octets;
    }

    /// <summary>Forgets a context and wipes it. False when there was none.</summary>
    public bool Forget(ulong id)
    {
        if (!chains.Remove(id, out var chain)) return false;
        Run(WipeSteps(chain));
        return true;
    }

    /// <summary><see cref="Save"/>, one store to the region between two elements: a process may die at any of them.</summary>
    internal IEnumerable<int> SaveSteps(ulong id, byte[] octets)
    {
        chains.Remove(id, out var before);
        var chain = new uint[SlotsFor(octets.Length)];
        for (var i = 0; i < chain.Length; i++) slots.TryTake(out chain[i]);
        version++;
        for (var i = chain.Length - 1; i >= 0; i--)
        {
            Fill(chain[i], id, octets, i, i + 1 < chain.Length ? chain[i + 1] : ContextSlot.None);
            yield return i;
            Volatile.Write(ref region.ContextSlot(chain[i]).State, i == 0 ? ContextSlot.Head : ContextSlot.Link);
            yield return i;
        }

        chains[id] = chain;
        if (before is null) yield break;
        foreach (var step in WipeSteps(before)) yield return step;
    }

    private static void Run(IEnumerable<int> steps)
    {
        foreach (var _ in steps)
        {
        }
    }

    private static int SlotsFor(int length) => Math.Max(1, (length + ContextOctets.Size - 1) / ContextOctets.Size);

    private IEnumerable<int> WipeSteps(uint[] chain)
    {
        // The head first: what it leads to is no chain any more from then on.
        foreach (var slot in chain)
        {
            Volatile.Write(ref region.ContextSlot(slot).State, ContextSlot.Free);
            yield return (int)slot;
            Wipe(slot);
            yield return (int)slot;
            slots.Release(slot);
        }
    }

    private void Fill(uint slot, ulong id, byte[] octets, int index, uint next)
    {
        ref var record = ref region.ContextSlot(slot);
        record.Total = octets.Length;
        record.Id = id;
        record.Version = version;
        record.Next = next;
        octets.AsSpan(index * ContextOctets.Size, Math.Min(ContextOctets.Size, octets.Length - index * ContextOctets.Size)).CopyTo(record.Octets);
    }

    private void Wipe(uint slot) => CryptographicOperations.ZeroMemory(MemoryMarshal.AsBytes(new Span<ContextSlot>(ref region.ContextSlot(slot))));

    private void Adopt(uint[] chain)
    {
        ref var head = ref region.ContextSlot(chain[0]);
        version = Math.Max(version, head.Version);
        if (!chains.TryGetValue(head.Id, out var other) || region.ContextSlot(other[0]).Version < head.Version) chains[head.Id] = chain;
    }

    /// <summary>The slots of a whole chain, or null when a link is not of it.</summary>
    private uint[]? Chain(uint first)
    {
        ref var head = ref region.ContextSlot(first);
        if (head.Total is < 0 or > MaximumLength) return null;
        var chain = new uint[SlotsFor(head.Total)];
        var at = first;
        for (var i = 0; i < chain.Length; i++)
        {
            if (at >= (uint)region.Counts.ContextSlots) return null;
            ref var link = ref region.ContextSlot(at);
            if (link.State != (i == 0 ? ContextSlot.Head : ContextSlot.Link) || link.Id != head.Id || link.Version != head.Version || link.Total != head.Total) return null;
            chain[i] = at;
            at = link.Next;
        }

        return at == ContextSlot.None ? chain : null;
    }
}
