using System.Runtime.CompilerServices;
using Appliance.Crypto;
using Appliance.Shared;

namespace Appliance.Esp;

/// <summary>
/// Sequence numbers (and with them IV counters) of an outbound SA (RFC 4303 §3.3.3). A block is reserved in the region before its first number is used, so a
/// worker that starts after a crash goes on behind every number that may have been on the wire. Nothing ever wraps.
/// </summary>
public static class SequenceBlock
{
    /// <summary>A worker that starts takes over an SA: before its first packet, once for each SA that it owns.</summary>
    public static void Adopt(ref OutboundSaState state) => state.Sequence = Volatile.Read(ref state.ReservedUntil);

    /// <summary>Takes the next number. False when the SA's numbers, or the IV space above its base, are used up.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static bool TryTake(in OutboundSa sa, ref OutboundSaState state, out ulong sequence)
    {
        sequence = state.Sequence;
        if (sequence >= state.ReservedUntil && !TryReserve(sa, ref state)) return false;
        state.Sequence = ++sequence;
        return true;
    }

    /// <summary>The last number that may be used: the SA's limit, held below what its sequence number field and its IV leave room for.</summary>
    internal static ulong LastOf(in OutboundSa sa)
    {
        var last = sa.SequenceHardLimit;
        if ((sa.Flags & (SaFlags.Esn | SaFlags.MultiPoint)) == 0) last = Math.Min(last, uint.MaxValue);
        if (sa.IvBase != 0) last = Math.Min(last, (sa.IvBase & (0 - sa.IvBase)) - 1);
        if (sa.SenderIdBits != 0) last = Math.Min(last, ulong.MaxValue >> sa.SenderIdBits);

        // All members share the key: a counter without a Sender-ID above it would be another member's too (RFC 6054 §2).
        if ((sa.Flags & SaFlags.MultiPoint) != 0 && (sa.SenderIdBits == 0 || sa.IvBase == 0) && !CipherFacts.IsCbc((Cipher)sa.Cipher)) last = 0;
        return last;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static bool TryReserve(in OutboundSa sa, ref OutboundSaState state)
    {
        var last = LastOf(sa);
        if (state.Sequence >= last) return false;
        Volatile.Write(ref state.ReservedUntil, last - state.Sequence <= Tuning.SequenceBlock ? last : state.Sequence + Tuning.SequenceBlock);
        return true;
    }
}
