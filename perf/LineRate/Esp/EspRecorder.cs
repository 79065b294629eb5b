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
    private readonly ulong[] counters;
    private uint made;

    public EspRecorder(EspBench bench, EspShape shape)
    {
        this.bench = bench;
        this.shape = shape;
        counters = new ulong[shape.Members];
        esp = new EspOutbound<ManagedKernel>(bench.Region, bench.Engine.Frames.Memory, bench.Engine.Objects, AesGcmTier.Managed);
    }

    /// <summary>Adds packets of SAs, or of senders, that belong to a worker.</summary>
    public void Fill(RecordedSource into, int count, int worker)
    {
        if (!into.Pool.TryTake(out var frame)) throw new InvalidOperationException("no frame");
        for (var i = 0; i < count; i++)
        {
            var from = Next((uint)worker);
            var isMember = shape.Members > 0;
            var size = shape.Sizes[i % shape.Sizes.Length];
            var packet = new Packet { Address = frame + FrameMemory.Headroom, Length = size, Tag = isMember ? 0 : from };
            Write(bench.Engine.Frames.Memory.Span(packet), EspBench.FirstRoute + (from << 8) + 7);
            if (isMember) Impersonate(from);
            esp.Encapsulate(new Span<Packet>(ref packet), reasons, 0, [3]);
            if (reasons[0] != DropReason.None) throw new InvalidOperationException($"cannot record: {reasons[0]}");
            var outer = bench.Engine.Frames.Memory.Span(packet);
            BinaryPrimitives.WriteUInt32BigEndian(outer[12..], isMember ? EspGroup.Address(from).V4 : EspBench.OuterRemote);
            BinaryPrimitives.WriteUInt32BigEndian(outer[16..], EspBench.OuterLocal);
            Ipv4Header.WriteChecksum(outer[..20]);
            into.Add(outer);
        }

        into.Pool.Give(frame);
    }

    /// <summary>The next SA or sender of a worker, in no order that a prefetcher knows.</summary>
    private uint Next(uint worker)
    {
        var count = (uint)Math.Max(bench.Sas, shape.Members);
        var workers = (uint)bench.Workers;
        var which = EspBench.Scatter(made++, count);
        if (count >= workers) which = which / workers * workers + worker;
        return which < count ? which : worker;
    }

    /// <summary>Lets the SA in slot 0 send as a member: its Sender-ID, its next counter.</summary>
    private void Impersonate(uint member)
    {
        var counter = counters[member]++;
        bench.Region.OutboundSa(0).IvBase = (ulong)(member + 1000) << (64 - EspGroup.SenderIdBits);
        ref var state = ref bench.Region.OutboundState(0);
        (state.Sequence, state.ReservedUntil) = (counter, counter + 1);
    }

    public void Dispose() => esp.Dispose();

    private static void Write(Span<byte> packet, uint source)
    {
        Ipv4Header.TryWrite(packet, packet.Length, IpProtocol.Udp, source, EspBench.HostInside);
        UdpHeader.TryWrite(packet[20..], 1000, 2000, packet.Length - 20);
    }
}
