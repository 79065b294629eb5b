using System.Buffers.Binary;
using System.Globalization;
using System.Net;

namespace Appliance.Bgp;

/// <summary>
/// An extended community (RFC 4360), or those that agree with it in the bits of a mask. Text: <c>rt:65001:1</c>, <c>rt:65001:*</c>, <c>soo:192.0.2.1:7</c>, <c>encapsulation:4</c> (RFC 9012 §4.1),
/// <c>color:100</c> (RFC 9012 §4.3), <c>security-gateway:192.0.2.1</c> (draft-guichard-ce-ce-ipsec-00 §6), <c>0x</c> and 16 hexadecimal digits.
/// </summary>
/// <param name="Value">The community, 8 octets.</param>
/// <param name="Mask">Bits that count.</param>
public readonly record struct ExtendedCommunityPattern(ulong Value, ulong Mask = ulong.MaxValue) : ICommunityPattern<ulong>
{
    private const ulong Transitive = 0x40UL << 56;

    /// <summary>It is one community.</summary>
    public bool IsExact => Mask == ulong.MaxValue;

    /// <summary>Whether a community is meant.</summary>
    public bool Matches(ulong community) => (community & Mask) == Value;

    /// <summary>Any Security Gateway Identity, transitive or not, whatever its reserved octets, whose address lies in a prefix of IPv4.</summary>
    public static ExtendedCommunityPattern SecurityGateways(byte subType, IPNetwork gateways)
    {
        var length = gateways.PrefixLength;
        var mask = length == 0 ? 0 : uint.MaxValue << (32 - length);
        var address = BinaryPrimitives.ReadUInt32BigEndian(gateways.BaseAddress.GetAddressBytes());
        return new ExtendedCommunityPattern(ExtendedCommunity.SecurityGateway(subType, address & mask), ~Transitive & 0xffff_0000_0000_0000 | mask);
    }

    /// <summary>Parses one; <paramref name="subType"/> is that of the Security Gateway Identity.</summary>
    public static bool TryParse(string text, byte subType, out ExtendedCommunityPattern pattern)
    {
        pattern = default;
        if (text.StartsWith("0x", StringComparison.Ordinal))
        {
            if (text.Length != 18 || !ulong.TryParse(text.AsSpan(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var raw)) return false;
            pattern = new ExtendedCommunityPattern(raw);
            return true;
        }

        var at = text.IndexOf(':', StringComparison.Ordinal);
        if (at < 0) return false;
        var (kind, rest) = (text[..at], text[(at + 1)..]);
        return kind switch
        {
            "rt" or "soo" => Administrator(kind, rest, out pattern),
            "encapsulation" => Opaque(rest, 0x0c, ushort.MaxValue, out pattern),
            "color" => Opaque(rest, 0x0b, uint.MaxValue, out pattern),
            "security-gateway" => Gateway(rest, subType, out pattern),
            _ => false,
        };
    }

    /// <summary>A number behind the administrator (RFC 4360 §4, RFC 5668 §2), or a star for all of it.</summary>
    private static bool Administrator(string kind, string text, out ExtendedCommunityPattern pattern)
    {
        pattern = default;
        var star = text.EndsWith(":*", StringComparison.Ordinal);
        if (!ExtendedCommunity.TryParse($"{kind}:{(star ? text[..^1] + "0" : text)}", out var value)) return false;
        pattern = new ExtendedCommunityPattern(value, !star ? ulong.MaxValue : value >> 56 == 0 ? 0xffff_ffff_0000_0000 : 0xffff_ffff_ffff_0000);
        return true;
    }

    private static bool Opaque(string text, byte subType, uint most, out ExtendedCommunityPattern pattern)
    {
        var good = CommunityPattern.TryPart(text, most, out var value, out var mask);
        pattern = new ExtendedCommunityPattern(0x03UL << 56 | (ulong)subType << 48 | value, 0xffff_ffff_0000_0000 | mask);
        return good;
    }

    private static bool Gateway(string text, byte subType, out ExtendedCommunityPattern pattern)
    {
        pattern = default;
        if (text.Count(c => c == '.') != 3 || !IPAddress.TryParse(text, out var address) || address.GetAddressBytes() is not { Length: 4 } octets) return false;
        pattern = new ExtendedCommunityPattern(ExtendedCommunity.SecurityGateway(subType, BinaryPrimitives.ReadUInt32BigEndian(octets)));
        return true;
    }
}
