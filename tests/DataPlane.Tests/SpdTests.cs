using Appliance.Shared;
using Appliance.Wire;

namespace Appliance.DataPlane.Tests;

/// <summary>The SPD (RFC 4301 §4.4.1): order, ranges, and the compiled form against a plain search.</summary>
public class SpdTests
{
    [Fact]
    public void Rfc4301_4_4_1_The_first_entry_that_matches_counts()
    {
        using var gateway = new Gateway();
        gateway.SetSpd(Ip.Rule(SpdAction.Discard, remote: "10.2.0.5/32"), Ip.Rule(SpdAction.Protect, remote: "10.2.0.0/16"), Ip.Rule(SpdAction.Bypass));
        var spd = new Spd(gateway.Region);
        spd.Refresh();
        Assert.Equal(0, spd.Find(Ip.Fields(Ip.Udp("10.1.0.1", "10.2.0.5")), false));
        Assert.Equal(1, spd.Find(Ip.Fields(Ip.Udp("10.1.0.1", "10.2.0.6")), false));
        Assert.Equal(2, spd.Find(Ip.Fields(Ip.Udp("10.1.0.1", "10.3.0.6")), false));
        Assert.Equal(2, spd.Find(Ip.Fields(Ip.Udp("fd00::1", "fd00::2")), false));
    }

    [Fact]
    public void A_change_takes_effect_at_once_and_whole()
    {
        using var gateway = new Gateway();
        gateway.SetSpd(Ip.Rule(SpdAction.Bypass));
        var spd = new Spd(gateway.Region);
        spd.Refresh();
        var packet = Ip.Fields(Ip.Udp("10.1.0.1", "10.2.0.5"));
        Assert.Equal(SpdAction.Bypass, spd.Rule(spd.Find(packet, false)).Action);
        gateway.SetSpd(Ip.Rule(SpdAction.Discard, remote: "10.3.0.0/16"), Ip.Rule(SpdAction.Protect));
        Assert.Equal(SpdAction.Bypass, spd.Rule(spd.Find(packet, false)).Action);
        spd.Refresh();
        Assert.Equal(SpdAction.Protect, spd.Rule(spd.Find(packet, false)).Action);
        gateway.SetSpd();
        spd.Refresh();
        Assert.Equal(Spd.None, spd.Find(packet, false));
    }

    [Fact]
    public void Rfc4301_4_4_1_1_Icmp_type_and_code_are_compared_by_direction()
    {
        using var gateway = new Gateway();
        var echo = (ushort)(IcmpType.Echo << 8);
        gateway.SetSpd(Ip.Rule(SpdAction.Bypass, protocol: IpProtocol.Icmp, localPorts: (echo, echo), remotePorts: (0, 0)));
        var spd = new Spd(gateway.Region);
        spd.Refresh();
        Assert.Equal(0, spd.Find(Ip.Fields(Ip.Icmp("10.1.0.1", "10.2.0.1", IcmpType.Echo)), false));
        Assert.Equal(Spd.None, spd.Find(Ip.Fields(Ip.Icmp("10.1.0.1", "10.2.0.1", IcmpType.Echo)), true));
        Assert.Equal(0, spd.Find(Ip.Fields(Ip.Icmp("10.1.0.1", "10.2.0.1", IcmpType.EchoReply)), true));
    }

    [Fact]
    public void Rfc4301_4_4_1_1_A_fragment_without_ports_matches_only_a_rule_without_ports()
    {
        using var gateway = new Gateway();
        gateway.SetSpd(Ip.Rule(SpdAction.Discard, remotePorts: (0, ushort.MaxValue)), Ip.Rule(SpdAction.Bypass));
        var spd = new Spd(gateway.Region);
        spd.Refresh();
        var fragment = Ip.Fields(Ip.Udp("10.1.0.1", "10.2.0.1"));
        fragment.FragmentOffset = 800;
        fragment.HasPorts = false;
        Assert.Equal(1, spd.Find(fragment, false));
    }

    [Fact]
    public void The_compiled_form_finds_what_a_plain_search_finds()
    {
        using var gateway = new Gateway();
        var random = new Random(4301);
        var rules = Enumerable.Range(0, 600).Select(_ => Random(random)).ToArray();
        gateway.SetSpd(rules);
        var spd = new Spd(gateway.Region);
        spd.Refresh();
        for (var i = 0; i < 20_000; i++)
        {
            var v6 = random.Next(2) == 0;
            var packet = Ip.Fields(Ip.Udp(Address(random, v6), Address(random, v6), (ushort)random.Next(8), (ushort)random.Next(8), 0));
            var inbound = random.Next(2) == 0;
            var expected = Array.FindIndex(rules, rule => SpdMatch.Matches(rule, packet, inbound));
            Assert.Equal(expected, spd.Find(packet, inbound));
        }
    }

    private static SpdRule Random(Random random)
    {
        var v6 = random.Next(2) == 0;
        string? Prefix() => random.Next(6) == 0 ? null : Address(random, v6) + "/" + (v6 ? 100 + random.Next(29) : 20 + random.Next(13));
        (ushort, ushort)? Ports() => random.Next(2) == 0 ? null : ((ushort)random.Next(4), (ushort)(4 + random.Next(4)));
        return Ip.Rule((SpdAction)random.Next(3), Prefix(), Prefix(), protocol: (byte)(random.Next(2) * IpProtocol.Udp), localPorts: Ports(), remotePorts: Ports());
    }

    private static string Address(Random random, bool v6) => v6 ? $"fd00::{random.Next(4):x}:{random.Next(16):x}" : $"10.0.{random.Next(4)}.{random.Next(1, 32)}";
}
