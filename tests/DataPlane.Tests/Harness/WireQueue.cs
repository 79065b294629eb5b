using Appliance.PacketIo;
using Appliance.Shared;

namespace Appliance.DataPlane.Tests;

/// <summary>A port whose other end is the test: packets are put in as octets, and what is sent is kept as octets.</summary>
internal sealed class WireQueue(FramePool pool, byte port) : PortQueue(pool, port)
{
    private readonly Queue<(byte[] Octets, PacketFlags Flags)> waiting = new();

    public List<byte[]> Sent { get; } = [];

    /// <summary>Packets that one call of Send takes; fewer than a batch means that the ring is full.</summary>
    public int Room { get; set; } = int.MaxValue;

    public bool Lost { get; set; }

    public bool IsClosed { get; private set; }

    public override int Descriptor => -1;

    public override bool IsLost => Lost;

    public override ulong Missed => 0;

    public void Put(byte[] octets, PacketFlags flags = PacketFlags.None) => waiting.Enqueue((octets, flags));

    public override int Receive(Span<Packet> batch)
    {
        var count = 0;
        while (count < batch.Length && waiting.TryPeek(out var next))
        {
            if (!Frames.TryTake(Pool, next.Octets.Length, out var address)) break;
            waiting.Dequeue();
            next.Octets.CopyTo(Pool.Memory.Span(address, next.Octets.Length));
            batch[count++] = new Packet { Address = address, Length = next.Octets.Length, InPort = Port, Flags = next.Flags };
        }

        return count;
    }

    public override int Send(ReadOnlySpan<Packet> batch)
    {
        var taken = Math.Min(batch.Length, Room);
        for (var i = 0; i < taken; i++)
        {
            Sent.Add(Pool.Memory.Span(batch[i]).ToArray());
            Pool.Give(batch[i].Address);
        }

        return taken;
    }

    public override void Poll()
    {
    }

    public override bool HasPending() => waiting.Count != 0;

    protected override void Close() => IsClosed = true;
}
