using Appliance.Shared;

namespace Appliance.DataPlane.Tests;

/// <summary>Several workers: steering to the owner of an SA, ports that not every worker has, real threads.</summary>
public class WorkersTests
{
    [Theory]
    [InlineData(0, 1)]
    [InlineData(1, 0)]
    [InlineData(1, 1)]
    public void A_packet_goes_to_the_worker_that_owns_its_SA(byte owner, int arrivesAt)
    {
        using var sites = new Sites(new SaShape { Worker = owner }, workers: 2);
        sites.A.Gateway.Port(Gateway.Lan, arrivesAt).Put(Ip.Frame(Ip.Udp(Sites.HostA, Sites.HostB)));
        sites.A.Gateway.Run();
        var frame = Assert.Single(sites.A.Gateway.Port(Gateway.Wan, owner).Sent);
        sites.B.Gateway.Port(Gateway.Wan, arrivesAt).Put(frame);
        sites.B.Gateway.Run();
        Assert.Equal(Ip.Udp(Sites.HostA, Sites.HostB, ttl: 62), Assert.Single(sites.B.TakeLan()));
        var crossed = owner == arrivesAt ? 0UL : 1UL;
        Assert.Equal(crossed, sites.A.Gateway.Sum(b => b.HandedOver));
        Assert.Equal(crossed, sites.B.Gateway.Sum(b => b.HandedOver));
    }

    [Fact]
    public void An_SA_of_a_worker_that_is_not_there_sends_nothing()
    {
        using var sites = new Sites(new SaShape { Worker = 7 }, workers: 2);
        Assert.Empty(sites.FromA(Ip.Udp(Sites.HostA, Sites.HostB)));
        Assert.Equal(1UL, sites.A.Gateway.Drops(DropReason.HandoffFull));
    }

    [Fact]
    public void A_slot_that_became_another_SA_on_the_way_is_not_used()
    {
        using var sites = new Sites(new SaShape { Worker = 1 }, workers: 2);
        var gateway = sites.A.Gateway;
        gateway.Port(Gateway.Lan).Put(Ip.Frame(Ip.Udp(Sites.HostA, Sites.HostB)));
        gateway.Engine.Workers[0].RunOnce();
        gateway.Region.OutboundSa(sites.A.Out).Generation++;
        gateway.Run();
        Assert.Empty(sites.A.TakeWire());
        Assert.Equal(1UL, gateway.Drops(DropReason.NoOutboundSa));
    }

    [Fact]
    public void A_worker_without_a_queue_of_the_port_sends_by_one_that_has_it()
    {
        using var sites = new Sites(new SaShape { Worker = 1 }, workers: 2);
        var gateway = sites.A.Gateway;
        gateway.Run();
        gateway.Port(Gateway.Wan, 1).Lost = true;
        gateway.Run();
        foreach (var worker in gateway.Engine.Workers) worker.Ports.SetSenders(Gateway.Wan, 1);
        gateway.Port(Gateway.Lan, 1).Put(Ip.Frame(Ip.Udp(Sites.HostA, Sites.HostB)));
        gateway.Run();
        Assert.Single(gateway.Port(Gateway.Wan, 0).Sent);
    }

    [Fact]
    public void Fragments_that_came_to_different_workers_meet()
    {
        using var sites = new Sites(workers: 2);
        var whole = Ip.Udp("198.51.100.1", "192.0.2.1", 500, 500, 900);
        Assert.True(Wire.Ipv4Fragments.TryStart(whole, 300, out var fragments));
        for (var i = 0; fragments.NextLength is > 0 and var length; i++)
        {
            var piece = new byte[length];
            fragments.Write(piece);
            sites.A.Gateway.Port(Gateway.Wan, i & 1).Put(Ip.Frame(piece));
        }

        sites.A.Gateway.Run();
        Assert.Equal(whole[20..], Assert.Single(sites.A.TakeHost())[20..]);
    }

    [Fact]
    public void Two_threads_carry_everything_and_lose_nothing()
    {
        using var sites = new Sites(new SaShape { Worker = 1 }, workers: 2);
        var gateway = sites.A.Gateway;
        const int each = 20_000;
        for (var i = 0; i < each; i++)
        {
            for (var worker = 0; worker < 2; worker++) gateway.Port(Gateway.Lan, worker).Put(Ip.Frame(Ip.Udp(Sites.HostA, Sites.HostB, payload: i % 200)));
        }

        var stop = false;
        var threads = gateway.Engine.Workers.Select(worker => new Thread(() =>
        {
            while (!Volatile.Read(ref stop)) worker.RunOnce();
        })).ToArray();
        foreach (var thread in threads) thread.Start();
        var end = Environment.TickCount64 + 20_000;
        while (Environment.TickCount64 < end && gateway.Sum(b => b.Rx) < 2 * each) Thread.Sleep(5);
        Thread.Sleep(50);
        Volatile.Write(ref stop, true);
        foreach (var thread in threads) thread.Join();
        gateway.Run();
        Assert.Equal(2UL * each, gateway.Sum(b => b.Rx));
        Assert.Equal(2UL * each, gateway.Sum(b => b.Tx) + gateway.Drops(DropReason.HandoffFull) + gateway.Drops(DropReason.NoFrame));
        var numbers = sites.A.TakeWire().Select(f => System.Buffers.Binary.BinaryPrimitives.ReadUInt32BigEndian(f.AsSpan(38))).ToList();
        Assert.Equal(numbers.Count, numbers.Distinct().Count());
    }

    [Fact]
    public void An_idle_worker_sleeps_and_wakes_for_what_another_hands_over()
    {
        using var sites = new Sites(new SaShape { Worker = 1 }, workers: 2);
        var gateway = sites.A.Gateway;
        Exception? failure = null;
        var thread = new WorkerThread(gateway.Engine.Workers[1], gateway.Region, gateway.Engine.Crossroads.Wakes[1], 0, TimeSpan.FromMicroseconds(50), (_, e) => failure = e);
        thread.Start();
        var end = Environment.TickCount64 + 5000;
        while (gateway.Region.Worker(1).Sleeps == 0 && Environment.TickCount64 < end) Thread.Sleep(1);
        gateway.Port(Gateway.Lan).Put(Ip.Frame(Ip.Udp(Sites.HostA, Sites.HostB)));
        gateway.Engine.Workers[0].RunOnce();
        while (gateway.Sum(b => b.Tx) == 0 && Environment.TickCount64 < end) Thread.Sleep(1);
        thread.Stop();
        Assert.Null(failure);
        Assert.Equal(1UL, gateway.Sum(b => b.Tx));
        Assert.NotEqual(0UL, gateway.Region.Worker(1).Sleeps);
    }
}
