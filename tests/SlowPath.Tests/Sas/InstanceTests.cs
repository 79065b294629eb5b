using System.Diagnostics;
using Appliance.Ike;
using Appliance.Ike.Messages;
using Appliance.Shared;
using Appliance.SlowPath.Tests.Serving;

namespace Appliance.SlowPath.Tests.Sas;

/// <summary>Templates: a tunnel for each IKE SA, there as long as its children.</summary>
public sealed class InstanceTests : IDisposable
{
    private readonly Bench bench = Children.Bench();

    public void Dispose() => bench.Dispose();

    private static ChildSa Client(int number, int address, uint spi = 0) => Children.Of($"clients/{number}", spi == 0 ? (uint)(0x10000 + number) : spi, spi == 0 ? (uint)(0x20000 + number) : spi + 1, $"203.0.113.{number % 250}", 61000) with
    {
        RemoteSelectors = [Children.Selector($"10.9.{address >> 8}.{address & 255}", $"10.9.{address >> 8}.{address & 255}")],
    };

    private NextHopRecord Route(string address) => bench.Region.NextHop(bench.Region.Ipv4Routes.Find(FakeKernel.Ip(address).V4));

    private string? TunnelAt(string address) => Route(address) is { Kind: NextHopKind.Tunnel } hop ? bench.Region.Tunnel(hop.Tunnel).Name.Get() : null;

    private string Routes() => string.Join(' ', bench.On(() => bench.Gateway.Contents.Routes.OrderBy(r => r.Key).Select(r => $"{r.Key}={r.Value.Kind}{r.Value.Tunnel}").ToList()));

    [Fact]
    public void AClientsPrefixIsDiscardedUntilItsChildIsThere()
    {
        Assert.Equal(NextHopKind.Discard, Route("10.9.0.7").Kind);
        Assert.Null(bench.Install(Client(1, 7)));
        Assert.Null(bench.Install(Client(2, 8)));
        Assert.Equal("clients/1", TunnelAt("10.9.0.7"));
        Assert.Equal("clients/2", TunnelAt("10.9.0.8"));
        Assert.Equal(NextHopKind.Discard, Route("10.9.0.9").Kind);
        Assert.Equal(FakeKernel.Ip("203.0.113.2"), bench.Region.Tunnel(Route("10.9.0.8").Tunnel).Remote);
        bench.Do(c => c.Remove(0x10001, 0x20001, 0, "deleted"));
        Assert.Equal(NextHopKind.Discard, Route("10.9.0.7").Kind);
        Assert.Equal("clients/2", TunnelAt("10.9.0.8"));
        Assert.DoesNotContain("clients/1", bench.On(() => bench.Gateway.TunnelSlots.Keys.ToList()));
    }

    [Fact]
    public void WhatOneChangeMakesIsWhatEverythingAnewMakes()
    {
        foreach (var number in new[] { 1, 2, 3, 4 }) bench.Install(Client(number, number));
        bench.Install(Client(5, 3, 0x500));
        bench.Do(c => c.Remove(0x10002, 0x20002, 0, "deleted"));
        bench.Do(c => c.Remove(0x10003, 0x20003, 0, "deleted"));
        var before = Routes();
        Assert.Contains("10.9.0.3/32=Tunnelclients/5", before, StringComparison.Ordinal);
        bench.KernelChanged();
        Assert.Equal(before, Routes());
        Assert.Equal("clients/5", TunnelAt("10.9.0.3"));
    }

    [Fact]
    public void ASuccessorAdoptsWhatItsIkeSasClaimAndEndsTheRest()
    {
        bench.Install(Client(1, 7));
        bench.Install(Client(2, 8));
        bench.Install(Children.Of("to-b", 0x1001, 0x2001));
        var before = Routes();
        bench.Restart();
        Assert.Equal(before, Routes());
        Assert.Equal("clients/1", TunnelAt("10.9.0.7"));
        var children = (Appliance.SlowPath.Sas.ChildSas)bench.Gateway.Children;
        Assert.True(bench.On(() => children.Exists(0x10001, 0x20001)));
        Assert.True(bench.On(() => children.Exists(0x1001, 0x2001)));
        Assert.False(bench.On(() => children.Exists(0x10002, 0x20009)));
        bench.Do(_ => children.Sweep(1_000_000));
        Assert.Equal(6, bench.On(() => bench.Gateway.Sas.Count));
        bench.Do(_ => children.Sweep(1_000_000 + Appliance.SlowPath.Sas.ChildSas.ClaimMilliseconds));
        Assert.Equal(4, bench.On(() => bench.Gateway.Sas.Count));
        Assert.Equal("clients/1", TunnelAt("10.9.0.7"));
        Assert.Equal(NextHopKind.Discard, Route("10.9.0.8").Kind);
        Assert.Equal(0x20002u, Assert.IsType<ChildExpires>(Assert.Single(bench.Ike.Events)).OutboundSpi);
    }

    [Fact]
    public void Rfc9611_AResourceChildServesItsWorkerAlone()
    {
        bench.Install(Children.Of("to-b", 0x1001, 0x2001));
        bench.Install(Children.Of("to-b", 0x1002, 0x2002) with { Worker = 0 });
        bench.Install(Children.Of("to-b", 0x1003, 0x2003));
        uint Spi(int worker) => bench.Region.OutboundSa(bench.Region.Tunnel(bench.Gateway.TunnelSlots["to-b"]).OutboundSas[worker]).Spi;
        Assert.Equal((0x2002u, 0x2003u), (Spi(0), Spi(1)));
        bench.Do(c => c.Remove(0x1002, 0x2002, 0, "deleted"));
        Assert.Equal((0x2003u, 0x2003u), (Spi(0), Spi(1)));
    }

