using System.Diagnostics;

namespace Appliance.Shared.Tests.Tables;

public sealed class RouteTableCapacityTests(Xunit.Abstractions.ITestOutputHelper output)
{
    [SkippableFact]
    public void OneMillionIpv4AndAQuarterMillionIpv6PrefixesFit()
    {
        // IPv6 at its worst: 250 000 prefixes all over 2000::/4, that share no more than their first bits.
        using var place = new TestRegion(new RegionSizes { Ipv4Groups = 32768, Ipv6Nodes = 1 << 21 });
        var table = new RouteTables(place.Region, new Quiescence(place.Region));
        var random = new Random(4);
        var routes = new List<Route>();
        var lengths = new byte[] { 16, 19, 20, 21, 22, 22, 23, 24, 24, 24, 24, 24 };
        for (var i = 0; i < 1_000_000; i++)
            routes.Add(new Route(IpAddress.FromV4((uint)random.NextInt64(0x01000000, 0xe0000000)), i % 100 == 0 ? (byte)random.Next(25, 33) : lengths[i % lengths.Length], (uint)random.Next(1, 1000)));
        for (var i = 0; i < 250_000; i++)
            routes.Add(new Route(new IpAddress(0x2000UL << 48 | (ulong)random.NextInt64(1L << 40) << 20, 0), (byte)(i % 2 == 0 ? 48 : random.Next(28, 48)), (uint)random.Next(1, 1000)));

        var clock = Stopwatch.StartNew();
        Assert.Empty(table.Load(routes));
        var loaded = clock.Elapsed;
        output.WriteLine($"load {loaded.TotalMilliseconds:F0} ms, {table.Ipv4.Count} + {table.Ipv6.Count} prefixes, groups left {table.Ipv4.FreeNodes}, nodes left {table.Ipv6.FreeNodes}");
        clock.Restart();
        Assert.Empty(new RouteTables(place.Region, new Quiescence(place.Region)).Load(routes));
        output.WriteLine($"load over the same {clock.Elapsed.TotalMilliseconds:F0} ms");
        clock.Restart();
        for (var i = 0; i < 100_000; i++) table.Remove(routes[i].Prefix, routes[i].Length);
        for (var i = 0; i < 100_000; i++) Assert.NotEqual(RouteChange.Full, table.Set(routes[i].Prefix, routes[i].Length, routes[i].NextHop));
        output.WriteLine($"200 000 single changes {clock.Elapsed.TotalMilliseconds:F0} ms");
        Assert.True(loaded < TimeSpan.FromSeconds(20), $"{loaded}");

        var naive = new NaiveRoutes(32);
        foreach (var route in routes.Take(1_000_000)) naive.Set(route.Prefix, route.Length, route.NextHop);
        for (var i = 0; i < 100_000; i++)
        {
            var destination = IpAddress.FromV4((uint)random.NextInt64(1L << 32));
            Assert.Equal(naive.Find(destination) != 0, place.Region.Ipv4Routes.Find(destination.V4) != 0);
        }
    }
}
