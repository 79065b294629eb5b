using Appliance.Shared;
using Appliance.Wire;

namespace Appliance.Esp;

/// <summary>The outer destination of packets under a multi-point SA: it comes with each packet, and changes with each copy of one that goes to several members.</summary>
public static class OuterDestination
{
    /// <summary>Gives the IP header at <paramref name="start"/> another destination, which is of its family; an IPv4 header's checksum stays right (RFC 1624 §3, eqn. 3).</summary>
    public static void Set(ref byte start, in IpAddress destination)
    {
        if (start >> 4 != 4)
        {
            BigEndian.Set64(ref start, 24, destination.High);
            BigEndian.Set64(ref start, 32, destination.Low);
            return;
        }

        var (before, after) = (~BigEndian.U32(ref start, 16), destination.V4);
        var sum = (uint)(ushort)~BigEndian.U16(ref start, 10) + (before >> 16) + (before & 0xffff) + (after >> 16) + (after & 0xffff);
        sum = (sum & 0xffff) + (sum >> 16);
        sum += sum >> 16;
        BigEndian.Set16(ref start, 10, (ushort)~sum);
        BigEndian.Set32(ref start, 16, after);
    }
}
