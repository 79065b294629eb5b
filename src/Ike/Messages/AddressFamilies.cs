using System.Net;

namespace Appliance.Ike.Messages;

/// <summary>Families of addresses, without the room of sockets.</summary>
public static class AddressFamilies
{
    /// <summary>Whether it is an IPv4 address.</summary>
    public static bool IsV4(this IPAddress address)
    {
        Span<byte> octets = stackalloc byte[16];
        return address.TryWriteBytes(octets, out var length) && length == 4;
    }
}
