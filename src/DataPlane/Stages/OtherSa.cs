using Appliance.Shared;

namespace Appliance.DataPlane;

/// <summary>
/// Two SAs with one SPI that source and destination do not keep apart (RFC 4301 §4.1; a multi-point SA's SPI is the gateway's choice, and its peer may have a child of ours with the same): a packet that
/// the first refuses is tried under the other. Opening destroys what it refuses, so the packet is copied first. It lasts until IKE has rekeyed the child.
/// </summary>
internal sealed class OtherSa(WorkerContext context, SenderOwner owners, Steering steering)
{
    private readonly Packet[] copies = new Packet[PacketBatch.Size];
    private readonly Packet[] again = new Packet[PacketBatch.Size];
    private int againCount;
    private ulong copied;

    /// <summary>True while there are copies, or packets to be tried again.</summary>
    public bool IsBusy => copied != 0 || againCount != 0;

    /// <summary>Keeps a copy of the packet in a row, if there is a frame for it and the other SA lives.</summary>
    public void Keep(int row, in Packet packet, in InboundSa sa)
    {
        var other = sa.Alternate - 1;
        if (other >= (uint)context.Region.Counts.InboundSas) return;
        ref var alternate = ref context.Region.InboundSa(other);
        if (Volatile.Read(ref alternate.State) != SlotState.Live || alternate.Spi != sa.Spi || !Frames.TryTake(context.Pool, packet.Length, out var address)) return;
        copies[row] = packet;
        copies[row].Address = address;
        copies[row].Tag = other;
        context.Memory.Span(packet).CopyTo(context.Memory.Span(copies[row]));
        copied |= 1UL << row;
    }

    /// <summary>The first SA accepted the packet in a row: the copy goes.</summary>
    public void Forget(int row)
    {
        if ((copied >> row & 1) == 0) return;
        copied &= ~(1UL << row);
        context.Pool.Give(copies[row].Address);
    }

    /// <summary>The first SA refused the packet in a row: when there is a copy, it takes the packet's place, and true is returned.</summary>
    public bool TryReplace(int row, in Packet refused)
    {
        if ((copied >> row & 1) == 0) return false;
        copied &= ~(1UL << row);
        context.Pool.Give(refused.Address);
        again[againCount++] = copies[row];
        return true;
    }

    /// <summary>Takes what is to be tried again to the worker that opens it: into <paramref name="here"/>, or over a ring.</summary>
    public void TryAgain(Decapsulation here)
    {
        for (var i = 0; i < againCount; i++)
        {
            var slot = again[i].Tag;
            ref var sa = ref context.Region.InboundSa(slot);
            var owner = owners.Find(again[i], slot, sa, out var sender);
            if (owner == context.Index) here.Add(again[i], slot, sender, isLast: true);
            else steering.Send(again[i], owner, HandOffKind.DecapsulateLast, slot, sa.Generation, sender);
        }

        againCount = 0;
    }
}
