using Appliance.Shared;
using Appliance.Wire;

namespace Appliance.DataPlane.Tests;

/// <summary>ECN (RFC 6040) and DSCP (RFC 2983) across a tunnel.</summary>
[Trait("RFC", "6040")]
public class Rfc6040Tests
{
    /// <summary>Inner ECN, outer ECN as it arrives, and what the packet carries behind the tunnel (RFC 6040 figure 4); -1: dropped.</summary>
    public static TheoryData<int, int, int> Figure4 => new()
    {
        { Ecn.NotEct, Ecn.NotEct, Ecn.NotEct }, { Ecn.NotEct, Ecn.Ce, -1 },
        { Ecn.Ect0, Ecn.NotEct, Ecn.Ect0 }, { Ecn.Ect0, Ecn.Ect0, Ecn.Ect0 }, { Ecn.Ect0, Ecn.Ect1, Ecn.Ect1 }, { Ecn.Ect0, Ecn.Ce, Ecn.Ce },
        { Ecn.Ect1, Ecn.NotEct, Ecn.Ect1 }, { Ecn.Ect1, Ecn.Ect0, Ecn.Ect1 }, { Ecn.Ect1, Ecn.Ect1, Ecn.Ect1 }, { Ecn.Ect1, Ecn.Ce, Ecn.Ce },
        { Ecn.Ce, Ecn.NotEct, Ecn.Ce }, { Ecn.Ce, Ecn.Ect0, Ecn.Ce }, { Ecn.Ce, Ecn.Ect1, Ecn.Ce }, { Ecn.Ce, Ecn.Ce, Ecn.Ce },
    };

    [Theory]
    [MemberData(nameof(Figure4))]
    public void Rfc6040_4_2_Decapsulation_joins_inner_and_outer_marks(int inner, int outer, int expected)
    {
        using var sites = new Sites();
        var frame = Encapsulated(sites, (byte)inner);
        Assert.Equal(inner, frame[15] & 3);
        frame[15] = (byte)((frame[15] & 0xfc) | outer);
        Ipv4Header.WriteChecksum(frame.AsSpan(14, 20));
        sites.B.Gateway.Port(Gateway.Wan).Put(frame);
        sites.B.Gateway.Run();
        var arrived = sites.B.TakeLan();
        if (expected < 0) Assert.Equal(1UL, sites.B.Gateway.Drops(DropReason.EcnNotCapable));
        else Assert.Equal(expected, Ip.Fields(Assert.Single(arrived)).Ecn);
        Assert.All(arrived, packet => Assert.True(InternetChecksum.IsHeaderRight(packet.AsSpan(0, 20))));
    }

    [Fact]
    public void Rfc2983_4_DSCP_is_copied_outwards_and_not_inwards()
    {
        using var sites = new Sites();
        var frame = Encapsulated(sites, 46 << 2);
        Assert.Equal(46, frame[15] >> 2);
        frame[15] = 10 << 2;
        Ipv4Header.WriteChecksum(frame.AsSpan(14, 20));
        sites.B.Gateway.Port(Gateway.Wan).Put(frame);
        sites.B.Gateway.Run();
        Assert.Equal(46, Ip.Fields(Assert.Single(sites.B.TakeLan())).Dscp);
    }

    [Fact]
    public void Rfc2983_4_Or_it_is_fixed_by_configuration()
    {
        using var sites = new Sites();
        ref var sa = ref sites.A.Gateway.Region.OutboundSa(sites.A.Out);
        (sa.Flags, sa.Dscp) = (SaFlags.FixedDscp, 8);
        Assert.Equal(8, Encapsulated(sites, 46 << 2)[15] >> 2);
    }

    [Theory]
    [InlineData(false, false, false)]
    [InlineData(true, false, true)]
    [InlineData(false, true, true)]
    public void Rfc4301_8_1_DF_that_is_set_inside_is_never_cleared_outside(bool inner, bool set, bool outer)
    {
        using var sites = new Sites();
        if (set) sites.A.Gateway.Region.OutboundSa(sites.A.Out).Flags = SaFlags.SetDf;
        sites.A.Gateway.Port(Gateway.Lan).Put(Ip.Frame(Ip.Udp(Sites.HostA, Sites.HostB, df: inner)));
        sites.A.Gateway.Run();
        Assert.Equal(outer, Ip.Fields(Ip.Unframe(Assert.Single(sites.A.TakeWire()))).DontFragment);
    }

    private static byte[] Encapsulated(Sites sites, byte trafficClass)
    {
        var packet = Ip.Udp(Sites.HostA, Sites.HostB);
        packet[1] = trafficClass;
        Ipv4Header.WriteChecksum(packet.AsSpan(0, 20));
        sites.A.Gateway.Port(Gateway.Lan).Put(Ip.Frame(packet));
        sites.A.Gateway.Run();
        return Assert.Single(sites.A.TakeWire());
    }
}
