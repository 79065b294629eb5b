using System.Globalization;

namespace Appliance.Gatekeeper;

/// <summary>Times of the key table as they are written (RFC 7210 §2): YYYYMMDDHHMMSSZ, in UTC.</summary>
public static class KeyTime
{
    private const string Format = "yyyyMMddHHmmss'Z'";

    /// <summary>Reads one. False: it is none.</summary>
    public static bool TryParse(string text, out DateTimeOffset time) =>
        DateTimeOffset.TryParseExact(text, Format, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out time);

    /// <summary>Writes one, to the second.</summary>
    public static string Text(DateTimeOffset time) => time.UtcDateTime.ToString(Format, CultureInfo.InvariantCulture);
}

/// <summary>A lifetime of a key, both ends included (RFC 7210 §3).</summary>
/// <param name="Start">From when on.</param>
/// <param name="End">Until when.</param>
public readonly record struct KeyLifetime(DateTimeOffset Start, DateTimeOffset End)
{
    /// <summary>For ever.</summary>
    public static KeyLifetime Always { get; } = new(DateTimeOffset.MinValue, DateTimeOffset.MaxValue);

    /// <summary>Whether a moment lies in it.</summary>
    public bool Has(DateTimeOffset moment) => Start <= moment && moment <= End;
}
