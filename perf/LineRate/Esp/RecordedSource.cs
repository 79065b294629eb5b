using System.Diagnostics;
using Appliance.PacketIo;
using Appliance.Shared;

namespace Appliance.LineRate.Esp;

/// <summary>Gives recorded packets once, in order; <see cref="Rewind"/> begins again. Each is copied whole: decryption changes it.</summary>
internal sealed class RecordedSource(FramePool pool, byte port) : PortQueue(pool, port)
{
    private const int ChunkSize = 1 << 20;
    private readonly List<(byte[] Chunk, int Start, int Length)> packets = [];
    private byte[] chunk = [];
    private int used;
    private int next;

    /// <summary>True when all were given.</summary>
    public bool IsAtEnd => next == packets.Count;

    public int Count => packets.Count;

    public override int Descriptor => -1;

    public override bool IsLost => false;

    public override ulong Missed => 0;

    /// <summary>Packets stand behind one another in large chunks, so that reading them again costs what a NIC's ring would.</summary>
    public void Add(ReadOnlySpan<byte> packet)
    {
        if (used + packet.Length > chunk.Length) (chunk, used) = (new byte[ChunkSize], 0);
        packet.CopyTo(chunk.AsSpan(used));
        packets.Add((chunk, used, packet.Length));
        used += packet.Length;
    }

    public void Rewind() => next = 0;

    public override int Receive(Span<Packet> batch)
    {
        var memory = Pool.Memory;
        var now = Stopwatch.GetTimestamp();
        var count = 0;
        for (; count < batch.Length && next < packets.Count && Pool.TryTake(out var frame); count++)
        {
            var (octets, start, length) = packets[next++];
            var packet = octets.AsSpan(start, length);
            packet.CopyTo(memory.Span(frame + FrameMemory.Headroom, packet.Length));
            System.Buffers.Binary.BinaryPrimitives.WriteInt64LittleEndian(memory.Span(frame, 8), now);
            batch[count] = new Packet { Address = frame + FrameMemory.Headroom, Length = packet.Length, InPort = Port, Flags = PacketFlags.NoEthernet };
        }

        return count;
    }

    public override int Send(ReadOnlySpan<Packet> batch)
    {
        foreach (ref readonly var packet in batch) Pool.Give(packet.Address);
        return batch.Length;
    }

    public override void Poll()
    {
    }

    public override bool HasPending() => !IsAtEnd;

    protected override void Close() => next = packets.Count;
}
