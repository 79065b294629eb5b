using System.Net;

namespace Appliance.Cli.Labs;

/// <summary>ESP packets from one outer address to another under one SPI. <paramref name="IsLarge"/>: of more than <see cref="EspFlows.LargeOctets"/>, which housekeeping between gateways is not.</summary>
internal readonly record struct EspFlow(IPAddress Source, IPAddress Destination, uint Spi, bool IsLarge);

/// <summary>How many ESP packets the router saw of each flow, at one moment or between two.</summary>
internal sealed class EspFlows(IReadOnlyDictionary<EspFlow, long> counts)
{
    /// <summary>Octets of ESP above which a packet is large.</summary>
    public const int LargeOctets = 900;

    /// <summary>What came since an earlier moment.</summary>
    public EspFlows Since(EspFlows earlier) =>
        new(counts.Select(c => (c.Key, Count: c.Value - earlier.Count(c.Key))).Where(c => c.Count > 0).ToDictionary(c => c.Key, c => c.Count));

    /// <summary>Large packets from one site straight to another.</summary>
    public long Large(LabSite from, LabSite to) => counts.Where(c => c.Key.IsLarge && Is(c.Key, from, to)).Sum(c => c.Value);

    /// <summary>Large packets between any but these two.</summary>
    public long LargeElsewhere(LabSite one, LabSite other) => counts.Where(c => c.Key.IsLarge && !Is(c.Key, one, other) && !Is(c.Key, other, one)).Sum(c => c.Value);

    /// <summary>The SPI of most packets from one site to another; null when there was none.</summary>
    public uint? Spi(LabSite from, LabSite to) =>
        counts.Where(c => Is(c.Key, from, to)).GroupBy(c => c.Key.Spi).OrderByDescending(g => g.Sum(c => c.Value)).Select(g => (uint?)g.Key).FirstOrDefault();

    private long Count(EspFlow flow) => counts.TryGetValue(flow, out var count) ? count : 0;

    private static bool Is(EspFlow flow, LabSite from, LabSite to) => from.Outer.Contains(flow.Source) && to.Outer.Contains(flow.Destination);
}
