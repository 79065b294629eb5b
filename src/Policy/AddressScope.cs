using Appliance.Shared;

namespace Appliance.Policy;

/// <summary>Addresses that are never routed.</summary>
public static class AddressScope
{
    /// <summary>True for link-local addresses (RFC 4291 §2.5.6, RFC 3927 §2.6.2).</summary>
    public static bool IsLinkLocal(IpAddress address) => address.IsV4 ? address.V4 >> 16 == 0xa9fe : address.High >> 54 == 0x3fa;

    /// <summary>True for loopback addresses.</summary>
    public static bool IsLoopback(IpAddress address) => address.IsV4 ? address.V4 >> 24 == 127 : address.High == 0 && address.Low == 1;

    /// <summary>True for multicast and the limited broadcast.</summary>
    public static bool IsMulticast(IpAddress address) => address.IsV4 ? address.V4 >> 28 >= 14 : address.High >> 56 == 0xff;
}