    [Theory]
    [InlineData("to-c", "no tunnel 'to-c'")]
    [InlineData("clients", "no tunnel 'clients'")]
    [InlineData("by-hand", "no tunnel 'by-hand'")]
    [InlineData("clients/123456789012345678901234567890", "longer than 31 octets")]
    public void WhatCannotBeIsRefusedWithItsReason(string instance, string reason)
    {
        Assert.Contains(reason, bench.Install(Children.Of(instance, 0x1001, 0x2001)), StringComparison.Ordinal);
        Assert.Empty(bench.On(() => bench.Gateway.Sas.ToList()));
    }

    [Fact]
    public void NoRoomForSelectorsLeavesNothingBehind()
    {
        var many = Enumerable.Range(0, 70).Select(i => Children.Selector($"10.2.{i}.0", $"10.2.{i}.9")).ToList();
        Assert.Contains("spd_rules", bench.Install(Children.Of("to-b", 0x1001, 0x2001) with { RemoteSelectors = many }), StringComparison.Ordinal);
        Assert.Contains("pairs", bench.Install(Children.Of("to-b", 0x1001, 0x2001) with { RemoteSelectors = many, LocalSelectors = many }), StringComparison.Ordinal);
        Assert.Contains("no packet fits", bench.Install(Children.Of("to-b", 0x1001, 0x2001) with { LocalSelectors = [TrafficSelector.AnyV6] }), StringComparison.Ordinal);
        Assert.Null(bench.Install(Children.Of("to-b", 0x1001, 0x2001)));
    }

    [Fact]
    public void EventsOfTheDataPlaneReachIke()
    {
        bench.Install(Children.Of("to-b", 0x1001, 0x2001));
        void Raise(EventRecord record) => bench.On(() =>
        {
            bench.Region.Events(0).TryRaise(record);
            return bench.Gateway.DrainEvents();
        });
        Raise(new EventRecord { Kind = EventKind.Acquire, Tunnel = bench.Gateway.TunnelSlots["to-b"], Protocol = 6, Source = FakeKernel.Ip("10.1.0.5"), Destination = FakeKernel.Ip("10.2.0.5"), SourcePort = 4711, DestinationPort = 80 });
        Raise(new EventRecord { Kind = EventKind.SoftExpire, Spi = 0x2001 });
        Raise(new EventRecord { Kind = EventKind.PeerMoved, Spi = 0x1001, Source = FakeKernel.Ip("203.0.113.9"), SourcePort = 61000 });
        Raise(new EventRecord { Kind = EventKind.UnknownSpi, Spi = 0x77, Source = FakeKernel.Ip("198.51.100.1") });
        Raise(new EventRecord { Kind = EventKind.UnknownSpi, Spi = 0x78, Source = FakeKernel.Ip("198.51.100.1") });
        Assert.Equal(["PacketWaits", "ChildExpires", "PeerMoved", "UnknownSpiSeen"], bench.Ike.Events.Select(e => e.GetType().Name));
        var waits = (PacketWaits)bench.Ike.Events[0];
        Assert.Equal(("to-b", "10.1.0.5/32[tcp/4711]", "10.2.0.5/32[tcp/80]"), (waits.Tunnel, waits.Source!.ToString(), waits.Destination!.ToString()));
        Assert.Equal(new ChildExpires(0x2001, false), bench.Ike.Events[1]);
    }

    /// <summary>What the ike suite counts on: an SA pair costs the same whether there are ten or ten thousand.</summary>
    [Fact]
    public void TenThousandClientsCostEachWhatTheFirstDid()
    {
        const int clients = 10_000;
        using var large = Children.Bench(Children.File.Replace("sas: 64, tunnels: 16, ipv4_groups: 64", "sas: 10100, tunnels: 10100, ipv4_groups: 1024", StringComparison.Ordinal)
            .Replace("spd_rules: 64", "spd_rules: 10100", StringComparison.Ordinal).Replace("next_hops: 128", "next_hops: 10200", StringComparison.Ordinal).Replace("10.9.0.0/24", "10.9.0.0/16", StringComparison.Ordinal));
        var timer = Stopwatch.StartNew();
        var problems = large.On(() => Enumerable.Range(1, clients).Select(i => large.Gateway.Children.InstallAsync(Client(i, i), Children.Key(), Children.Key(), true)).ToList());
        var install = timer.Elapsed;
        Assert.All(problems, p => Assert.Null(p.IsCompleted ? p.GetAwaiter().GetResult() : "not at once"));
        timer.Restart();
        large.KernelChanged();
        var anew = timer.Elapsed;
        timer.Restart();
        large.Do(c =>
        {
            for (uint i = 1; i <= clients; i++) c.Remove(0x10000 + i, 0x20000 + i, 0, "deleted");
        });
        Console.WriteLine($"{clients} clients: {install.TotalMicroseconds / clients:f0} µs each to install, {timer.Elapsed.TotalMicroseconds / clients:f0} µs to remove, {anew.TotalMilliseconds:f0} ms to compute everything anew");
        Assert.Equal(0, large.On(() => large.Gateway.Sas.Count));
        // What looked at all others for each client would take minutes, also on an idle machine.
        Assert.True(install.TotalMilliseconds < 2.0 * clients, $"{install.TotalMilliseconds:f0} ms");
        Assert.True(anew.TotalSeconds < 15, $"{anew.TotalMilliseconds:f0} ms");
    }
}
