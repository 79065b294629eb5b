using System.Globalization;
using Appliance.Ike.Messages;
using Appliance.Policy;
using Appliance.Shared;

namespace Appliance.SlowPath.Configuration;

/// <summary>
/// Reads traffic selectors: <c>10.1.0.0/16</c>, <c>10.1.0.1-10.1.0.9</c>, <c>any</c> (both families), each with <c>[PROTOCOL]</c>, <c>[tcp/80]</c>, <c>[tcp/80-90]</c>,
/// <c>[icmp/8]</c> or <c>[icmp/8/0]</c> behind it.
/// </summary>
internal sealed class SelectorText(ConfigurationErrors errors)
{
    private const int Maximum = 128;
    private const string Hint = "write 10.1.0.0/16, LOW-HIGH or any, with [tcp/80] behind it where it is narrower";

    /// <summary>All selectors of a list.</summary>
    public IReadOnlyList<TrafficSelector> Read(IReadOnlyList<YamlText> texts)
    {
        var selectors = new List<TrafficSelector>();
        foreach (var text in texts) selectors.AddRange(One(text));
        if (selectors.Count > Maximum) errors.Add(texts[Maximum / 2].At, $"{selectors.Count} traffic selectors", $"at most {Maximum} fit a message: join neighbouring prefixes");
        return selectors;
    }

    /// <summary>A prefix with every protocol.</summary>
    public static TrafficSelector Of(IpPrefix prefix) => new(0, 0, ushort.MaxValue, prefix.Address.ToIPAddress(), prefix.Last.ToIPAddress());

    private List<TrafficSelector> One(YamlText text)
    {
        var open = text.Text.IndexOf('[', StringComparison.Ordinal);
        var addresses = open < 0 ? text.Text : text.Text[..open];
        if (Transport(text, open < 0 ? null : text.Text[(open + 1)..]) is not { } transport) return [];
        return [.. Ranges(text, addresses).Select(r => new TrafficSelector(transport.Protocol, transport.Low, transport.High, r.Low.ToIPAddress(), r.High.ToIPAddress()))];
    }

    private List<AddressRange> Ranges(YamlText text, string addresses)
    {
        if (addresses == "any")
            return [new AddressRange(IpAddress.FromV4(0), IpAddress.FromV4(uint.MaxValue)), new AddressRange(IpAddress.Any, new IpAddress(ulong.MaxValue, ulong.MaxValue))];
        if (AddressText.Range(addresses) is { } range) return [range];
        if (IpPrefix.TryParse(addresses, host: false, out var prefix, out _, out var problem)) return [new AddressRange(prefix.Address, prefix.Last)];
        errors.Add(text.At, problem, Hint);
        return [];
    }

    private (byte Protocol, ushort Low, ushort High)? Transport(YamlText text, string? bracket)
    {
        if (bracket is null) return (0, 0, ushort.MaxValue);
        var parts = bracket.EndsWith(']') ? bracket[..^1].Split('/') : [];
        var protocol = parts.Length > 0 ? PolicySection.ProtocolOf(parts[0]) : null;
        var (low, high) = (0, (int)ushort.MaxValue);
        var good = protocol switch
        {
            null => false,
            _ when parts.Length == 1 => true,
            1 or 58 => Icmp(parts, out low, out high),
            6 or 17 or 132 => parts.Length == 2 && Ports(parts[1], out low, out high),
            _ => false,
        };
        if (good) return (protocol!.Value, (ushort)low, (ushort)high);
        errors.Add(text.At, $"'{Spelling.Shorten(text.Text)}': what stands in brackets is no protocol with its ports", "write [tcp], [tcp/80], [udp/1000-2000], [icmp/8] or a protocol's number; only tcp, udp and sctp have ports");
        return null;
    }

    private static bool Ports(string part, out int low, out int high)
    {
        var dash = part.IndexOf('-', StringComparison.Ordinal);
        high = 0;
        return Number(dash < 0 ? part : part[..dash], 65535, out low) && Number(dash < 0 ? part : part[(dash + 1)..], 65535, out high) && low <= high;
    }

    private static bool Icmp(string[] parts, out int low, out int high)
    {
        var good = Number(parts[1], 255, out var type);
        (low, high) = (type * 256, type * 256 + 255);
        if (parts.Length == 2) return good;
        good &= Number(parts[2], 255, out var code) && parts.Length == 3;
        (low, high) = (type * 256 + code, type * 256 + code);
        return good;
    }

    private static bool Number(string text, int most, out int number) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number) && number <= most;
}
