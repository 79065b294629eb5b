using Appliance.Shared;
using Appliance.Wire;

namespace Appliance.Esp.Tests;

/// <summary>What of the inner header shows outside, and the reverse (RFC 4301 §5.1.2).</summary>
public class OuterHeaderTests
{
    [SkippableTheory]
    [Trait("RFC", "6040")]
    [InlineData(false, false)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public void Rfc6040_4_1_EcnAndDscpAreCopiedOut(bool innerIsV6, bool outerIsV6)
    {
        using var rig = new EspRig();
        rig.AddOutbound(new SaSpec { OuterIsV6 = outerIsV6 });
        for (var trafficClass = 0; trafficClass < 256; trafficClass++)
        {
            var inner = innerIsV6 ? Ip.V6(64, (byte)trafficClass) : Ip.V4(64, (byte)trafficClass);
            Assert.True(PacketFields.TryRead(rig.Encapsulated(inner), out var fields));
            Assert.Equal(trafficClass, fields.TrafficClass);
        }
    }

    [SkippableFact]
    [Trait("RFC", "2983")]
    public void Rfc2983_4_1_AFixedDscpLeavesEcnAlone()
    {
        using var rig = new EspRig();
        rig.AddOutbound(new SaSpec { Flags = SaFlags.FixedDscp, Dscp = 46 });
        Assert.True(PacketFields.TryRead(rig.Encapsulated(Ip.V4(64, 10 << 2 | Ecn.Ect1)), out var fields));
        Assert.Equal((46, Ecn.Ect1), (fields.Dscp, fields.Ecn));
    }

    // RFC 6040 figure 4, rows are the inner field, columns the outer: Not-ECT, ECT(0), ECT(1), CE.
    [SkippableTheory]
    [Trait("RFC", "6040")]
    [InlineData(Ecn.NotEct, new[] { Ecn.NotEct, Ecn.NotEct, Ecn.NotEct, -1 })]
    [InlineData(Ecn.Ect0, new[] { Ecn.Ect0, Ecn.Ect0, Ecn.Ect1, Ecn.Ce })]
    [InlineData(Ecn.Ect1, new[] { Ecn.Ect1, Ecn.Ect1, Ecn.Ect1, Ecn.Ce })]
    [InlineData(Ecn.Ce, new[] { Ecn.Ce, Ecn.Ce, Ecn.Ce, Ecn.Ce })]
    public void Rfc6040_4_2_Decapsulation(int inner, int[] row)
    {
        using var rig = new EspRig();
        foreach (var innerIsV6 in (bool[])[false, true])
        {
            int[] columns = [Ecn.NotEct, Ecn.Ect0, Ecn.Ect1, Ecn.Ce];
            for (var column = 0; column < 4; column++)
            {
                rig.AddPair(new SaSpec());
                var packet = innerIsV6 ? Ip.V6(64, (byte)(11 << 2 | inner)) : Ip.V4(64, (byte)(11 << 2 | inner));
                var outer = rig.Encapsulated(packet);
                outer[1] = (byte)(outer[1] & ~3 | columns[column]);
                var (result, octets) = rig.Decapsulated(outer);
                if (row[column] < 0)
                {
                    Assert.Equal(DropReason.EcnNotCapable, result.Reason);
                    continue;
                }

                Assert.Equal(DropReason.None, result.Reason);
                Assert.True(PacketFields.TryRead(octets, out var fields));
                Assert.Equal((row[column], 11), (fields.Ecn, fields.Dscp));
                if (!innerIsV6) Assert.True(InternetChecksum.IsHeaderRight(octets.AsSpan(0, 20)));
            }
        }
    }

    [SkippableFact]
    [Trait("RFC", "2983")]
    public void Rfc2983_4_2_TheOuterDscpDoesNotComeIn()
    {
        using var rig = new EspRig();
        rig.AddPair(new SaSpec());
        var inner = Ip.V4(64, 11 << 2);
        var outer = rig.Encapsulated(inner);
        outer[1] = 33 << 2;
        Assert.Equal(inner, rig.Decapsulated(outer).Octets);
    }

    [SkippableTheory]
    [Trait("RFC", "4301")]
    [InlineData(false, SaFlags.None, false)]
    [InlineData(true, SaFlags.None, true)]
    [InlineData(false, SaFlags.SetDf, true)]
    [InlineData(true, SaFlags.SetDf, true)]
    public void Rfc4301_8_1_DfIsCopiedOrSetAndNeverCleared(bool inner, SaFlags flags, bool outer)
    {
        using var rig = new EspRig();
        rig.AddOutbound(new SaSpec { Flags = flags });
        Assert.True(Ipv4View.TryParse(rig.Encapsulated(Ip.V4(64, dontFragment: inner)), out var view));
        Assert.Equal(outer, view.DontFragment);
        Assert.False(view.MoreFragments);
        Assert.Equal(0, view.FragmentOffset);
    }

    [SkippableFact]
    public void AnIpv6PacketMayNotBeFragmentedOutsideEither()
    {
        using var rig = new EspRig();
        rig.AddOutbound(new SaSpec());
        Assert.True(Ipv4View.TryParse(rig.Encapsulated(Ip.V6(64)), out var view));
        Assert.True(view.DontFragment);
    }

    [SkippableFact]
    [Trait("RFC", "6864")]
    public void Rfc6864_4_IdentificationsOfFragmentablePacketsDiffer()
    {
        using var rig = new EspRig();
        rig.AddOutbound(new SaSpec(), 0);
        rig.AddOutbound(new SaSpec { Spi = 2 }, 1);
        var seen = new HashSet<ushort>();
        for (var i = 0; i < 1000; i++)
        {
            Assert.True(Ipv4View.TryParse(rig.Encapsulated(Ip.V4(64), (uint)i & 1), out var view));
            Assert.True(seen.Add(view.Identification));
            Assert.True(view.IsChecksumRight);
        }
    }

    [SkippableFact]
    public void TransportModeKeepsOptionsAndExtensionHeadersInFront()
    {
        using var rig = new EspRig();
        rig.AddPair(new SaSpec { Mode = EspMode.Transport });
        byte[] v4 = [.. Ip.V4(64)[..20], 0x94, 4, 0, 0, .. Ip.V4(64)[20..]];
        v4[0] = 0x46;
        v4[3] = 68;
        Ipv4Header.WriteChecksum(v4.AsSpan(0, 24));
        var outer = rig.Encapsulated(v4);
        Assert.Equal(v4[20..24], outer[20..24]);
        Assert.Equal(0x1001u, BigEndian.U32(ref outer[0], 24));
        Assert.Equal(v4, rig.Decapsulated(outer).Octets);

        byte[] v6 = [.. Ip.V6(64)[..40], 43, 0, 1, 4, 0, 0, 0, 0, 17, 0, 0, 0, 0, 0, 0, 0, .. Ip.V6(64)[40..]];
        v6[5] += 16;
        v6[6] = 0;
        outer = rig.Encapsulated(v6);
        Assert.Equal(v6[40..48], outer[40..48]);
        Assert.Equal(IpProtocol.Esp, outer[48]);
        Assert.Equal(0x1001u, BigEndian.U32(ref outer[0], 56));
        Assert.Equal(v6, rig.Decapsulated(outer).Octets);
    }

    [SkippableFact]
    [Trait("RFC", "3948")]
    public void Rfc3948_3_1_2_ANatInTransportModeLeavesChecksumsRight()
    {
        using var rig = new EspRig();
        rig.AddPair(new SaSpec { Mode = EspMode.Transport, Encapsulation = EspEncapsulation.Udp });
        var outer = rig.Encapsulated(Ip.V4(64));
        BigEndian.Set32(ref outer[0], 12, 0xcb007107);
        Ipv4Header.WriteChecksum(outer.AsSpan(0, 20));
        var (result, octets) = rig.Decapsulated(outer);
        Assert.Equal(DropReason.None, result.Reason);
        Assert.True(PacketFields.TryRead(octets, out var fields));
        Assert.Equal(0xcb007107u, fields.SourceV4);
        Assert.True(TransportChecksum.IsRight(octets, fields));
        Assert.True(InternetChecksum.IsHeaderRight(octets.AsSpan(0, 20)));
    }
}
