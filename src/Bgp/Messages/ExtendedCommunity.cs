using System.Buffers.Binary;
using System.Globalization;
using System.Net;

namespace Appliance.Bgp;

/// <summary>Extended communities (RFC 4360) as numbers of 64 bits: type, sub-type, value.</summary>
public static class ExtendedCommunity
{
    private const byte TwoOctetAs = 0x00;
    private const byte Ipv4Address = 0x01;
    private const byte FourOctetAs = 0x02;
    private const byte Opaque = 0x03;
    private const byte NonTransitive = 0x40;
    private const byte RouteTargetSubType = 0x02;
    private const byte RouteOriginSubType = 0x03;
    private const byte EncapsulationSubType = 0x0C;

    /// <summary>Whether it crosses the border of an AS (RFC 4360 §2: the T bit is clear).</summary>
    public static bool IsTransitive(ulong community) => (community >> 56 & NonTransitive) == 0;

    /// <summary>Whether it is a route target (RFC 4360 §4, RFC 5668).</summary>
    public static bool IsRouteTarget(ulong community) => (community >> 56) <= FourOctetAs && (byte)(community >> 48) == RouteTargetSubType;

    /// <summary>A route target with an AS: of two octets where it fits, else of four (RFC 5668), where the number has 16 bits.</summary>
    public static ulong RouteTarget(uint autonomous, uint number) => autonomous <= ushort.MaxValue
        ? Of(TwoOctetAs, RouteTargetSubType, (ulong)autonomous << 32 | number)
        : Of(FourOctetAs, RouteTargetSubType, (ulong)autonomous << 16 | number & 0xffff);

    /// <summary>A Security Gateway Identity (draft-guichard-ce-ce-ipsec-00 §6): opaque, two octets zero, an IPv4 address.</summary>
    /// <param name="subType">Its sub-type; the draft leaves it open.</param>
    /// <param name="address">Address of the gateway as a number.</param>
    /// <param name="isTransitive">It crosses the border of an AS.</param>
    public static ulong SecurityGateway(byte subType, uint address, bool isTransitive = true) => Of((byte)(isTransitive ? Opaque : Opaque | NonTransitive), subType, address);

    /// <summary>Reads a Security Gateway Identity, transitive or not.</summary>
    public static bool TryGetSecurityGateway(ulong community, byte subType, out uint address)
    {
        address = (uint)community;
        return (byte)((community >> 56) & ~(ulong)NonTransitive) == Opaque && (byte)(community >> 48) == subType && (community >> 32 & 0xffff) == 0 && address != 0;
    }

    /// <summary>An Encapsulation extended community (RFC 9012 §4.1): stands for a tunnel to the next hop.</summary>
    public static ulong Encapsulation(ushort tunnelType) => Of(Opaque, EncapsulationSubType, tunnelType);

    /// <summary>Reads an Encapsulation extended community.</summary>
    public static bool TryGetEncapsulation(ulong community, out ushort tunnelType)
    {
        tunnelType = (ushort)community;
        return (community >> 48) == (Opaque << 8 | EncapsulationSubType);
    }

    /// <summary>As "rt:65000:1", "soo:192.0.2.1:1", "encapsulation:4", else "0x" and 16 digits.</summary>
    public static string ToText(ulong community)
    {
        if (TryGetEncapsulation(community, out var tunnel)) return $"encapsulation:{tunnel}";
        var name = (byte)(community >> 48) switch { RouteTargetSubType => "rt", RouteOriginSubType => "soo", _ => null };
        return name is null ? $"0x{community:x16}" : (community >> 56) switch
        {
            TwoOctetAs => $"{name}:{community >> 32 & 0xffff}:{(uint)community}",
            Ipv4Address => $"{name}:{new IPAddress(BinaryPrimitives.ReverseEndianness((uint)(community >> 16)))}:{community & 0xffff}",
            // An AS of two octets in the form of four would read as the other form.
            FourOctetAs when (uint)(community >> 16) > ushort.MaxValue => $"{name}:{(uint)(community >> 16)}:{community & 0xffff}",
            _ => $"0x{community:x16}",
        };
    }

    /// <summary>Parses the forms that <see cref="ToText"/> writes; without a name in front a route target is meant: "65000:1", "192.0.2.1:1".</summary>
    public static bool TryParse(string text, out ulong community)
    {
        community = 0;
        if (text.StartsWith("0x", StringComparison.OrdinalIgnoreCase)) return text.Length <= 18 && ulong.TryParse(text.AsSpan(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out community);
        var subType = RouteTargetSubType;
        if (text.StartsWith("rt:", StringComparison.OrdinalIgnoreCase)) text = text[3..];
        else if (text.StartsWith("soo:", StringComparison.OrdinalIgnoreCase)) (text, subType) = (text[4..], RouteOriginSubType);
        else if (text.StartsWith("encapsulation:", StringComparison.OrdinalIgnoreCase))
        {
            if (!ushort.TryParse(text.AsSpan(14), NumberStyles.None, CultureInfo.InvariantCulture, out var tunnel)) return false;
            community = Encapsulation(tunnel);
            return true;
        }

        // A route distinguisher has the same three forms, its type where the community has type and sub-type.
        if (!RouteDistinguisher.TryParse(text, out var value)) return false;
        community = Of((byte)(value >> 48), subType, value & 0xFFFF_FFFF_FFFF);
        return true;
    }

    private static ulong Of(byte type, byte subType, ulong value) => (ulong)type << 56 | (ulong)subType << 48 | value & 0xFFFF_FFFF_FFFF;
}
