namespace Appliance.Shared.Tests.Tables;

public sealed class RouteTableConcurrencyTests
{
    /// <summary>A reader as a worker is: in rounds, and stops when told.</summary>
    private static Thread Reader(Region region, int worker, Func<bool> stop, Action read)
    {
        var thread = new Thread(() =>
        {
            ref var block = ref region.Worker(worker);
            WorkerEpoch.Enter(ref block);
            while (!stop())
            {
                read();
                WorkerEpoch.Pass(ref block);
            }

            WorkerEpoch.Leave(ref block);
        });
        thread.Start();
        return thread;
    }

    [SkippableFact]
    public void ReaderNeverSeesAHoleWhileRoutesChange()
    {
        using var place = new TestRegion(new RegionSizes { Ipv4Groups = 24, Ipv6Nodes = 128 });
        var region = place.Region;
        region.Header.DataPlaneProcess = Environment.ProcessId;
        var table = new RouteTables(region, new Quiescence(region));
        table.Load([new(IpAddress.FromV4(0x0a000000), 8, 1), new(new IpAddress(0x2001UL << 48, 0), 16, 1)]);
        var stop = false;
        long bad = 0, reads = 0;
        var reader = Reader(region, 0, () => Volatile.Read(ref stop), () =>
        {
            for (uint i = 0; i < 1024; i++)
            {
                // 1: covering prefix, 2 and 3: the /26 or /60 and what replaces it, 4: the neighbour's.
                var v4 = region.Ipv4Routes.Find(0x0a000000 | (i & 7) << 8 | i & 63);
                var v6 = region.Ipv6Routes.Find(new IpAddress(0x2001UL << 48 | (i & 7) << 8, i));
                if (v4 is < 1 or > 3 || v6 is < 1 or > 3) bad++;
                reads++;
            }
        });
        var random = new Random(2);
        var end = Environment.TickCount64 + 1500;
        while (Environment.TickCount64 < end)
        {
            var at = (uint)random.Next(8) << 8;
            var length = random.Next(20, 27);
            var nextHop = (uint)random.Next(2, 4);
            table.Set(IpAddress.FromV4(0x0a000000 | at), length, nextHop);
            table.Set(new IpAddress(0x2001UL << 48 | at, 0), length + 34, nextHop);

            // Foreign prefixes take the nodes that become free: 4 is seen by a reader that follows a node too long.
            table.Set(IpAddress.FromV4(0x0b000000 | at), 26, 4);
            table.Set(new IpAddress(0x2002UL << 48 | at, 0), 60, 4);
            table.Remove(IpAddress.FromV4(0x0b000000 | at), 26);
            table.Remove(new IpAddress(0x2002UL << 48 | at, 0), 60);
            at = (uint)random.Next(8) << 8;
            length = random.Next(20, 27);
            table.Remove(IpAddress.FromV4(0x0a000000 | at), length);
            table.Remove(new IpAddress(0x2001UL << 48 | at, 0), length + 34);
        }

        Volatile.Write(ref stop, true);
        reader.Join();
        Assert.True(reads > 0);
        Assert.Equal(0, bad);
    }

    [SkippableFact]
    public void RestartOverTheSameRegionNeverLeavesAHole()
    {
        using var place = new TestRegion(new RegionSizes { Ipv4Groups = 1024, Ipv6Nodes = 2048 });
        var region = place.Region;
        region.Header.DataPlaneProcess = Environment.ProcessId;
        var random = new Random(3);
        var staying = new List<Route>();
        for (uint i = 0; i < 32; i++)
        {
            staying.Add(new Route(IpAddress.FromV4(0x0a000000 | i << 8 | 0x40), 26, 5));
            staying.Add(new Route(new IpAddress(0x2001UL << 48 | i << 16, 0), 56, 5));
        }

        new RouteTables(region, new Quiescence(region)).Load(staying);
        var stop = false;
        long bad = 0;
        var reader = Reader(region, 0, () => Volatile.Read(ref stop), () =>
        {
            for (uint i = 0; i < 32; i++)
            {
                if (region.Ipv4Routes.Find(0x0a000000 | i << 8 | 0x50) != 5) bad++;
                if (region.Ipv6Routes.Find(new IpAddress(0x2001UL << 48 | i << 16, i)) != 5) bad++;
            }
        });
        var end = Environment.TickCount64 + 1000;
        while (Environment.TickCount64 < end)
        {
            // Each restart wants what stays and other prefixes around it.
            var wanted = staying.ToList();
            for (var i = 0; i < 20; i++)
            {
                wanted.Add(new Route(IpAddress.FromV4(0x0a000000 | (uint)random.Next(32) << 8), (byte)random.Next(8, 26), (uint)random.Next(1, 4)));
                wanted.Add(new Route(IpAddress.FromV4(0x0a000000 | (uint)random.Next(32) << 8 | 0x80), (byte)random.Next(25, 33), (uint)random.Next(1, 4)));
                wanted.Add(new Route(new IpAddress(0x2001UL << 48 | (uint)random.Next(32) << 16, 0), (byte)random.Next(16, 56), (uint)random.Next(1, 4)));
            }

            var table = new RouteTables(region, new Quiescence(region));
            Assert.Empty(table.Load(wanted));
        }

        Volatile.Write(ref stop, true);
        reader.Join();
        Assert.Equal(0, bad);
    }
}
