using System.Runtime.CompilerServices;
using Appliance.Shared;
using Appliance.Wire;

namespace Appliance.Esp;

/// <summary>Takes ESP out of a transport-mode packet (RFC 4303 §3.1.1, RFC 3948 §3.1.2).</summary>
internal static class TransportDelivery
{
    /// <summary>Moves the IP header up to the payload of <paramref name="length"/> octets and makes it carry that.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    internal static DropReason Deliver(FrameMemory memory, ref Packet packet, in OpenedPacket open, uint payloadAt, int length, byte nextHeader)
    {
        var header = TransportHeader.Before(open.Family, open.IpLength, open.NamedAt);
        var start = payloadAt - (uint)open.IpLength;
        header.Move(ref memory.At(packet.Address), ref memory.At(start), nextHeader, open.IpLength + length);
        packet.Address = start;
        packet.Length = open.IpLength + length;
        if (!open.IsUdp) return DropReason.None;

        // A NAT changed the addresses that the checksum covers: it is made anew, the integrity check vouches for the octets (RFC 3948 3.1.2 (2)).
        var ip = memory.Span(packet);
        if (PacketFields.TryRead(ip, out var fields) && fields.Protocol is IpProtocol.Tcp or IpProtocol.Udp) TransportChecksum.Complete(ip, fields);
        return DropReason.None;
    }
}
