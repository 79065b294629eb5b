using System.Buffers.Binary;
using System.Diagnostics;
using Appliance.PacketIo;
using Appliance.Shared;

namespace Appliance.LineRate.Esp;

/// <summary>Swallows packets. While <see cref="Latencies"/> is set it notes how long each was inside; while <see cref="Recorder"/> is set, the packet.</summary>
internal sealed class TimedSink(FramePool pool, byte port) : PortQueue(pool, port)
{
    public long Packets { get; private set; }

    public List<long>? Latencies { get; set; }

    public RecordedSource? Recorder { get; set; }

    public override int Descriptor => -1;

    public override bool IsLost => false;

    public override ulong Missed => 0;

    public override int Receive(Span<Packet> batch) => 0;

    public override int Send(ReadOnlySpan<Packet> batch)
    {
        if (Latencies is not null || Recorder is not null) Note(batch);
        foreach (ref readonly var packet in batch) Pool.Give(packet.Address);
        Packets += batch.Length;
        return batch.Length;
    }

    public override void Poll()
    {
    }

    public override bool HasPending() => false;

    protected override void Close()
    {
    }

    private void Note(ReadOnlySpan<Packet> batch)
    {
        var memory = Pool.Memory;
        var now = Stopwatch.GetTimestamp();
        foreach (ref readonly var packet in batch)
        {
            Latencies?.Add(now - BinaryPrimitives.ReadInt64LittleEndian(memory.Span(memory.FrameOf(packet.Address), 8)));
            Recorder?.Add(memory.Span(packet)[14..]);
        }
    }
}
