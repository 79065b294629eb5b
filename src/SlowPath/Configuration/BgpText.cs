using System.Globalization;
using System.Net;
using Appliance.Bgp;
using Appliance.Policy;

namespace Appliance.SlowPath.Configuration;

/// <summary>Reads what BGP has that no other section has: AS numbers, communities, times with words instead.</summary>
internal static class BgpText
{
    private const string AsHint = "write 1 to 4294967294, or HIGH.LOW (RFC 5396); 23456 stands for others (RFC 6793 §9)";

    /// <summary>An AS number, or the default.</summary>
    public static uint As(MapReader map, string key, uint otherwise, ConfigurationErrors errors) => map.Text(key) is { } text ? As(text, key, errors) ?? otherwise : otherwise;

    /// <summary>An AS number that somebody can have; null and an error for others.</summary>
    public static uint? As(YamlText text, string key, ConfigurationErrors errors)
    {
        if (TryAs(text.Text, out var number) && number is not (0 or 23456 or 65535 or uint.MaxValue)) return number;
        errors.Add(text.At, $"'{key}: {Spelling.Shorten(text.Text)}' is no AS number", AsHint);
        return null;
    }

    private static bool TryAs(string text, out uint number)
    {
        var dot = text.IndexOf('.', StringComparison.Ordinal);
        if (dot < 0) return uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);
        number = 0;
        if (!ushort.TryParse(text.AsSpan(0, dot), NumberStyles.None, CultureInfo.InvariantCulture, out var high) || !ushort.TryParse(text.AsSpan(dot + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var low)) return false;
        number = (uint)high << 16 | low;
        return true;
    }

    /// <summary>A number of four octets in the notation of an IPv4 address, not zero.</summary>
    public static uint Identifier(MapReader map, string key, ConfigurationErrors errors)
    {
        if (map.Text(key) is not { } text) return 0;
        if (IpPrefix.TryParseAddress(text.Text, out var address) && address is { IsV4: true, V4: not 0 }) return address.V4;
        errors.Add(text.At, $"'{key}: {Spelling.Shorten(text.Text)}' is no identifier", "write an IPv4 address that is unique in the AS, as in 192.0.2.1 (RFC 6286); not 0.0.0.0");
        return 0;
    }

    /// <summary>An address that a neighbour or a next hop can have (also of this machine); null and an error for others.</summary>
    public static IPAddress? Address(MapReader map, string key, ConfigurationErrors errors)
    {
        if (map.Text(key) is not { } text) return null;
        if (IpPrefix.TryParseAddress(text.Text, out var address) && !address.IsAny && (address.IsV4 ? address.V4 is not 0 && address.V4 >> 28 < 14 : address.High >> 56 != 0xff)) return address.ToIPAddress();
        errors.Add(text.At, $"'{key}: {Spelling.Shorten(text.Text)}' is no unicast address", "write one IPv4 or IPv6 address");
        return null;
    }

    /// <summary>A number of four octets.</summary>
    public static uint? Number(MapReader map, string key, ConfigurationErrors errors)
    {
        if (map.Text(key) is not { } text) return null;
        if (uint.TryParse(text.Text, NumberStyles.None, CultureInfo.InvariantCulture, out var number)) return number;
        errors.Add(text.At, $"'{key}: {Spelling.Shorten(text.Text)}' is not a number from 0 to {uint.MaxValue}", "write a whole number, without a unit");
        return null;
    }

    /// <summary>Prefixes of either family, each once; host bits must be zero.</summary>
    public static IReadOnlyList<IPNetwork> Networks(MapReader map, string key, ConfigurationErrors errors)
    {
        var networks = new List<IPNetwork>();
        foreach (var (prefix, at) in new PrefixList(errors).Placed(map.List(key)))
        {
            if (networks.Contains(Network(prefix))) errors.Add(at, $"{prefix} stands in '{key}' twice", "remove one");
            else networks.Add(Network(prefix));
        }

        return networks;
    }

