using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Appliance.Shared;

/// <summary>One counter for each <see cref="DropReason"/>.</summary>
[InlineArray(Size)]
public struct DropCounters
{
    /// <summary>Room for reasons.</summary>
    public const int Size = 128;

    private ulong first;
}

/// <summary>What a worker counts for a port.</summary>
[StructLayout(LayoutKind.Sequential, Size = 64)]
public struct PortCounters
{
    /// <summary>Packets taken in.</summary>
    public ulong RxPackets;

    /// <summary>Octets taken in.</summary>
    public ulong RxBytes;

    /// <summary>Packets sent.</summary>
    public ulong TxPackets;

    /// <summary>Octets sent.</summary>
    public ulong TxBytes;

    /// <summary>Packets dropped that came in by the port.</summary>
    public ulong Drops;
}

/// <summary>Counters of each port.</summary>
[InlineArray(PortRecord.Maximum)]
public struct PortCounterTable
{
    private PortCounters first;
}

/// <summary>
/// What one worker publishes: that it lives, that it holds no reference to tables, and its counters (design, rule 4):
/// <c>Rx + Injected + Originated + Copies = Tx + Punted + Held + Absorbed + Σ Drops</c>, summed over all workers when they stand still.
/// Written by the worker (it survives the worker's process), read by anyone. 4096 octets.
/// </summary>
[StructLayout(LayoutKind.Explicit, Size = RecordSize)]
public struct WorkerBlock
{
    /// <summary>Octets of a block.</summary>
    public const int RecordSize = 4096;

    /// <summary>Workers a region has room for.</summary>
    public const int Maximum = 16;

    /// <summary>Odd while the worker may hold references to tables, even while it sleeps or is gone; changed by <see cref="WorkerEpoch"/> only.</summary>
    [FieldOffset(0)] public ulong Epoch;

    /// <summary>Milliseconds of <see cref="Environment.TickCount64"/> at the last time round.</summary>
    [FieldOffset(8)] public long Heartbeat;

    /// <summary>Processor that it is pinned to.</summary>
    [FieldOffset(16)] public uint Core;

    /// <summary>1 while it sleeps in poll.</summary>
    [FieldOffset(20)] public uint Sleeping;

    /// <summary>Times round the loop.</summary>
    [FieldOffset(24)] public ulong Loops;

    /// <summary>Times it slept.</summary>
    [FieldOffset(32)] public ulong Sleeps;

    /// <summary>Packets handed to other workers.</summary>
    [FieldOffset(40)] public ulong HandedOver;

    /// <summary>Batches with packets in them.</summary>
    [FieldOffset(48)] public ulong Batches;

    /// <summary>Frames free in its pool.</summary>
    [FieldOffset(56)] public uint FreeFrames;

    /// <summary>Frames in its pool in all.</summary>
    [FieldOffset(60)] public uint Frames;

    /// <summary>Packets taken from ports.</summary>
    [FieldOffset(64)] public ulong Rx;

    /// <summary>Packets taken from the host's own door.</summary>
    [FieldOffset(72)] public ulong Injected;

    /// <summary>Packets made here: ICMP errors, keepalives, dummies.</summary>
    [FieldOffset(80)] public ulong Originated;

    /// <summary>Additional packets: fragments beyond the first, segments beyond the first, replicas.</summary>
    [FieldOffset(88)] public ulong Copies;

    /// <summary>Packets given to ports.</summary>
    [FieldOffset(96)] public ulong Tx;

    /// <summary>Packets given to the host's own door.</summary>
    [FieldOffset(104)] public ulong Punted;

    /// <summary>Packets held now (a gauge): waiting for an SA, or fragments waiting for the rest.</summary>
    [FieldOffset(112)] public ulong Held;

    /// <summary>Packets used up: fragments joined (beyond the one that goes on), dummies, keepalives, ICMP errors taken in.</summary>
    [FieldOffset(120)] public ulong Absorbed;

    /// <summary>Drops by reason.</summary>
    [FieldOffset(128)] public DropCounters Drops;

    /// <summary>Counters of each port.</summary>
    [FieldOffset(1152)] public PortCounterTable Ports;
}
