using System.Net;

namespace Appliance.Ike.Messages;

/// <summary>
/// TSi and TSr (RFC 7296 §3.13). Selectors of a type that is not known here are passed over, so that the list can come out empty; nothing matches an empty list.
/// </summary>
internal static class TrafficSelectorCodec
{
    private const byte Ipv4Range = 7;
    private const byte Ipv6Range = 8;
    private const int HeaderLength = 8;

    public static Payload Read(PayloadType type, ref OctetReader reader)
    {
        var count = reader.Byte();
        reader.Skip(3);
        if (count == 0) reader.Fail(MessageErrorKind.Length, "no traffic selector");
        if (count > MessageTuning.MaximumSelectors) reader.Fail(MessageErrorKind.TooMany, $"{count} traffic selectors");
        var selectors = new List<TrafficSelector>();
        for (var i = 0; i < count && !reader.Failed; i++)
        {
            if (ReadOne(ref reader) is { } selector) selectors.Add(selector);
        }

        reader.End("traffic selector");
        return new TrafficSelectorPayload(type == PayloadType.TrafficSelectorInitiator, selectors);
    }

    public static void Write(OctetWriter writer, TrafficSelectorPayload payload)
    {
        writer.Zeros(4);
        writer.PatchByte(writer.Length - 4, payload.Selectors.Count);
        foreach (var selector in payload.Selectors)
        {
            var (low, high) = (selector.Low.GetAddressBytes(), selector.High.GetAddressBytes());
            if (low.Length != high.Length) throw new ArgumentException($"a selector from {selector.Low} to {selector.High} mixes families", nameof(payload));
            writer.Byte(low.Length == 4 ? Ipv4Range : Ipv6Range);
            writer.Byte(selector.Protocol);
            writer.UInt16((ushort)(HeaderLength + 2 * low.Length));
            writer.UInt16(selector.PortLow);
            writer.UInt16(selector.PortHigh);
            writer.Octets(low);
            writer.Octets(high);
        }
    }

    /// <summary>A selector, or null when its type is not known or something is wrong.</summary>
    private static TrafficSelector? ReadOne(ref OctetReader reader)
    {
        var (type, protocol, length) = (reader.Byte(), reader.Byte(), reader.UInt16());
        if (reader.Failed) return null;
        var address = type switch { Ipv4Range => 4, Ipv6Range => 16, _ => 0 };
        if (length < 4 || (address > 0 && length != HeaderLength + 2 * address))
        {
            reader.Fail(MessageErrorKind.Length, $"a traffic selector of type {type} with {length} octets");
            return null;
        }

        if (address == 0)
        {
            reader.Skip(length - 4);
            return null;
        }

        var (portLow, portHigh) = (reader.UInt16(), reader.UInt16());
        var low = reader.Take(address);
        var high = reader.Take(address);
        if (reader.Failed) return null;
        if (low.SequenceCompareTo(high) > 0) reader.Fail(MessageErrorKind.Value, "a traffic selector whose first address is behind its last");
        if (portLow > portHigh && (portLow, portHigh) is not (ushort.MaxValue, 0)) reader.Fail(MessageErrorKind.Value, $"a traffic selector with ports {portLow} to {portHigh}");
        return new TrafficSelector(protocol, portLow, portHigh, new IPAddress(low), new IPAddress(high));
    }
}
