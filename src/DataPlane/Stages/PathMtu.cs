using Appliance.Shared;
using Appliance.Wire;

namespace Appliance.DataPlane;

/// <summary>What an ICMP message to this machine is.</summary>
internal enum IcmpVerdict
{
    /// <summary>Not about our ESP: the host's own.</summary>
    NotOurs,

    /// <summary>About a packet that a live SA sent; taken in.</summary>
    Believed,

    /// <summary>About ESP, but no live SA sent that, or its MTU is below the floor.</summary>
    Refused,
}

/// <summary>
/// ICMP errors that quote our ESP (RFC 4301 §8.2, RFC 1191, RFC 8201). Anybody can forge one, so it counts only for the addresses, SPI and sequence number of an SA that
/// lives; a believable "packet too big" becomes an event, and the slow path lowers the tunnel's MTU and lets it age. The search is bounded by a rate.
/// </summary>
internal sealed class PathMtu(WorkerContext context)
{
    private readonly Region region = context.Region;
    private TokenBucket allowance = new(Tuning.PathMtuPerSecond, Tuning.PathMtuBurst);

    /// <summary>Reads an ICMP or ICMPv6 packet to this machine.</summary>
    public IcmpVerdict Consider(in Packet packet, in PacketFields fields)
    {
        var octets = context.Memory.Span(packet);
        if (!IcmpView.TryParse(octets[fields.HeaderLength..], out var icmp) || !IsError(fields, icmp)) return IcmpVerdict.NotOurs;
        if (!PacketFields.TryReadQuoted(icmp.Quoted, out var quoted) || quoted.FragmentOffset != 0 || !TryReadEsp(icmp.Quoted, quoted, out var spi, out var sequence)) return IcmpVerdict.NotOurs;
        if (!allowance.TryTake(context.Tick) || !TransportChecksum.IsRight(octets, fields) || !TryFindSa(quoted, spi, sequence, out var slot)) return IcmpVerdict.Refused;
        if (!TryReadMtu(fields, icmp, out var mtu)) return IcmpVerdict.Believed;
        var floor = Volatile.Read(ref region.Header.PathMtuFloor);
        if (mtu < (floor == 0 ? Tuning.DefaultPathMtuFloor : floor)) return IcmpVerdict.Refused;
        ref var sa = ref region.OutboundSa(slot);
        var record = new EventRecord { Kind = EventKind.PathMtu, Sa = slot, Tunnel = sa.Tunnel, Generation = sa.Generation, Spi = spi, Value = mtu, Source = fields.Source(), Destination = quoted.Destination() };
        context.Raise(ref record);
        return IcmpVerdict.Believed;
    }

    private static bool IsError(in PacketFields fields, in IcmpView icmp) => fields.Protocol == IpProtocol.Icmp
        ? fields.Family == 4 && icmp.Type is IcmpType.DestinationUnreachable or IcmpType.TimeExceeded or IcmpType.ParameterProblem
        : fields.Family == 6 && icmp.Type < IcmpV6Type.FirstInformational;

    private static bool TryReadMtu(in PacketFields fields, in IcmpView icmp, out uint mtu)
    {
        mtu = fields.Family == 4 ? icmp.NextHopMtu : icmp.Rest;
        return fields.Family == 4
            ? icmp.Type == IcmpType.DestinationUnreachable && icmp.Code == IcmpType.CodeFragmentationNeeded
            : icmp.Type == IcmpV6Type.PacketTooBig;
    }

    /// <summary>SPI and sequence number of quoted ESP, raw or in UDP; an error need not quote more than eight octets of it (RFC 792).</summary>
    private static bool TryReadEsp(ReadOnlySpan<byte> octets, in PacketFields quoted, out uint spi, out uint? sequence)
    {
        (spi, sequence) = (0, null);
        var at = quoted.HeaderLength;
        if (quoted.Protocol == IpProtocol.Udp)
        {
            if (!quoted.HasPorts || quoted.SourcePort != SpecConstants.NatTraversalPort) return false;
            at += UdpView.HeaderLength;
        }
        else if (quoted.Protocol != IpProtocol.Esp)
        {
            return false;
        }

        if (octets.Length < at + 4) return false;
        spi = System.Buffers.Binary.BinaryPrimitives.ReadUInt32BigEndian(octets[at..]);
        if (octets.Length >= at + 8) sequence = System.Buffers.Binary.BinaryPrimitives.ReadUInt32BigEndian(octets[(at + 4)..]);
        return spi != 0;
    }

    /// <summary>Under a multi-point SA the destination is the packet's own: its SPI and our address must do.</summary>
    private bool TryFindSa(in PacketFields quoted, uint spi, uint? sequence, out uint slot)
    {
        slot = 0;
        for (uint tunnel = 0; tunnel < (uint)region.Counts.Tunnels; tunnel++)
        {
            ref var record = ref region.Tunnel(tunnel);
            if (Volatile.Read(ref record.State) != SlotState.Live || (record.Remote != quoted.Destination() && record.Group == 0) || record.Local != quoted.Source()) continue;
            for (var worker = 0; worker < SaSlots.Size; worker++)
            {
                slot = Volatile.Read(ref record.OutboundSas[worker]);
                if (slot < (uint)region.Counts.OutboundSas && IsSentBy(slot, spi, sequence)) return true;
            }
        }

        return false;
    }

    /// <summary>A sequence number that the SA has not reached cannot have been quoted.</summary>
    private bool IsSentBy(uint slot, uint spi, uint? sequence)
    {
        ref var sa = ref region.OutboundSa(slot);
        if (Volatile.Read(ref sa.State) != SlotState.Live || sa.Spi != spi) return false;
        return sequence is null || (int)((uint)Volatile.Read(ref region.OutboundState(slot).Sequence) - sequence.Value) >= 0;
    }
}
