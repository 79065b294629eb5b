using System.Globalization;

namespace Appliance.Bgp;

/// <summary>A community (RFC 1997), or those that agree with it in the bits of a mask. Text: <c>65001:100</c>, <c>65001:*</c>, or a name of IANA's registry.</summary>
/// <param name="Value">The community.</param>
/// <param name="Mask">Bits that count.</param>
public readonly record struct CommunityPattern(uint Value, uint Mask = uint.MaxValue) : ICommunityPattern<uint>
{
    /// <summary>It is one community.</summary>
    public bool IsExact => Mask == uint.MaxValue;

    /// <summary>Whether a community is meant.</summary>
    public bool Matches(uint community) => (community & Mask) == Value;

    /// <summary>Parses one.</summary>
    public static bool TryParse(string text, out CommunityPattern pattern)
    {
        pattern = default;
        if (Communities.TryParse(text, out var community))
        {
            pattern = new CommunityPattern(community);
            return true;
        }

        var parts = text.Split(':');
        if (parts.Length != 2 || !TryPart(parts[0], ushort.MaxValue, out var high, out var highMask) || !TryPart(parts[1], ushort.MaxValue, out var low, out var lowMask)) return false;
        pattern = new CommunityPattern(high << 16 | low, (highMask & 0xffff) << 16 | (lowMask & 0xffff));
        return true;
    }

    /// <summary>A number up to a limit, or a star, which is zero with an empty mask.</summary>
    internal static bool TryPart(string text, uint most, out uint value, out uint mask)
    {
        (value, mask) = (0, uint.MaxValue);
        if (text != "*") return text.Length <= 10 && uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value) && value <= most;
        mask = 0;
        return true;
    }
}

/// <summary>A large community (RFC 8092), or all that agree with it in the parts that are no stars: <c>65001:1:*</c>.</summary>
/// <param name="Value">The community; zero where a star stands.</param>
/// <param name="Mask">Bits that count.</param>
public readonly record struct LargeCommunityPattern(LargeCommunity Value, LargeCommunity Mask) : ICommunityPattern<LargeCommunity>
{
    /// <summary>It is one community.</summary>
    public bool IsExact => Mask == new LargeCommunity(uint.MaxValue, uint.MaxValue, uint.MaxValue);

    /// <summary>Whether a community is meant.</summary>
    public bool Matches(LargeCommunity community) =>
        (community.Global & Mask.Global) == Value.Global && (community.Local1 & Mask.Local1) == Value.Local1 && (community.Local2 & Mask.Local2) == Value.Local2;

    /// <summary>Parses one.</summary>
    public static bool TryParse(string text, out LargeCommunityPattern pattern)
    {
        pattern = default;
        var parts = text.Split(':');
        if (parts.Length != 3 || !CommunityPattern.TryPart(parts[0], uint.MaxValue, out var a, out var am)
            || !CommunityPattern.TryPart(parts[1], uint.MaxValue, out var b, out var bm) || !CommunityPattern.TryPart(parts[2], uint.MaxValue, out var c, out var cm)) return false;
        pattern = new LargeCommunityPattern(new LargeCommunity(a, b, c), new LargeCommunity(am, bm, cm));
        return true;
    }
}
