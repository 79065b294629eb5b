using System.Buffers.Binary;
using Appliance.Crypto;
using Appliance.Esp;
using Appliance.Shared;
using Appliance.Wire;

namespace Appliance.LineRate.Esp;

/// <summary>Makes ESP packets as the peers of a bench would send them: from behind each tunnel to a host inside.</summary>
internal sealed class EspRecorder : IDisposable
{
    private readonly EspBench bench;
    private readonly EspShape shape;
    private readonly EspOutbound<ManagedKernel> esp;
    private readonly DropReason[] reasons = new DropReason[1];
    private uint made;

    public EspRecorder(EspBench bench, EspShape shape)
    {
        this.bench = bench;
        this.shape = shape;
        esp = new EspOutbound<ManagedKernel>(bench.Region, bench.Engine.Frames.Memory, bench.Engine.Objects, AesGcmTier.Managed);
    }

    /// <summary>Adds packets of SAs that belong to a worker.</summary>
    public void Fill(RecordedSource into, int count, int worker)
    {
        if (!into.Pool.TryTake(out var frame)) throw new InvalidOperationException("no frame");
        for (var i = 0; i < count; i++)
        {
            var slot = EspBench.Scatter(made++, (uint)bench.Sas);
            if (bench.Sas >= bench.Workers) slot = slot / (uint)bench.Workers * (uint)bench.Workers + (uint)worker;
            if (slot >= bench.Sas) slot = (uint)worker;
            var size = shape.Sizes[i % shape.Sizes.Length];
            var packet = new Packet { Address = frame + FrameMemory.Headroom, Length = size, Tag = slot };
            Write(bench.Engine.Frames.Memory.Span(packet), EspBench.FirstRoute + (slot << 8) + 7);
            esp.Encapsulate(new Span<Packet>(ref packet), reasons, 0);
            if (reasons[0] != DropReason.None) throw new InvalidOperationException($"cannot record: {reasons[0]}");
            var outer = bench.Engine.Frames.Memory.Span(packet);
            BinaryPrimitives.WriteUInt32BigEndian(outer[12..], EspBench.OuterRemote);
            BinaryPrimitives.WriteUInt32BigEndian(outer[16..], EspBench.OuterLocal);
            Ipv4Header.WriteChecksum(outer[..20]);
            into.Add(outer);
        }

        into.Pool.Give(frame);
    }

    public void Dispose() => esp.Dispose();

    private static void Write(Span<byte> packet, uint source)
    {
        Ipv4Header.TryWrite(packet, packet.Length, IpProtocol.Udp, source, EspBench.HostInside);
        UdpHeader.TryWrite(packet[20..], 1000, 2000, packet.Length - 20);
    }
}