    /// <summary>The same prefix as BGP's contract has it.</summary>
    public static IPNetwork Network(IpPrefix prefix) => new(prefix.Address.ToIPAddress(), prefix.Length);

    /// <summary>ORIGIN.</summary>
    public static Origin Origin(MapReader map, Origin otherwise) =>
        map.Choice("origin", otherwise, ("igp", Appliance.Bgp.Origin.Igp), ("egp", Appliance.Bgp.Origin.Egp), ("incomplete", Appliance.Bgp.Origin.Incomplete));

    /// <summary>Communities, with stars where they are allowed.</summary>
    public static IReadOnlyList<CommunityPattern> Communities(MapReader map, string key, bool exact, ConfigurationErrors errors)
    {
        var list = new List<CommunityPattern>();
        foreach (var text in map.Texts(key))
        {
            if (CommunityPattern.TryParse(text.Text, out var pattern) && (pattern.IsExact || !exact)) list.Add(pattern);
            else errors.Add(text.At, $"'{Spelling.Shorten(text.Text)}' is no community{Stars(text, exact)}", $"write 65001:100{(exact ? "" : ", 65001:*")} or a name: no-export, no-advertise, no-export-subconfed, no-peer, blackhole, graceful-shutdown, accept-own, llgr-stale, no-llgr");
        }

        return list;
    }

    /// <summary>Large communities, with stars where they are allowed.</summary>
    public static IReadOnlyList<LargeCommunityPattern> LargeCommunities(MapReader map, string key, bool exact, ConfigurationErrors errors)
    {
        var list = new List<LargeCommunityPattern>();
        foreach (var text in map.Texts(key))
        {
            if (LargeCommunityPattern.TryParse(text.Text, out var pattern) && (pattern.IsExact || !exact)) list.Add(pattern);
            else errors.Add(text.At, $"'{Spelling.Shorten(text.Text)}' is no large community{Stars(text, exact)}", $"write 65001:1:2{(exact ? "" : " or 65001:1:*")} (RFC 8092)");
        }

        return list;
    }

    /// <summary>Extended communities, with stars where they are allowed.</summary>
    public static IReadOnlyList<ExtendedCommunityPattern> ExtendedCommunities(MapReader map, string key, bool exact, byte subType, ConfigurationErrors errors)
    {
        var list = new List<ExtendedCommunityPattern>();
        foreach (var text in map.Texts(key))
        {
            if (ExtendedCommunityPattern.TryParse(text.Text, subType, out var pattern) && (pattern.IsExact || !exact)) list.Add(pattern);
            else errors.Add(text.At, $"'{Spelling.Shorten(text.Text)}' is no extended community{Stars(text, exact)}",
                $"write rt:65001:1{(exact ? "" : ", rt:65001:*")}, soo:65001:1, color:100, encapsulation:4, security-gateway:192.0.2.1, or 0x and 16 hexadecimal digits");
        }

        return list;
    }

    /// <summary>Route targets, with or without "rt:" before.</summary>
    public static IReadOnlyList<ulong> RouteTargets(MapReader map, string key, ConfigurationErrors errors)
    {
        var list = new List<ulong>();
        foreach (var text in map.Texts(key))
        {
            var written = text.Text.StartsWith("rt:", StringComparison.Ordinal) ? text.Text : "rt:" + text.Text;
            if (!ExtendedCommunityPattern.TryParse(written, 0, out var pattern) || !pattern.IsExact)
                errors.Add(text.At, $"'{Spelling.Shorten(text.Text)}' is no route target", "write 65001:1, 192.0.2.1:1 or 4200000000:1 (RFC 4360 §4)");
            else if (list.Contains(pattern.Value)) errors.Add(text.At, $"route target {Spelling.Shorten(text.Text)} stands here twice", "remove one");
            else list.Add(pattern.Value);
        }

        return list;
    }

    private static string Stars(YamlText text, bool exact) => exact && text.Text.Contains('*', StringComparison.Ordinal) ? " that can be sent" : "";
}
