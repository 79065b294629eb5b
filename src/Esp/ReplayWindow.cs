using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Appliance.Shared;

namespace Appliance.Esp;

/// <summary>
/// The anti-replay window (RFC 4303 §3.4.3) over <see cref="InboundSaState"/>, or over what a receiver keeps of one sender of a multi-point SA: exactly as many sequence numbers as the SA says, 64..4096, one bit
/// each at its number modulo 4096. Checked before the integrity check, updated only after it.
/// </summary>
public static class ReplayWindow
{
    private const ulong Bits = 4096;

    /// <summary>
    /// The 64-bit sequence number whose low half is <paramref name="low"/> (RFC 4303 Appendix A2.2), from the highest one received: the one that lies in the window, or in
    /// the 2^32 numbers from its bottom on. False when it would lie before the first number or behind the last.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool TryInfer(ulong highest, uint window, uint low, out ulong sequence)
    {
        var high = (uint)(highest >> 32);
        var bottom = (uint)highest - window + 1;
        var isSameSubspace = (uint)highest >= window - 1;
        var after = isSameSubspace & low < bottom ? 1 : 0;
        var before = !isSameSubspace & low >= bottom ? 1 : 0;
        sequence = (ulong)(high + (uint)after - (uint)before) << 32 | low;
        return !(before == 1 & high == 0) & !(after == 1 & high == uint.MaxValue);
    }

    /// <summary>Whether a number may be new: <see cref="DropReason.None"/>, <see cref="DropReason.TooOld"/> or <see cref="DropReason.Replayed"/>. Changes nothing.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DropReason Check(ref InboundSaState state, uint window, ulong sequence) => Check(state.Highest, ref state.Window, window, sequence);

    /// <summary>
    /// Checks again and marks a number whose packet passed its integrity check; a copy in the same batch was marked meanwhile.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DropReason CheckAndUpdate(ref InboundSaState state, uint window, ulong sequence) => CheckAndUpdate(ref state.Highest, ref state.Window, window, sequence);

    /// <summary>As <see cref="Check(ref InboundSaState, uint, ulong)"/>, for one sender's highest number and bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static DropReason Check(ulong highest, ref ReplayBits bits, uint window, ulong sequence)
    {
        if (sequence > highest) return DropReason.None;
        if (highest - sequence >= window) return DropReason.TooOld;
        return (Word(ref bits, sequence) >> (int)(sequence & 63) & 1) == 0 ? DropReason.None : DropReason.Replayed;
    }

    /// <summary>As <see cref="CheckAndUpdate(ref InboundSaState, uint, ulong)"/>, for one sender's highest number and bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static DropReason CheckAndUpdate(ref ulong highest, ref ReplayBits bits, uint window, ulong sequence)
    {
        var reason = Check(highest, ref bits, window, sequence);
        if (reason != DropReason.None) return reason;
        if (sequence > highest)
        {
            if (sequence != highest + 1) ClearBetween(highest, ref bits, sequence);
            highest = sequence;
        }

        ref var word = ref Word(ref bits, sequence);
        // The bit of the new highest number may be left from one 4096 lower: it is being set anyway.
        word |= 1UL << (int)(sequence & 63);
        return DropReason.None;
    }

    // The numbers between the old highest and the new one were not received: their places hold what was 4096 lower.
    private static void ClearBetween(ulong highest, ref ReplayBits bits, ulong sequence)
    {
        if (sequence - highest > Bits)
        {
            bits = default;
            return;
        }

        for (var number = highest + 1; number < sequence;)
        {
            var bit = (int)(number & 63);
            var span = Math.Min(64 - (ulong)bit, sequence - number);
            var mask = (span == 64 ? ulong.MaxValue : (1UL << (int)span) - 1) << bit;
            Word(ref bits, number) &= ~mask;
            number += span;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ref ulong Word(ref ReplayBits bits, ulong sequence) => ref Unsafe.Add(ref Unsafe.As<ReplayBits, ulong>(ref bits), (nint)((sequence & (Bits - 1)) >> 6));
}
