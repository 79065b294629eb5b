using System.Buffers.Binary;
using Appliance.Shared;

namespace Appliance.DataPlane.Tests;

/// <summary>A data plane that is killed in the middle of things, and its successor over the same region.</summary>
public class RestartTests
{
    [Fact]
    public void Rfc4303_3_3_3_No_sequence_number_is_used_twice()
    {
        using var sites = new Sites();
        var seen = new HashSet<uint>();
        for (var life = 0; life < 4; life++)
        {
            for (var i = 0; i < 100; i++) sites.A.Gateway.Port(Gateway.Lan).Put(Ip.Frame(Ip.Udp(Sites.HostA, Sites.HostB)));
            sites.A.Gateway.Run();
            var frames = sites.A.TakeWire();
            Assert.Equal(100, frames.Count);
            foreach (var frame in frames) Assert.True(seen.Add(BinaryPrimitives.ReadUInt32BigEndian(frame.AsSpan(14 + 24))), "a sequence number came twice");
            foreach (var frame in frames) sites.B.Gateway.Port(Gateway.Wan).Put(frame);
            sites.B.Gateway.Run();
            Assert.Equal(100, sites.B.TakeLan().Count);
            sites.A.Gateway.KillAndRestart();
        }
    }

    [Fact]
    public void Packets_in_hand_are_counted_as_lost()
    {
        using var sites = new Sites();
        var gateway = sites.A.Gateway;
        gateway.Region.Tunnel(0).OutboundSas[0] = TunnelRecord.NoSa;
        Assert.Empty(sites.FromA(Ip.Udp(Sites.HostA, Sites.HostB), Ip.Udp(Sites.HostA, Sites.HostB)));
        Assert.Equal(2UL, gateway.Sum(b => b.Held));
        gateway.KillAndRestart();
        Assert.Equal(0UL, gateway.Sum(b => b.Held));
        Assert.Equal(2UL, gateway.Drops(DropReason.WorkerStopped));
        gateway.AssertIdentity();
    }

    [Fact]
    public void Counters_and_replay_windows_go_on()
    {
        using var sites = new Sites();
        sites.A.Gateway.Port(Gateway.Lan).Put(Ip.Frame(Ip.Udp(Sites.HostA, Sites.HostB)));
        sites.A.Gateway.Run();
        var frame = Assert.Single(sites.A.TakeWire());
        sites.B.Gateway.Port(Gateway.Wan).Put(frame);
        sites.B.Gateway.Run();
        Assert.Single(sites.B.TakeLan());
        sites.B.Gateway.KillAndRestart();
        sites.B.Gateway.Port(Gateway.Wan).Put(frame);
        sites.B.Gateway.Run();
        Assert.Empty(sites.B.TakeLan());
        Assert.Equal(1UL, sites.B.Gateway.Drops(DropReason.Replayed));
        Assert.Equal(2UL, sites.B.Gateway.Sum(b => b.Rx));
    }
}
