using System.Net;

namespace Appliance.Bgp;

/// <summary>Kinds of addresses, without a reference to sockets.</summary>
public static class AddressFamilies
{
    /// <summary>Whether an address is of IPv4: the only addresses of four octets.</summary>
    public static bool IsV4(this IPAddress address)
    {
        Span<byte> octets = stackalloc byte[16];
        return address.TryWriteBytes(octets, out var length) && length == 4;
    }
}
