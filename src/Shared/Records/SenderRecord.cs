using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Appliance.Shared;

/// <summary>
/// One sender of a multi-point SA as a receiver knows it: who its packets' window belongs to, and what came of them. Its window is <see cref="Region.SenderWindow"/>. Claimed by the worker
/// that first authenticated a packet of it (<see cref="Senders.Claim"/>), from then on written by that worker alone; freed by the slow path when its SA has gone (<see cref="SenderTable"/>).
/// 128 octets; what every packet touches lies in the first line.
/// </summary>
[StructLayout(LayoutKind.Explicit, Size = RecordSize)]
public struct SenderRecord
{
    /// <summary>Octets of a record.</summary>
    public const int RecordSize = 128;

    /// <summary><see cref="SlotState"/>: Free → Writing (compare-and-swap by a worker) → Live → Retired (slow path) → Free.</summary>
    [FieldOffset(0)] public uint State;

    /// <summary>Generation of the inbound SA's slot.</summary>
    [FieldOffset(4)] public uint Generation;

    /// <summary>Slot of the inbound SA.</summary>
    [FieldOffset(8)] public uint Sa;

    /// <summary>The top <see cref="InboundSa.SenderIdBits"/> bits of its IVs.</summary>
    [FieldOffset(12)] public uint SenderId;

    /// <summary>Record behind it with the same hash, + 1; 0 at the end. Once it is found by others, changed by the slow path only.</summary>
    [FieldOffset(16)] public uint Next;

    /// <summary>Index of the worker that owns it.</summary>
    [FieldOffset(20)] public uint Worker;

    /// <summary>Highest IV counter that passed its integrity check.</summary>
    [FieldOffset(24)] public ulong Highest;

    /// <summary>Packets accepted.</summary>
    [FieldOffset(32)] public ulong Packets;

    /// <summary>Octets of inner packets accepted.</summary>
    [FieldOffset(40)] public ulong Bytes;

    /// <summary>Tick of the last packet, in milliseconds of <see cref="Environment.TickCount64"/>.</summary>
    [FieldOffset(48)] public long LastUsed;

    /// <summary>Packets replayed.</summary>
    [FieldOffset(64)] public ulong Replayed;

    /// <summary>Packets left of the window.</summary>
    [FieldOffset(72)] public ulong TooOld;

    /// <summary>Outer source of its packets, looked at once in 64 of them and after each pause of a second; it is not authenticated.</summary>
    [FieldOffset(80)] public IpAddress LastSource;
}

/// <summary>
/// What one worker counts for a multi-point SA with Sender-IDs and for no sender of it. Several workers open packets of such an SA; since it has no window of its own, these stand where
/// <see cref="InboundSaState.Window"/> is, one for each worker. 32 octets.
/// </summary>
[StructLayout(LayoutKind.Sequential, Size = 32)]
public struct GroupSaCounters
{
    /// <summary>Packets whose integrity check failed.</summary>
    public ulong IntegrityFailed;

    /// <summary>Packets dropped for any reason that no other counter has.</summary>
    public ulong OtherDrops;

    /// <summary>The counters of one worker (0 to 15) in the state of an SA with Sender-IDs.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ref GroupSaCounters Of(ref InboundSaState state, int worker) =>
        ref Unsafe.Add(ref Unsafe.As<ReplayBits, GroupSaCounters>(ref state.Window), worker & (WorkerBlock.Maximum - 1));
}

/// <summary>What became of the packets of an inbound SA, whoever counted it.</summary>
/// <param name="Packets">Packets accepted.</param>
/// <param name="Bytes">Octets of inner packets accepted.</param>
/// <param name="IntegrityFailed">Packets whose integrity check failed.</param>
/// <param name="Replayed">Packets replayed.</param>
/// <param name="TooOld">Packets left of the window.</param>
/// <param name="OtherDrops">Packets dropped for any other reason.</param>
/// <param name="LastUsed">Milliseconds of <see cref="Environment.TickCount64"/> at the last packet; 0 for none.</param>
/// <param name="Senders">Senders known, where the SA has Sender-IDs.</param>
public readonly record struct InboundTotals(ulong Packets, ulong Bytes, ulong IntegrityFailed, ulong Replayed, ulong TooOld, ulong OtherDrops, long LastUsed, int Senders);
