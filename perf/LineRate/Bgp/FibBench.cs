using System.Diagnostics;
using System.Globalization;
using Appliance.Policy;
using Appliance.Shared;
using Appliance.SlowPath.Tables;

namespace Appliance.LineRate.Bgp;

/// <summary>
/// Learned routes from the slow path's hands into the region, in this process and without a protocol: how long a full table takes, what a withdrawal, a change of the kernel and a successor
/// cost with it, what it weighs, and what a lookup costs, prefetched as the data plane does.
/// </summary>
internal sealed class FibBench : IDisposable
{
    private const int Batch = 2048, Withdrawn = 10_000, Few = 1000, NextHops = 100, Seed = 20_261_121;
    private const uint Wan = 3, Ports = 1;
    private static readonly RegionSizes Sizes = new() { OutboundSas = 16, InboundSas = 16, Tunnels = 16, Adjacencies = 64, SpdRules = 64, Ipv4Groups = 65536, Ipv6Nodes = 1 << 20, ContextSlots = 16 };
    private readonly string directory = $"/dev/shm/appliance-fib-{Environment.ProcessId}";
    private readonly Region region;
    private readonly KernelView kernel = new()
    {
        Links = [new KernelLink(Wan, "wan0", 1500, 0x0300_0000_0002, true)],
        Addresses = [new KernelAddress(Wan, IpAddress.FromV4(0xc000_0201), 24)],
        Neighbours = [.. Enumerable.Range(0, NextHops / 2).Select(n => new KernelNeighbour(Wan, IpAddress.FromV4(0xc000_0280 + (uint)n), 0xfe00_0000_0002 + ((ulong)n << 40)))],
        Routes = [new KernelRoute(new IpPrefix(IpAddress.FromV4(0xc000_0200), 24), KernelRouteKind.Unicast, Wan, default, 0, 2, default)],
    };

    public FibBench()
    {
        Directory.CreateDirectory(directory);
        region = Region.CreateOrOpen(directory + "/region", Sizes, (int)Ports, out _);
    }

    private long RegionMemory => long.Parse(Nodes.Tool.Run(["stat", "-c", "%b", directory + "/region"]), CultureInfo.InvariantCulture) * 512;

    /// <summary>All of it, for so many IPv4 routes and a quarter as many of IPv6.</summary>
    public IEnumerable<Row> Run(int routes)
    {
        var targets = Enumerable.Range(0, NextHops).Select(n => new LearnedTarget(LearnedKind.Via, [IpAddress.FromV4(0xc000_0280 + (uint)n)], [])).ToArray();
        var v4 = new RouteGenerator(Seed).Make(routes).SelectMany((s, n) => s.Prefixes.Select(p => new LearnedChange(new IpPrefix(IpAddress.FromV4(p.Address), p.Length), targets[n % NextHops]))).ToArray();
        var v6 = MakeV6(routes / 4, targets);
        var tables = new TableWriter(region, new Quiescence(region));
        _ = tables.Apply(Plan(0));
        var empty = RegionMemory;
        var few = v4.Where(c => c.Prefix.Length <= 24).Take(Few).ToArray();
        Learn(tables, few);
        var lookup = new FibLookup(region);
        var stages = lookup.Stages(few);
        var bare = lookup.Bare(few);
        yield return Lookup("fib-route", few.Length, stages, "headers read, route, next hop: what a packet costs in these stages");
        yield return Lookup("fib-lookup", few.Length, bare, "route and next hop alone");
        var fewV6 = v6.Take(Few).ToArray();
        Learn(tables, fewV6);
        var (stagesV6, bareV6) = (lookup.Stages(fewV6), lookup.Bare(fewV6));
        yield return Lookup("fib-route6", fewV6.Length, stagesV6, "headers read, route, next hop");
        yield return Lookup("fib-lookup6", fewV6.Length, bareV6, "route and next hop alone");
        var idle = KernelChange(tables);
        yield return new Row { Suite = "bgp", Case = "fib-kernel-change", Routes = 2 * Few, SecondsToDataPlane = Math.Round(idle, 4), Note = "a neighbour moved: the tables anew" };

        yield return Load("fib-load", tables, v4, GC.GetTotalMemory(forceFullCollection: true), empty);
        var (own, shared) = (GC.GetTotalMemory(forceFullCollection: true), RegionMemory);
        yield return Load("fib-load6", tables, v6, own, shared);
        yield return Lookup("fib-route", v4.Length, lookup.Stages(v4), "", stages);
        yield return Lookup("fib-lookup", v4.Length, lookup.Bare(v4), "", bare);
        yield return Lookup("fib-route6", v6.Length, lookup.Stages(v6), "", stagesV6);
        yield return Lookup("fib-lookup6", v6.Length, lookup.Bare(v6), "", bareV6);
        var took = KernelChange(tables);
        yield return new Row { Suite = "bgp", Case = "fib-kernel-change", Routes = v4.Length + v6.Length, SecondsToDataPlane = Math.Round(took, 4), Note = "a neighbour moved: the tables anew, and next hops" };

        var gone = v4.Where((_, n) => n % (v4.Length / Withdrawn) == 0).Take(Withdrawn).Select(c => c with { Target = null }).ToArray();
        var clock = Stopwatch.StartNew();
        Learn(tables, gone);
        yield return new Row { Suite = "bgp", Case = "fib-withdraw", Routes = gone.Length, SecondsToDataPlane = Math.Round(clock.Elapsed.TotalSeconds, 4) };
        clock.Restart();
        var successor = new TableWriter(region, new Quiescence(region));
        _ = successor.Apply(Plan(0));
        yield return new Row { Suite = "bgp", Case = "fib-adopt", Routes = successor.LearnedRoutes, SecondsToDataPlane = Math.Round(clock.Elapsed.TotalSeconds, 3), Note = "a successor takes over what stands" };
        clock.Restart();
        Learn(successor, v4);
        yield return new Row { Suite = "bgp", Case = "fib-load", Routes = v4.Length, SecondsToDataPlane = Math.Round(clock.Elapsed.TotalSeconds, 3), Note = "learned again by the successor" };
        GC.KeepAlive(tables);
    }

