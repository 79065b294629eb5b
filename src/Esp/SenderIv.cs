using System.Runtime.CompilerServices;
using Appliance.Wire;

namespace Appliance.Esp;

/// <summary>The IV of a counter mode under a key that many senders share: Sender-ID in the top bits, counter below (RFC 6054 §2).</summary>
public static class SenderIv
{
    /// <summary>Takes an IV of 8 octets apart; <paramref name="bits"/> is the width of the Sender-ID, 1 to 32.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static (uint SenderId, ulong Counter) Split(ref byte iv, int bits)
    {
        var value = BigEndian.U64(ref iv, 0);
        return ((uint)(value >> (64 - bits)), value & (ulong.MaxValue >> bits));
    }
}
