using Appliance.PacketIo.Memory;
using Appliance.Shared;

namespace Appliance.DataPlane.Tests;

/// <summary>Rule 3: a worker never allocates.</summary>
public class AllocationTests
{
    [Fact]
    public void Nothing_is_allocated_for_a_packet_of_any_fate()
    {
        using var sites = new Sites();
        var gateway = sites.A.Gateway;
        var worker = gateway.Engine.Workers[0];
        gateway.Route("10.3.0.0/16", gateway.AddNextHop(NextHopKind.Discard));
        byte[][] packets =
        [
            Ip.Udp(Sites.HostA, Sites.HostB), Ip.Udp(Sites.HostA6, Sites.HostB6), Ip.Udp(Sites.HostA, Sites.HostB, payload: 3000), Ip.Udp(Sites.HostA, Sites.HostB, ttl: 1),
            Ip.Udp(Sites.HostA, Sites.HostB, payload: 1400, df: true), Ip.Udp(Sites.HostA, "10.3.0.1"), Ip.Udp(Sites.HostA, "192.0.2.1"), Ip.TcpSyn(Sites.HostA, Sites.HostB, 1460),
        ];
        using var source = new SourceQueue(gateway.Engine.Frames.Pools[0], Gateway.Lan, packets, 0, PacketFlags.NoEthernet);
        foreach (var queue in gateway.Queues) queue.Lost = true;
        gateway.Run();
        var sinks = new[] { Gateway.Door, Gateway.Wan }.Select(port => new SinkQueue(gateway.Engine.Frames.Pools[0], (byte)port)).ToArray();
        foreach (var sink in sinks) worker.Ports.Offer(sink);
        worker.Ports.Offer(source);
        for (var i = 0; i < 200; i++) worker.RunOnce();
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++) worker.RunOnce();
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.True(sinks[1].Packets > 10_000);
        source.Remaining = 0;
        gateway.Run();
        Assert.NotEqual(0UL, gateway.Drops(DropReason.TooBig) + gateway.Drops(DropReason.IcmpRateLimited));
    }

    [Fact]
    public void Nothing_is_allocated_for_copies_of_multicast()
    {
        using var member = new Member(1);
        var gateway = member.Gateway;
        member.Learn(2);
        member.Learn(3);
        member.Learn(4, overV6: true);
        gateway.Route("239.1.0.0/16", gateway.AddReplicate(0, member.Hops[Member.EspV4(2)], member.Hops[Member.EspV4(3)], member.Hops[Member.EspV6(4)]));
        byte[][] packets = [Ip.Udp(Member.Host(1), "239.1.1.1"), Ip.Udp(Member.Host(1), "239.1.1.1", payload: 1440), Ip.Udp(Member.Host(1), "239.9.1.1"), Ip.Udp(Member.Host(1), "239.1.1.1", ttl: 1)];
        using var source = new SourceQueue(gateway.Engine.Frames.Pools[0], Gateway.Lan, packets, 0, PacketFlags.NoEthernet);
        foreach (var queue in gateway.Queues) queue.Lost = true;
        gateway.Run();
        var worker = gateway.Engine.Workers[0];
        var sink = new SinkQueue(gateway.Engine.Frames.Pools[0], Gateway.Wan);
        worker.Ports.Offer(sink);
        worker.Ports.Offer(source);
        for (var i = 0; i < 200; i++) worker.RunOnce();
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++) worker.RunOnce();
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.True(sink.Packets > 10_000);
        source.Remaining = 0;
        gateway.Run();
    }
}
