using Appliance.Shared;
using Appliance.Wire;

namespace Appliance.DataPlane;

/// <summary>
/// ICMP errors that the data plane sends (RFC 1812 §4.3, RFC 4443 §2.4, RFC 1191, RFC 8201). Each is a packet of our own in a frame of its own; it goes back by the route to
/// the source, through policy like any other. The packet at fault is dropped in every case.
/// </summary>
internal sealed class IcmpErrors(WorkerContext context)
{
    private TokenBucket allowance = new(Tuning.IcmpPerSecond, Tuning.IcmpBurst);

    /// <summary>Errors that wait to be routed.</summary>
    public PacketBatch Originated { get; } = new(PacketBatch.Size);

    /// <summary>TTL or hop limit ran out (RFC 1812 §5.3.1, RFC 4443 §3.3).</summary>
    public void TimeExceeded(in Packet packet, in PacketFields fields) =>
        Answer(packet, fields, DropReason.TtlExpired, fields.Family == 4 ? IcmpType.TimeExceeded : IcmpV6Type.TimeExceeded, 0, 0);

    /// <summary>The packet is longer than <paramref name="mtu"/> octets and must not be cut (RFC 1191 §4, RFC 4443 §3.2).</summary>
    public void TooBig(in Packet packet, in PacketFields fields, int mtu)
    {
        if (fields.Family == 4) Answer(packet, fields, DropReason.TooBig, IcmpType.DestinationUnreachable, IcmpType.CodeFragmentationNeeded, (uint)mtu);
        else Answer(packet, fields, DropReason.TooBig, IcmpV6Type.PacketTooBig, 0, (uint)Math.Max(mtu, SpecConstants.MinimumMtuV6));
    }

    private void Answer(in Packet packet, in PacketFields fields, DropReason reason, byte type, byte code, uint rest)
    {
        if (IcmpError.MayAnswer(fields, reason == DropReason.TooBig) && TryFindSource(packet, fields.Family == 4, out var from))
        {
            if (allowance.TryTake(context.Tick)) Originate(packet, fields, from, type, code, rest);
            else reason = DropReason.IcmpRateLimited;
        }

        context.Drop(packet, reason);
    }

    private void Originate(in Packet packet, in PacketFields fields, IpAddress from, byte type, byte code, uint rest)
    {
        if (Originated.Count == Originated.Capacity || !context.Pool.TryTake(out var frame)) return;
        var answer = new Packet { Address = frame + FrameMemory.Headroom, InPort = packet.InPort, Flags = PacketFlags.NoEthernet | PacketFlags.Originated, Depth = packet.Depth };
        var room = context.Memory.Span(answer.Address, IcmpError.MaximumV6);
        var offending = context.Memory.Span(packet);
        answer.Length = fields.Family == 4
            ? IcmpError.WriteV4(room, offending, from.V4, type, code, rest)
            : IcmpError.WriteV6(room, offending, from.High, from.Low, type, code, rest);
        if (answer.Length == 0 || Headers.Read(context.Memory, ref answer, out var written) != DropReason.None)
        {
            context.Pool.Give(frame);
            return;
        }

        context.Block.Originated++;
        Originated.Add(answer, written);
    }

    /// <summary>The address of the port that the packet came in by; or any address of ours of the family (RFC 1812 §4.3.2.4).</summary>
    private bool TryFindSource(in Packet packet, bool isV4, out IpAddress from)
    {
        ref var port = ref context.Region.Port(packet.InPort & (PortRecord.Maximum - 1));
        from = isV4 ? port.AddressV4 : port.AddressV6;
        if (!from.IsAny) return true;
        for (var i = 0; i < Region.MaximumLocalAddresses; i++)
        {
            from = context.Region.LocalAddress(i);
            if (!from.IsAny && from.IsV4 == isV4) return true;
        }

        return false;
    }
}