    public void Dispose()
    {
        region.Dispose();
        Directory.Delete(directory, recursive: true);
    }

    private Row Load(string name, TableWriter tables, LearnedChange[] routes, long own, long shared)
    {
        var clock = Stopwatch.StartNew();
        Learn(tables, routes);
        var took = clock.Elapsed.TotalSeconds;
        return new Row
        {
            Suite = "bgp", Case = name, Routes = routes.Length, SecondsToDataPlane = Math.Round(took, 3),
            BytesPerRoute = Math.Round((GC.GetTotalMemory(forceFullCollection: true) - own) / (double)routes.Length, 1),
            DataPlaneBytesPerRoute = Math.Round((RegionMemory - shared) / (double)routes.Length, 1), Note = "without a protocol",
        };
    }

    private static Row Lookup(string name, int routes, double nanoseconds, string note, double few = 0) => new()
    {
        Suite = "bgp", Case = name, Routes = routes, NsPerPacket = Math.Round(nanoseconds, 2), Note = few == 0 ? note : string.Create(CultureInfo.InvariantCulture, $"{nanoseconds / few:F2} times as long as with {Few}"),
    };

    private static void Learn(TableWriter tables, LearnedChange[] changes)
    {
        for (var at = 0; at < changes.Length; at += Batch)
            if (!tables.Learn(new ArraySegment<LearnedChange>(changes, at, Math.Min(Batch, changes.Length - at))))
                throw new InvalidOperationException("no room for a route: the region's sizes are too small");
    }

    private TablePlan Plan(ulong mac) => new(new PolicyInputs(
        new GatewayConfiguration { Ports = [new PortConfiguration { Name = "wan", Device = "wan0", Side = PortSide.Unprotected }] },
        kernel with { Neighbours = [.. kernel.Neighbours.Select(n => n with { Mac = n.Mac ^ mac })] }));

    private double KernelChange(TableWriter tables)
    {
        var clock = Stopwatch.StartNew();
        for (var i = 1; i <= 10; i++) _ = tables.Apply(Plan((ulong)i << 32));
        return clock.Elapsed.TotalSeconds / 10;
    }

    /// <summary>As a full table of IPv6 has them: providers' /32 and shorter within few of the registries' blocks, more specifics of theirs, half of all /48.</summary>
    private static LearnedChange[] MakeV6(int count, LearnedTarget[] targets)
    {
        var random = new Random(Seed);
        var providers = Enumerable.Range(0, Math.Max(1, count / 12)).Select(_ => (0x2000UL | (ulong)random.Next(64) << 4) << 48 | (ulong)random.Next(1 << 20) << 32).ToArray();
        var seen = new Dictionary<IpPrefix, LearnedTarget>(count);
        while (seen.Count < count)
        {
            var length = random.Next(100) switch { < 48 => 48, < 60 => 32, < 66 => 29, < 76 => 40, < 84 => 44, < 88 => 36, < 91 => 46, < 94 => 47, _ => random.Next(28, 49) };
            var below = (ulong)(random.Next(8) == 0 ? random.Next(1 << 16) : random.Next(256)) << 16;
            seen.TryAdd(new IpPrefix(new IpAddress(providers[random.Next(providers.Length)] | below, 0), length), targets[random.Next(targets.Length)]);
        }

        return [.. seen.Select(s => new LearnedChange(s.Key, s.Value))];
    }
}
