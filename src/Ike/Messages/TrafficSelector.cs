using System.Net;

namespace Appliance.Ike.Messages;

/// <summary>
/// A traffic selector (RFC 7296 §3.13.1): an address range of one family, both ends included, a protocol (0: any) and a port range. For ICMP the ports are
/// type·256+code; low 65535 with high 0 is OPAQUE.
/// </summary>
public sealed record TrafficSelector(byte Protocol, ushort PortLow, ushort PortHigh, IPAddress Low, IPAddress High)
{
    /// <summary>Everything of IPv4.</summary>
    public static TrafficSelector AnyV4 { get; } = new(0, 0, ushort.MaxValue, IPAddress.Any, IPAddress.Broadcast);

    /// <summary>Everything of IPv6.</summary>
    public static TrafficSelector AnyV6 { get; } = new(0, 0, ushort.MaxValue, IPAddress.IPv6Any, new IPAddress(Enumerable.Repeat((byte)255, 16).ToArray()));

    /// <summary>Whether it is of IPv4.</summary>
    public bool IsV4 => Low.IsV4();

    /// <summary>Prefix or range, then protocol and ports where they are not any: <c>10.1.0.0/16</c>, <c>10.1.0.1-10.1.0.9[tcp/80]</c>.</summary>
    public override string ToString() => TrafficSelectorText.Format(this);
}
