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

    private static string Scaled(ulong octets, double unit, string name) => (octets / unit).ToString("0.0", CultureInfo.InvariantCulture) + " " + name;
}
