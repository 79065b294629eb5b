using System.Buffers.Binary;
using System.Diagnostics;
using Appliance.PacketIo;
using Appliance.Shared;

namespace Appliance.LineRate.Esp;

/// <summary>
/// Always has IP packets to everything behind the tunnels, in scattered order. Only the headers are written: what a frame held before costs a cipher as much as anything.
/// The time at which a batch came is left at the start of each frame, where no header reaches.
/// </summary>
internal sealed class SpraySource(FramePool pool, byte port, int routes, int[] sizes) : PortQueue(pool, port)
{
    private const int HeaderLength = 28;
    private readonly byte[][] headers = [.. sizes.Select(Header)];
    private uint at;

    /// <summary>False: it has none for now.</summary>
    public bool IsOpen { get; set; } = true;

    public override int Descriptor => -1;

    public override bool IsLost => false;

    public override ulong Missed => 0;

    public override int Receive(Span<Packet> batch)
    {
        if (!IsOpen) return 0;
        var memory = Pool.Memory;
        var now = Stopwatch.GetTimestamp();
        var count = 0;
        for (; count < batch.Length && Pool.TryTake(out var frame); count++)
        {
            var header = headers.Length == 1 ? headers[0] : headers[at % (uint)headers.Length];
            var octets = memory.Span(frame + FrameMemory.Headroom, HeaderLength);
            header.CopyTo(octets);
            var destination = EspBench.FirstRoute + (EspBench.Scatter(at++, (uint)routes) << 8) + 5;
            BinaryPrimitives.WriteUInt32BigEndian(octets[16..], destination);
            var sum = BinaryPrimitives.ReadUInt16BigEndian(octets[10..]) + (destination >> 16) + (destination & 0xffff);
            sum = (sum & 0xffff) + (sum >> 16);
            BinaryPrimitives.WriteUInt16BigEndian(octets[10..], (ushort)~((sum & 0xffff) + (sum >> 16)));
            BinaryPrimitives.WriteInt64LittleEndian(memory.Span(frame, 8), now);
            batch[count] = new Packet { Address = frame + FrameMemory.Headroom, Length = BinaryPrimitives.ReadUInt16BigEndian(header.AsSpan(2)), InPort = Port, Flags = PacketFlags.NoEthernet };
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

    public override bool HasPending() => IsOpen;

    protected override void Close() => IsOpen = false;

    /// <summary>IPv4 and UDP without destination; the checksum field holds the folded sum of the rest.</summary>
    private static byte[] Header(int size)
    {
        var header = new byte[HeaderLength];
        header[0] = 0x45;
        BinaryPrimitives.WriteUInt16BigEndian(header.AsSpan(2), (ushort)size);
        (header[8], header[9]) = (64, 17);
        BinaryPrimitives.WriteUInt32BigEndian(header.AsSpan(12), EspBench.HostInside);
        var sum = 0;
        for (var i = 0; i < 16; i += 2) sum += BinaryPrimitives.ReadUInt16BigEndian(header.AsSpan(i));
        BinaryPrimitives.WriteUInt16BigEndian(header.AsSpan(10), (ushort)((sum & 0xffff) + (sum >> 16)));
        BinaryPrimitives.WriteUInt16BigEndian(header.AsSpan(20), 1000);
        BinaryPrimitives.WriteUInt16BigEndian(header.AsSpan(22), 2000);
        BinaryPrimitives.WriteUInt16BigEndian(header.AsSpan(24), (ushort)(size - 20));
        return header;
    }
}
