using System.Buffers.Binary;
using Appliance.Shared;
using Appliance.Wire;

namespace Appliance.DataPlane.Tests;

/// <summary>What comes from outside and is not ESP, or about ESP: keepalives, ICMP errors, IKE, garbage.</summary>
public class OutsideTests
{
    [Fact]
    public void Rfc3948_2_3_A_keepalive_ends_here_and_IKE_goes_to_the_host()
    {
        using var sites = new Sites();
        var wan = sites.A.Gateway.Port(Gateway.Wan);
        wan.Put(Ip.Frame(Ip.Packet("198.51.100.1", "192.0.2.1", IpProtocol.Udp, [0x11, 0x94, 0x11, 0x94, 0, 9, 0, 0, 0xff])));
        wan.Put(Ip.Frame(Ip.Packet("198.51.100.1", "192.0.2.1", IpProtocol.Udp, [0x11, 0x94, 0x11, 0x94, 0, 16, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4])));
        sites.A.Gateway.Run();
        Assert.Equal(1UL, sites.A.Gateway.Sum(b => b.Absorbed));
        Assert.Single(sites.A.TakeHost());
    }

    [Fact]
    public void Rfc3948_4_A_silent_SA_sends_keepalives()
    {
        using var sites = new Sites(new SaShape { Udp = true });
        sites.A.Gateway.Region.OutboundSa(sites.A.Out).KeepaliveSeconds = 1;
        sites.A.Gateway.Region.OutboundState(sites.A.Out).LastUsed = Environment.TickCount64 - 900;
        sites.A.Gateway.Wait(300);
        var packet = Ip.Unframe(Assert.Single(sites.A.TakeWire()));
        Assert.Equal(29, packet.Length);
        Assert.Equal(0xff, packet[28]);
        Assert.Equal((4500, 4500), (Ip.Fields(packet).SourcePort, Ip.Fields(packet).DestinationPort));
    }

    [Theory]
    [InlineData(1300, 0, true)]
    [InlineData(300, 0, false)]
    [InlineData(1300, 5, false)]
    public void Rfc4301_8_2_An_ICMP_error_counts_for_a_live_SA_that_sent_it(ushort mtu, uint ahead, bool believed)
    {
        using var sites = new Sites();
        sites.A.Gateway.Port(Gateway.Lan).Put(Ip.Frame(Ip.Udp(Sites.HostA, Sites.HostB)));
        sites.A.Gateway.Run();
        var quoted = Ip.Unframe(Assert.Single(sites.A.TakeWire()))[..28];
        quoted[27] += (byte)ahead;
        var error = Ip.Icmp("192.0.9.9", "192.0.2.1", IcmpType.DestinationUnreachable, IcmpType.CodeFragmentationNeeded, quoted);
        BinaryPrimitives.WriteUInt16BigEndian(error.AsSpan(26), mtu);
        TransportChecksum.Complete(error, Ip.Fields(error));
        sites.A.Gateway.Port(Gateway.Wan).Put(Ip.Frame(error));
        sites.A.Gateway.Run();
        Assert.Equal(believed ? 1UL : 0UL, sites.A.Gateway.Sum(b => b.Absorbed));
        Assert.Equal(believed ? 0UL : 1UL, sites.A.Gateway.Drops(DropReason.IcmpNotBelievable));
        if (believed) Assert.Equal((EventKind.PathMtu, 1300UL, sites.A.Out), Assert.Single(sites.A.Gateway.Events().Select(e => (e.Kind, e.Value, e.Sa))));
    }

    [Fact]
    public void An_ICMP_message_that_is_not_about_ESP_goes_to_the_host()
    {
        using var sites = new Sites();
        sites.A.Gateway.Port(Gateway.Wan).Put(Ip.Frame(Ip.Icmp("192.0.9.9", "192.0.2.1", IcmpType.Echo)));
        sites.A.Gateway.Run();
        Assert.Single(sites.A.TakeHost());
    }

    [Fact]
    public void Rfc4301_5_2_An_unknown_SPI_is_told_and_counted()
    {
        using var sites = new Sites();
        sites.A.Gateway.Port(Gateway.Wan).Put(Ip.Frame(Ip.Packet("198.51.100.1", "192.0.2.1", IpProtocol.Esp, [0, 0, 0x99, 0x99, 0, 0, 0, 1, .. new byte[40]])));
        sites.A.Gateway.Run();
        Assert.Equal(1UL, sites.A.Gateway.Drops(DropReason.UnknownSpi));
        Assert.Equal(0x9999u, Assert.Single(sites.A.Gateway.Events()).Spi);
    }

    [Fact]
    public void Garbage_of_any_kind_has_one_fate_and_never_throws()
    {
        using var sites = new Sites();
        var random = new Random(4303);
        sites.A.Gateway.Port(Gateway.Lan).Put(Ip.Frame(Ip.Udp(Sites.HostA, Sites.HostB)));
        sites.A.Gateway.Run();
        var esp = sites.A.TakeWire()[0];
        byte[][] seeds =
        [
            esp, Ip.Frame(Ip.Udp(Sites.HostA, Sites.HostB)), Ip.Frame(Ip.Udp(Sites.HostA6, Sites.HostB6)), Ip.Frame(Ip.TcpSyn(Sites.HostA, Sites.HostB, 1460)),
            Ip.Frame(Ip.Icmp("192.0.9.9", "198.51.100.1", IcmpType.DestinationUnreachable, 4, Ip.Unframe(esp)[..28])), Ip.Frame(Ip.Udp("192.0.2.1", "198.51.100.1", 4500, 4500, 60)),
        ];
        for (var round = 0; round < 30_000; round++)
        {
            var frame = seeds[random.Next(seeds.Length)].ToArray();
            for (var changes = random.Next(6); changes > 0; changes--) frame[random.Next(frame.Length)] = (byte)random.Next(256);
            if (random.Next(3) == 0) frame = frame[..random.Next(1, frame.Length)];
            if (frame.Length > 34 && random.Next(2) == 0) RepairChecksum(frame);
            sites.B.Gateway.Port(random.Next(3)).Put(frame, random.Next(20) == 0 ? PacketFlags.NoEthernet : PacketFlags.None);
            if (round % 64 == 0) sites.B.Gateway.Run();
        }

        sites.B.Gateway.Run();
        sites.B.Gateway.AssertIdentity();
        Assert.Equal(30_000UL, sites.B.Gateway.Sum(b => b.Rx + b.Injected));
    }

    private static void RepairChecksum(byte[] frame)
    {
        var header = (frame[14] & 15) * 4;
        if (frame[14] >> 4 == 4 && header >= 20 && frame.Length >= 14 + header) Ipv4Header.WriteChecksum(frame.AsSpan(14, header));
    }
}
