using System.Buffers.Binary;
using System.Net;
using System.Runtime.InteropServices;

namespace Appliance.Shared;

/// <summary>
/// An IPv4 or IPv6 address as 16 octets in two numbers; IPv4 is kept v4-mapped (::ffff:a.b.c.d), so both families
/// share records and comparisons. Numeric order is address order.
/// </summary>
[StructLayout(LayoutKind.Sequential, Size = 16)]
public readonly struct IpAddress(ulong high, ulong low) : IEquatable<IpAddress>, IComparable<IpAddress>
{
    /// <summary>The first eight octets, most significant first.</summary>
    public readonly ulong High = high;

    /// <summary>The last eight octets, most significant first.</summary>
    public readonly ulong Low = low;

    /// <summary>The unspecified IPv6 address; in records it means "any".</summary>
    public static IpAddress Any => default;

    /// <summary>True for an IPv4 address.</summary>
    public bool IsV4 => High == 0 && Low >> 32 == 0xffff;

    /// <summary>True for <see cref="Any"/>.</summary>
    public bool IsAny => (High | Low) == 0;

    /// <summary>The IPv4 address as a number (a.b.c.d = a·2^24 + …); meaningless for IPv6.</summary>
    public uint V4 => (uint)Low;

    /// <summary>From an IPv4 address as a number.</summary>
    public static IpAddress FromV4(uint address) => new(0, 0xffff_0000_0000UL | address);

    /// <summary>From 16 octets in network order. The span must hold 16 octets.</summary>
    public static IpAddress FromV6(ReadOnlySpan<byte> octets) =>
        new(BinaryPrimitives.ReadUInt64BigEndian(octets), BinaryPrimitives.ReadUInt64BigEndian(octets[8..]));

    /// <summary>From the BCL's type.</summary>
    public static IpAddress From(IPAddress address)
    {
        Span<byte> octets = stackalloc byte[16];
        address.MapToIPv6().TryWriteBytes(octets, out _);
        return FromV6(octets);
    }

    /// <summary>To the BCL's type; IPv4 comes back as IPv4.</summary>
    public IPAddress ToIPAddress()
    {
        Span<byte> octets = stackalloc byte[16];
        WriteV6(octets);
        return IsV4 ? new IPAddress(octets[12..]) : new IPAddress(octets);
    }

    /// <summary>Parses text; no exception.</summary>
    public static bool TryParse(string? text, out IpAddress address)
    {
        address = default;
        if (!IPAddress.TryParse(text, out var parsed)) return false;
        address = From(parsed);
        return true;
    }

    /// <summary>Writes 16 octets in network order.</summary>
    public void WriteV6(Span<byte> octets)
    {
        BinaryPrimitives.WriteUInt64BigEndian(octets, High);
        BinaryPrimitives.WriteUInt64BigEndian(octets[8..], Low);
    }

    /// <inheritdoc/>
    public bool Equals(IpAddress other) => ((High ^ other.High) | (Low ^ other.Low)) == 0;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is IpAddress other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(High, Low);

    /// <inheritdoc/>
    public int CompareTo(IpAddress other) => High != other.High ? High.CompareTo(other.High) : Low.CompareTo(other.Low);

    /// <inheritdoc/>
    public override string ToString() => ToIPAddress().ToString();

    /// <summary>Equal octets.</summary>
    public static bool operator ==(IpAddress a, IpAddress b) => a.Equals(b);

    /// <summary>Different octets.</summary>
    public static bool operator !=(IpAddress a, IpAddress b) => !a.Equals(b);

    /// <summary>Lower in address order.</summary>
    public static bool operator <(IpAddress a, IpAddress b) => a.CompareTo(b) < 0;

    /// <summary>Higher in address order.</summary>
    public static bool operator >(IpAddress a, IpAddress b) => a.CompareTo(b) > 0;

    /// <summary>Lower or equal in address order.</summary>
    public static bool operator <=(IpAddress a, IpAddress b) => a.CompareTo(b) <= 0;

    /// <summary>Higher or equal in address order.</summary>
    public static bool operator >=(IpAddress a, IpAddress b) => a.CompareTo(b) >= 0;
}
