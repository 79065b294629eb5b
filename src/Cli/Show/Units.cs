using System.Globalization;

namespace Appliance.Cli.Show;

/// <summary>Numbers as a person reads them.</summary>
internal static class Units
{
    /// <summary>With a thin separator between thousands.</summary>
    public static string Count(ulong number) => number.ToString("#,0", CultureInfo.InvariantCulture).Replace(',', ' ');

    /// <summary>Octets in the unit that fits: B, KB, MB, GB, TB (powers of 1000).</summary>
    public static string Bytes(ulong octets) => octets switch
    {
        < 1000 => $"{octets} B",
        < 1_000_000 => Scaled(octets, 1e3, "KB"),
        < 1_000_000_000 => Scaled(octets, 1e6, "MB"),
        < 1_000_000_000_000 => Scaled(octets, 1e9, "GB"),
        _ => Scaled(octets, 1e12, "TB"),
    };

    /// <summary>Octets since an earlier reading as Mbit/s; counters that started anew count as nothing.</summary>
    public static double Mbps(ulong before, ulong now, long milliseconds) => now < before || milliseconds <= 0 ? 0 : (now - before) * 8 / 1000.0 / milliseconds;

    /// <summary>In at most six characters: exact below 100 000, then k, M, G, T, P, E (powers of 1000).</summary>
    public static string Short(ulong number)
    {
        if (number < 100_000) return number.ToString(CultureInfo.InvariantCulture);
        var (scaled, unit) = (number / 1e3, 0);
        for (; scaled >= 999.95; unit++) scaled /= 1000;
        return scaled.ToString("0.0", CultureInfo.InvariantCulture) + "kMGTPE"[unit];
    }

    /// <summary>A time in its largest unit: ms, s, min, h, d.</summary>
    public static string Duration(long milliseconds) => milliseconds switch
    {
        < 1000 => $"{milliseconds}ms",
        < 120_000 => $"{milliseconds / 1000}s",
        < 7_200_000 => $"{milliseconds / 60_000}min",
        < 172_800_000 => $"{milliseconds / 3_600_000}h",
        _ => $"{milliseconds / 86_400_000}d",
    };

    private static string Scaled(ulong octets, double unit, string name) => (octets / unit).ToString("0.0", CultureInfo.InvariantCulture) + " " + name;
}
