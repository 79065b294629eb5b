using System.Buffers.Binary;
using System.Net;

namespace Appliance.Bgp;

/// <summary>
/// A prefix of any family, left-aligned in 128 bits (an IPv4 address stands in the upper 32 bits of <see cref="High"/>); bits beyond <see cref="Length"/> are zero. Which family it is of
/// is known from where it stands.
/// </summary>
public readonly record struct Prefix(ulong High, ulong Low, byte Length) : IComparable<Prefix>
{
    /// <summary>The first bits of an address.</summary>
    public static Prefix Of(IPAddress address, int length)
    {
        Span<byte> octets = stackalloc byte[16];
        octets.Clear();
        address.TryWriteBytes(octets, out _);
        return new Prefix(BinaryPrimitives.ReadUInt64BigEndian(octets), BinaryPrimitives.ReadUInt64BigEndian(octets[8..]), (byte)length).Masked();
    }

    /// <summary>Parses "10.0.0.0/8" or "2001:db8::/32", bits beyond the length cleared.</summary>
    public static bool TryParse(string text, out Prefix prefix)
    {
        prefix = default;
        if (!IPNetwork.TryParse(text, out var network)) return false;
        prefix = Of(network.BaseAddress, network.PrefixLength);
        return true;
    }

    /// <summary>Without bits beyond the length.</summary>
    public Prefix Masked() => Length >= 128 ? this
        : Length >= 64 ? this with { Low = Length == 64 ? 0 : Low & (ulong.MaxValue << (128 - Length)) }
        : new Prefix(Length == 0 ? 0 : High & (ulong.MaxValue << (64 - Length)), 0, Length);

    /// <summary>Whether every address of another prefix of the same family lies inside.</summary>
    public bool Contains(in Prefix other) => other.Length >= Length && (other with { Length = Length }).Masked() == this;

    /// <summary>The address of the prefix in a family.</summary>
    public IPAddress ToAddress(Family family)
    {
        Span<byte> octets = stackalloc byte[16];
        BinaryPrimitives.WriteUInt64BigEndian(octets, High);
        BinaryPrimitives.WriteUInt64BigEndian(octets[8..], Low);
        return new IPAddress(family.Afi == 1 ? octets[..4] : octets);
    }

    /// <inheritdoc/>
    public int CompareTo(Prefix other)
    {
        var order = High.CompareTo(other.High);
        if (order == 0) order = Low.CompareTo(other.Low);
        return order != 0 ? order : Length.CompareTo(other.Length);
    }

    /// <summary>Stands before, in address order and then by length.</summary>
    public static bool operator <(Prefix a, Prefix b) => a.CompareTo(b) < 0;

    /// <summary>Stands behind.</summary>
    public static bool operator >(Prefix a, Prefix b) => a.CompareTo(b) > 0;

    /// <summary>Does not stand behind.</summary>
    public static bool operator <=(Prefix a, Prefix b) => a.CompareTo(b) <= 0;

    /// <summary>Does not stand before.</summary>
    public static bool operator >=(Prefix a, Prefix b) => a.CompareTo(b) >= 0;

    /// <summary>Text of the prefix in a family.</summary>
    public string ToText(Family family) => family == Family.RouteTarget ? $"{High >> 32}:0x{High << 32 | Low >> 32:x16}/{Length}" : $"{ToAddress(family)}/{Length}";
}

/// <summary>Network layer reachability information: a prefix with what some families put in front.</summary>
/// <param name="Prefix">The prefix; for <see cref="Family.RouteTarget"/> the 96 bits of RFC 4684 §4.</param>
/// <param name="RouteDistinguisher">RFC 4364 §4.2, as a number; 0 outside of VPN families.</param>
/// <param name="Label">The 20 bits of the (only or first) label (RFC 8277); 0 outside of VPN families.</param>
/// <param name="PathId">ADD-PATH identifier (RFC 7911); 0 without.</param>
public readonly record struct Nlri(Prefix Prefix, ulong RouteDistinguisher = 0, uint Label = 0, uint PathId = 0)
{
    /// <summary>Text in a family, with route distinguisher and path identifier where there are.</summary>
    public string ToText(Family family) => (family.IsVpn ? $"{Bgp.RouteDistinguisher.ToText(RouteDistinguisher)} " : "") + Prefix.ToText(family) + (PathId != 0 ? $" path {PathId}" : "");
}

/// <summary>Route distinguishers (RFC 4364 §4.2): a type and a value in 64 bits.</summary>
public static class RouteDistinguisher
{
    /// <summary>As "65000:1", "192.0.2.1:1" or "4200000000:1".</summary>
    public static string ToText(ulong value) => (value >> 48) switch
    {
        0 => $"{(value >> 32) & 0xffff}:{(uint)value}",
        1 => $"{new IPAddress(BinaryPrimitives.ReverseEndianness((uint)(value >> 16)))}:{value & 0xffff}",
        2 when (uint)(value >> 16) > ushort.MaxValue => $"{(uint)(value >> 16)}:{value & 0xffff}",
        _ => $"0x{value:x16}",
    };

    /// <summary>Parses the forms that <see cref="ToText"/> writes: an AS of two octets gives type 0, an address type 1, a larger AS type 2.</summary>
    public static bool TryParse(string text, out ulong value)
    {
        value = 0;
        var at = text.IndexOf(':', StringComparison.Ordinal);
        if (at <= 0 || !uint.TryParse(text.AsSpan(at + 1), out var number)) return false;
        if (text.AsSpan(0, at).Contains('.'))
        {
            if (number > ushort.MaxValue || text.AsSpan(0, at).Count('.') != 3 || !IPAddress.TryParse(text.AsSpan(0, at), out var address) || address.GetAddressBytes() is not { Length: 4 } octets) return false;
            value = 1UL << 48 | (ulong)BinaryPrimitives.ReadUInt32BigEndian(octets) << 16 | number;
            return true;
        }

        if (!uint.TryParse(text.AsSpan(0, at), out var autonomous)) return false;
        if (autonomous <= ushort.MaxValue) value = (ulong)autonomous << 32 | number;
        else if (number <= ushort.MaxValue) value = 2UL << 48 | (ulong)autonomous << 16 | number;
        else return false;
        return true;
    }
}
