using Appliance.Shared;

namespace Appliance.Policy;

/// <summary>A prefix of either family. Bits beyond <see cref="Length"/> are zero. Length counts in the address's own family: 0–32 or 0–128.</summary>
public readonly record struct IpPrefix : IComparable<IpPrefix>
{
    /// <summary>A prefix; bits of <paramref name="address"/> beyond the length are cleared.</summary>
    public IpPrefix(IpAddress address, int length)
    {
        Length = length;
        var bits = address.IsV4 ? length + 96 : length;
        Address = new IpAddress(address.High & HighMask(bits), address.Low & LowMask(bits));
    }

    /// <summary>The lowest address.</summary>
    public IpAddress Address { get; }

    /// <summary>Bits that count.</summary>
    public int Length { get; }

    /// <summary>True for IPv4.</summary>
    public bool IsV4 => Address.IsV4;

    /// <summary>The highest address.</summary>
    public IpAddress Last => new(Address.High | ~HighMask(MappedLength), Address.Low | ~LowMask(MappedLength));

    /// <summary>One address alone.</summary>
    public bool IsHost => Length == (IsV4 ? 32 : 128);

    private int MappedLength => IsV4 ? Length + 96 : Length;

    /// <summary>The prefix of one address.</summary>
    public static IpPrefix Host(IpAddress address) => new(address, address.IsV4 ? 32 : 128);

    /// <summary>True when the address is of the same family and inside.</summary>
    public bool Contains(IpAddress address) => address.IsV4 == IsV4 && address >= Address && address <= Last;

    /// <summary>True when every address of <paramref name="other"/> is inside.</summary>
    public bool Contains(IpPrefix other) => other.Length >= Length && Contains(other.Address);

    /// <summary>True when an address is in both.</summary>
    public bool Overlaps(IpPrefix other) => Contains(other) || other.Contains(this);

    /// <summary>
    /// Parses "10.0.0.0/8", "fd00::/8" or an address alone. On failure <paramref name="problem"/> says what is wrong. Bits beyond the length must be
    /// zero unless <paramref name="host"/> (an interface's address: <paramref name="address"/> keeps them).
    /// </summary>
    public static bool TryParse(string text, bool host, out IpPrefix prefix, out IpAddress address, out string problem)
    {
        prefix = default;
        var slash = text.IndexOf('/', StringComparison.Ordinal);
        var octets = slash < 0 ? text : text[..slash];
        if (!TryParseAddress(octets, out address))
        {
            problem = $"'{Shorten(text)}' is no IPv4 or IPv6 address";
            return false;
        }

        var longest = address.IsV4 ? 32 : 128;
        var length = longest;
        if (slash >= 0 && !(int.TryParse(text.AsSpan(slash + 1), System.Globalization.NumberStyles.None, null, out length) && length <= longest))
        {
            problem = $"'{Shorten(text)}': a prefix length here is 0 to {longest}";
            return false;
        }

        prefix = new IpPrefix(address, length);
        problem = !host && prefix.Address != address ? $"'{text}' has bits set beyond /{length}: write {prefix}" : "";
        return problem.Length == 0;
    }

    /// <summary>Parses an address strictly: four decimal numbers, or IPv6 without a zone; never v4-mapped.</summary>
    public static bool TryParseAddress(string text, out IpAddress address)
    {
        address = default;
        var v6 = text.Contains(':', StringComparison.Ordinal);
        if (text.Length > 45 || text.Contains('%', StringComparison.Ordinal) || text.Contains('[', StringComparison.Ordinal)) return false;
        if (!v6 && (text.Count(c => c == '.') != 3 || !text.All(c => c == '.' || char.IsAsciiDigit(c)))) return false;
        return IpAddress.TryParse(text, out address) && address.IsV4 != v6;
    }

    /// <inheritdoc/>
    public int CompareTo(IpPrefix other) => Address != other.Address ? Address.CompareTo(other.Address) : Length.CompareTo(other.Length);

    /// <inheritdoc/>
    public override string ToString() => $"{(Address.IsAny ? "::" : Address.ToString())}/{Length}";

    /// <summary>Lower in address order.</summary>
    public static bool operator <(IpPrefix a, IpPrefix b) => a.CompareTo(b) < 0;

    /// <summary>Higher in address order.</summary>
    public static bool operator >(IpPrefix a, IpPrefix b) => a.CompareTo(b) > 0;

    /// <summary>Lower or equal in address order.</summary>
    public static bool operator <=(IpPrefix a, IpPrefix b) => a.CompareTo(b) <= 0;

    /// <summary>Higher or equal in address order.</summary>
    public static bool operator >=(IpPrefix a, IpPrefix b) => a.CompareTo(b) >= 0;

    private static string Shorten(string text) => text.Length <= 50 ? text : text[..50] + "…";

    private static ulong HighMask(int bits) => bits >= 64 ? ulong.MaxValue : bits <= 0 ? 0 : ulong.MaxValue << (64 - bits);

    private static ulong LowMask(int bits) => bits >= 128 ? ulong.MaxValue : bits <= 64 ? 0 : ulong.MaxValue << (128 - bits);
}
