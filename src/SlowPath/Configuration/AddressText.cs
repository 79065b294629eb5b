using System.Net;
using Appliance.Policy;
using Appliance.Shared;

namespace Appliance.SlowPath.Configuration;

/// <summary>Reads outer addresses, ranges and DNS servers.</summary>
internal static class AddressText
{
    /// <summary><c>LOW-HIGH</c> of one family, or null.</summary>
    public static AddressRange? Range(string text)
    {
        var dash = text.IndexOf('-', StringComparison.Ordinal);
        if (dash <= 0 || !IpPrefix.TryParseAddress(text[..dash].Trim(), out var low) || !IpPrefix.TryParseAddress(text[(dash + 1)..].Trim(), out var high)) return null;
        return low.IsV4 == high.IsV4 && low <= high ? new AddressRange(low, high) : null;
    }

    /// <summary>A unicast address of a network: an outer address.</summary>
    public static IpAddress? Unicast(YamlText text, string key, ConfigurationErrors errors)
    {
        if (!IpPrefix.TryParseAddress(text.Text, out var address) || address.IsAny)
        {
            errors.Add(text.At, $"'{key}: {Spelling.Shorten(text.Text)}' is no address", "write one IPv4 or IPv6 address");
            return null;
        }

        if (!IsMulticastOrLoopback(address)) return address;
        errors.Add(text.At, $"'{key}: {text.Text}' is no unicast address of a network", "write the address that the peers see");
        return address;
    }

    /// <summary>An address, several, or <c>any</c>, which is none.</summary>
    public static IReadOnlyList<IPAddress> Several(MapReader map, string key, ConfigurationErrors errors)
    {
        var texts = map.Texts(key);
        if (texts is [{ Text: "any" }]) return [];
        var addresses = new List<IPAddress>();
        foreach (var text in texts)
        {
            if (Unicast(text, key, errors) is not { } address) continue;
            if (addresses.Contains(address.ToIPAddress())) errors.Add(text.At, $"'{key}' has {address} twice", "remove one");
            else addresses.Add(address.ToIPAddress());
        }

        return addresses;
    }

    private static bool IsMulticastOrLoopback(IpAddress address) =>
        address.IsV4 ? address.V4 >> 24 is 0 or 127 or >= 224 : address.High >> 56 == 0xff || (address.High == 0 && address.Low == 1);

    /// <summary>The fewest prefixes that make a range (at most 2·(bits − 1)).</summary>
    public static IEnumerable<IpPrefix> Prefixes(AddressRange range)
    {
        for (var low = range.Low; ;)
        {
            var longest = range.Low.IsV4 ? 32 : 128;
            var prefix = new IpPrefix(low, longest);
            for (var length = longest - 1; length >= 0 && new IpPrefix(low, length) is var wider && wider.Address == low && wider.Last <= range.High; length--) prefix = wider;
            yield return prefix;
            if (prefix.Last >= range.High) yield break;
            low = new IpAddress(prefix.Last.High + (prefix.Last.Low == ulong.MaxValue ? 1UL : 0), prefix.Last.Low + 1);
        }
    }
}
