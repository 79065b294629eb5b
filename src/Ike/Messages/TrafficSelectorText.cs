using System.Globalization;
using System.Net;
using System.Numerics;

namespace Appliance.Ike.Messages;

/// <summary>How a traffic selector is written for people.</summary>
internal static class TrafficSelectorText
{
    public static string Format(TrafficSelector selector)
    {
        var addresses = Prefix(selector.Low.GetAddressBytes(), selector.High.GetAddressBytes()) is { } length
            ? $"{selector.Low}/{length}" : $"{selector.Low}-{selector.High}";
        var anyPort = selector is { PortLow: 0, PortHigh: ushort.MaxValue };
        if (selector.Protocol == 0 && anyPort) return addresses;
        var ports = anyPort ? "" : selector.PortLow > selector.PortHigh ? "/opaque"
            : selector.PortLow == selector.PortHigh ? $"/{selector.PortLow}" : $"/{selector.PortLow}-{selector.PortHigh}";
        return $"{addresses}[{Protocol(selector.Protocol)}{ports}]";
    }

    private static string Protocol(byte protocol) => protocol switch
    {
        0 => "any", 1 => "icmp", 4 => "ipv4", 6 => "tcp", 17 => "udp", 41 => "ipv6", 47 => "gre", 58 => "icmpv6", _ => protocol.ToString(CultureInfo.InvariantCulture),
    };

    /// <summary>Length of the prefix that the range is, or null when it is none.</summary>
    private static int? Prefix(byte[] low, byte[] high)
    {
        if (low.Length != high.Length) return null;
        var (from, to) = (new BigInteger(low, isUnsigned: true, isBigEndian: true), new BigInteger(high, isUnsigned: true, isBigEndian: true));
        var size = to - from + 1;
        if (size <= 0 || !size.IsPowerOfTwo || !(from % size).IsZero) return null;
        return low.Length * 8 - (int)(size.GetBitLength() - 1);
    }
}
