using System.Numerics;
using Appliance.Shared;

namespace Appliance.DataPlane;

/// <summary>What the other worker shall do with a packet.</summary>
internal enum HandOffKind : uint
{
    /// <summary>Decapsulate under the inbound SA in the slot.</summary>
    Decapsulate = 1,

    /// <summary>Encapsulate under the outbound SA in the slot.</summary>
    Encapsulate = 2,

    /// <summary>Join with its other fragments.</summary>
    Reassemble = 3,

    /// <summary>Send, link header and all, by the port whose index is in the slot.</summary>
    Transmit = 4,

    /// <summary>As <see cref="Decapsulate"/>, but the packet has been tried under another SA: no other is left.</summary>
    DecapsulateLast = 5,
}

/// <summary>A packet on its way to the worker that owns its SA. The generation tells whether the slot is still the same SA when it arrives.</summary>
internal struct HandOff
{
    public Packet Packet;
    public uint Slot;
    public uint Generation;
    public HandOffKind Kind;

    /// <summary>To encapsulate: slot of the next hop. To decapsulate: record of the sender. It is checked like any hint.</summary>
    public uint Beside;
}

/// <summary>One ring for each ordered pair of workers, and what wakes each worker up.</summary>
internal sealed class Crossroads : IDisposable
{
    private readonly SpscRing<HandOff>[] rings;

    public Crossroads(int workers)
    {
        Workers = workers;
        rings = [.. Enumerable.Range(0, workers * workers).Select(i => new SpscRing<HandOff>(i / workers == i % workers ? 2 : Tuning.HandOffRing))];
        Wakes = [.. Enumerable.Range(0, workers).Select(_ => new WakeEvent())];
    }

    /// <summary>How many workers.</summary>
    public int Workers { get; }

    /// <summary>One for each worker.</summary>
    public WakeEvent[] Wakes { get; }

    /// <summary>The ring from one worker to another.</summary>
    public SpscRing<HandOff> Ring(int from, int to) => rings[from * Workers + to];

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var wake in Wakes) wake.Dispose();
    }
}

/// <summary>One worker's side of the <see cref="Crossroads"/>.</summary>
internal sealed class Steering(WorkerContext context, Crossroads crossroads)
{
    private readonly int self = context.Index;
    private uint touched;

    /// <summary>True when there is nobody to hand packets to.</summary>
    public bool IsAlone => crossroads.Workers == 1;

    /// <summary>How many workers there are.</summary>
    public int Workers => crossroads.Workers;

    /// <summary>Hands a packet over, or drops it when there is no such worker or its ring is full.</summary>
    public void Send(in Packet packet, int owner, HandOffKind kind, uint slot, uint generation, uint beside = 0)
    {
        var handOff = new HandOff { Packet = packet, Slot = slot, Generation = generation, Kind = kind, Beside = beside };
        handOff.Packet.Flags |= PacketFlags.HandedOver;
        if (owner >= crossroads.Workers || !crossroads.Ring(self, owner).TryEnqueue(handOff))
        {
            context.Drop(packet, DropReason.HandoffFull);
            return;
        }

        context.Block.HandedOver++;
        touched |= 1u << owner;
    }

    /// <summary>Takes what one other worker handed over; returns how many.</summary>
    public int Receive(int from, Span<HandOff> batch) => from == self ? 0 : crossroads.Ring(from, self).Dequeue(batch);

    /// <summary>End of a round: wakes those that sleep and were given something.</summary>
    public void Wake()
    {
        if (touched == 0) return;
        Interlocked.MemoryBarrier();
        for (; touched != 0; touched &= touched - 1)
        {
            var owner = BitOperations.TrailingZeroCount(touched);
            if (Volatile.Read(ref context.Region.Worker(owner).Sleeping) != 0) crossroads.Wakes[owner].Signal();
        }
    }

    /// <summary>True while something is on its way to this worker.</summary>
    public bool HasPending()
    {
        for (var from = 0; from < crossroads.Workers; from++)
        {
            if (from != self && crossroads.Ring(from, self).Count > 0) return true;
        }

        return false;
    }
}
