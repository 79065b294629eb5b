using System.Runtime.InteropServices;
using Appliance.Shared;
using Appliance.Wire;

namespace Appliance.Esp;

/// <summary>NAT keepalives (RFC 3948 §2.3): a UDP datagram of one octet, 0xff.</summary>
public static class NatKeepalive
{
    /// <summary>The payload.</summary>
    public const byte Payload = 0xff;

    /// <summary>Octets of the longest keepalive packet: IPv6, UDP and payload.</summary>
    public const int MaximumLength = 49;

    /// <summary>
    /// Writes the IP packet of a keepalive for an SA in UDP and returns its octets (29 or 49); 0 when the SA is not in UDP or there is no room.
    /// </summary>
    public static int Write(ref OutboundSa sa, Span<byte> destination)
    {
        var length = sa.OuterHeaderLength + 1;
        if (sa.Encapsulation != EspEncapsulation.Udp || destination.Length < length) return 0;
        var packet = destination[..length];
        OuterHeaderWriter.Write(ref MemoryMarshal.GetReference(packet), ref sa, length, 0, 0, 0);
        packet[^1] = Payload;
        if (length == MaximumLength && PacketFields.TryRead(packet, out var fields)) TransportChecksum.Complete(packet, fields);
        return length;
    }

    /// <summary>True for the payload of a UDP datagram that is a keepalive, to be absorbed.</summary>
    public static bool Is(ReadOnlySpan<byte> payload) => payload.Length == 1 && payload[0] == Payload;
}
