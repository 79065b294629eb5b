using System.Runtime.InteropServices;
using Appliance.Crypto;
using Appliance.Shared;

namespace Appliance.Esp;

/// <summary>
/// BCL objects for the SAs whose cipher the own kernels do not do, one per slot. The keeper thread prepares and forgets, workers read. An object belongs to one life of a
/// slot (its generation), so a worker never uses the key of a slot's earlier tenant. An SA belongs to one worker, hence so does its object.
/// </summary>
public sealed class CipherObjects : IDisposable
{
    private readonly Entry?[] outbound;
    private readonly Entry?[] inbound;
    private readonly List<AeadObject> forgotten = [];

    /// <summary>Room for so many SAs of each direction.</summary>
    public CipherObjects(int outboundSlots, int inboundSlots)
    {
        outbound = new Entry?[outboundSlots];
        inbound = new Entry?[inboundSlots];
    }

    /// <summary>True when packets of this cipher go through an object: no own kernel does it in this tier.</summary>
    public static bool NeedsObject(Cipher cipher, AesGcmTier tier) => tier == AesGcmTier.Bcl || !CipherFacts.HasKernel(cipher);

    /// <summary>Keeper: makes the object of an outbound SA, where one is needed. Repeating it for the same generation does nothing.</summary>
    /// <exception cref="ArgumentException">The record's cipher or key length is none.</exception>
    /// <exception cref="PlatformNotSupportedException">The platform lacks the cipher.</exception>
    public void PrepareOutbound(uint slot, in OutboundSa sa, AesGcmTier tier) => Prepare(outbound, slot, sa.Generation, (Cipher)sa.Cipher, sa.KeyLength, sa.Key, tier);

    /// <summary>Keeper: makes the object of an inbound SA, where one is needed. Repeating it for the same generation does nothing.</summary>
    /// <exception cref="ArgumentException">The record's cipher or key length is none.</exception>
    /// <exception cref="PlatformNotSupportedException">The platform lacks the cipher.</exception>
    public void PrepareInbound(uint slot, in InboundSa sa, AesGcmTier tier) => Prepare(inbound, slot, sa.Generation, (Cipher)sa.Cipher, sa.KeyLength, sa.Key, tier);

    /// <summary>Keeper: takes the object of an outbound slot out of use.</summary>
    public void ForgetOutbound(uint slot) => Replace(outbound, slot, null);

    /// <summary>Keeper: takes the object of an inbound slot out of use.</summary>
    public void ForgetInbound(uint slot) => Replace(inbound, slot, null);

    /// <summary>Keeper: frees what was forgotten. Called only once every worker has passed a quiescent point since.</summary>
    public void DisposeForgotten()
    {
        foreach (var forgottenObject in forgotten) forgottenObject.Dispose();
        forgotten.Clear();
    }

    /// <summary>Frees everything; no worker may run any more.</summary>
    public void Dispose()
    {
        for (uint slot = 0; slot < outbound.Length; slot++) ForgetOutbound(slot);
        for (uint slot = 0; slot < inbound.Length; slot++) ForgetInbound(slot);
        DisposeForgotten();
    }

    internal AeadObject? Outbound(uint slot, uint generation) => Find(outbound, slot, generation);

    internal AeadObject? Inbound(uint slot, uint generation) => Find(inbound, slot, generation);

    private static AeadObject? Find(Entry?[] table, uint slot, uint generation)
    {
        if (slot >= (uint)table.Length) return null;
        var entry = Volatile.Read(ref table[slot]);
        return entry is not null && entry.Generation == generation ? entry.Object : null;
    }

    private void Prepare(Entry?[] table, uint slot, uint generation, Cipher cipher, int keyLength, ReadOnlySpan<byte> key, AesGcmTier tier)
    {
        if (!NeedsObject(cipher, tier) || Find(table, slot, generation) is not null) return;
        Replace(table, slot, new Entry(new AeadObject(cipher, keyLength, key), generation));
    }

    private void Replace(Entry?[] table, uint slot, Entry? entry)
    {
        if (table[slot] is { } old) forgotten.Add(old.Object);
        Volatile.Write(ref table[slot], entry);
    }

    private sealed record Entry(AeadObject Object, uint Generation);
}
