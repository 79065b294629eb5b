using System.Buffers.Binary;
using Appliance.Shared;
using Appliance.Wire;

namespace Appliance.DataPlane.Tests;

/// <summary>ESP (RFC 4303) as a gateway speaks it on the wire.</summary>
[Trait("RFC", "4303")]
public class Rfc4303Tests
{
    [Fact]
    public void Rfc4303_3_3_3_The_first_packet_has_sequence_number_1_and_each_the_next()
    {
        using var sites = new Sites();
        Assert.Equal([1u, 2u, 3u], Send(sites, 3).Select(Sequence));
    }

    [Fact]
    public void Rfc4303_3_3_3_The_sequence_number_never_wraps()
    {
        using var sites = new Sites();
        var gateway = sites.A.Gateway;
        Start(gateway, sites.A.Out, uint.MaxValue - 2);
        gateway.Region.OutboundSa(sites.A.Out).SequenceSoftLimit = uint.MaxValue - 1;
        Assert.Equal([uint.MaxValue - 1, uint.MaxValue], Send(sites, 5).Select(Sequence));
        Assert.Equal(3UL, gateway.Drops(DropReason.SequenceExhausted));
        Assert.Equal(3UL, gateway.Region.OutboundState(sites.A.Out).Drops);
        Assert.Equal([EventKind.SoftExpire, EventKind.HardExpire], gateway.Events().Select(e => e.Kind));
    }

    [Fact]
    public void Rfc4303_2_2_1_With_ESN_the_low_half_goes_on_past_2_to_the_32()
    {
        using var sites = new Sites(new SaShape { Esn = true });
        Start(sites.A.Gateway, sites.A.Out, uint.MaxValue - 1);
        sites.B.Gateway.Region.InboundState(sites.B.In).Highest = uint.MaxValue - 1;
        var frames = Send(sites, 4);
        Assert.Equal([uint.MaxValue, 0u, 1u, 2u], frames.Select(Sequence));
        foreach (var frame in frames) sites.B.Gateway.Port(Gateway.Wan).Put(frame);
        sites.B.Gateway.Run();
        Assert.Equal(4, sites.B.TakeLan().Count);
        Assert.Equal(1UL << 32 | 2, sites.B.Gateway.Region.InboundState(sites.B.In).Highest);
    }

    [Fact]
    public void Rfc4303_3_4_3_Packets_in_any_order_within_the_window_arrive_once()
    {
        using var sites = new Sites();
        var frames = Send(sites, 60);
        var random = new Random(3);
        foreach (var frame in frames.Concat(frames).OrderBy(_ => random.Next())) sites.B.Gateway.Port(Gateway.Wan).Put(frame);
        sites.B.Gateway.Run();
        Assert.Equal(60, sites.B.TakeLan().Count);
        Assert.Equal(60UL, sites.B.Gateway.Drops(DropReason.Replayed));
    }

    [Fact]
    public void Rfc4303_3_4_3_What_is_left_of_the_window_is_too_old()
    {
        using var sites = new Sites();
        var frames = Send(sites, 100);
        sites.B.Gateway.Port(Gateway.Wan).Put(frames[^1]);
        sites.B.Gateway.Port(Gateway.Wan).Put(frames[0]);
        sites.B.Gateway.Run();
        Assert.Single(sites.B.TakeLan());
        Assert.Equal(1UL, sites.B.Gateway.Drops(DropReason.TooOld));
    }

    [Fact]
    public void Rfc4303_3_4_4_1_A_forged_packet_does_not_move_the_window()
    {
        using var sites = new Sites();
        var frames = Send(sites, 2);
        var forged = frames[0].ToArray();
        BinaryPrimitives.WriteUInt32BigEndian(forged.AsSpan(38), 1_000_000);
        sites.B.Gateway.Port(Gateway.Wan).Put(forged);
        foreach (var frame in frames) sites.B.Gateway.Port(Gateway.Wan).Put(frame);
        sites.B.Gateway.Run();
        Assert.Equal(2, sites.B.TakeLan().Count);
        Assert.Equal(1UL, sites.B.Gateway.Region.InboundState(sites.B.In).IntegrityFailed);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Rfc4303_3_1_1_Transport_mode_protects_traffic_between_the_ends_themselves(bool v6)
    {
        using var sites = new Sites(outerV6: v6, kind: TunnelKind.Transport);
        var (a, b) = v6 ? ("2001:db8::1", "2001:db8::2") : ("192.0.2.1", "198.51.100.1");
        var length = v6 ? "/128" : "/32";
        foreach (var (side, own, peer) in (ReadOnlySpan<(Sites.Side, string, string)>)[(sites.A, a, b), (sites.B, b, a)])
            side.Gateway.SetSpd(Ip.Rule(SpdAction.Protect, own + length, peer + length, side.Tunnel));
        var packet = Ip.Udp(a, b);
        sites.A.Gateway.Port(Gateway.Door).Put(packet, PacketFlags.NoEthernet);
        sites.A.Gateway.Run();
        var frame = Assert.Single(sites.A.TakeWire());
        Assert.Equal(IpProtocol.Esp, Ip.Fields(Ip.Unframe(frame)).Protocol);
        sites.B.Gateway.Port(Gateway.Wan).Put(frame);
        sites.B.Gateway.Run();
        var arrived = Assert.Single(sites.B.TakeHost());
        Assert.Equal(packet[(v6 ? 40 : 20)..], arrived[(v6 ? 40 : 20)..]);
        Assert.Equal(packet.Length, arrived.Length);
    }

    [Fact]
    public void Rfc4303_2_7_TFC_padding_hides_the_length_and_is_taken_off()
    {
        using var sites = new Sites();
        sites.A.Gateway.Region.OutboundSa(sites.A.Out).TfcMultiple = 256;
        var lengths = new HashSet<int>();
        for (var payload = 0; payload < 200; payload += 20)
        {
            sites.A.Gateway.Port(Gateway.Lan).Put(Ip.Frame(Ip.Udp(Sites.HostA, Sites.HostB, payload: payload)));
            sites.A.Gateway.Run();
            var frame = Assert.Single(sites.A.TakeWire());
            lengths.Add(frame.Length);
            sites.B.Gateway.Port(Gateway.Wan).Put(frame);
            sites.B.Gateway.Run();
            Assert.Equal(28 + payload, Assert.Single(sites.B.TakeLan()).Length);
        }

        Assert.Single(lengths);
    }

    private static List<byte[]> Send(Sites sites, int count)
    {
        for (var i = 0; i < count; i++) sites.A.Gateway.Port(Gateway.Lan).Put(Ip.Frame(Ip.Udp(Sites.HostA, Sites.HostB)));
        sites.A.Gateway.Run();
        return sites.A.TakeWire();
    }

    private static void Start(Gateway gateway, uint slot, ulong sequence)
    {
        gateway.Region.OutboundState(slot).Sequence = sequence;
        gateway.Region.OutboundState(slot).ReservedUntil = sequence;
    }

    private static uint Sequence(byte[] frame) => BinaryPrimitives.ReadUInt32BigEndian(frame.AsSpan(14 + 24));
}
