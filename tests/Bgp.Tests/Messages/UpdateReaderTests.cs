using System.Net;
using Xunit;

namespace Appliance.Bgp.Tests.Messages;

public class UpdateReaderTests
{
    private const string Good = "40010100" + "4002060201" + "0000fde9" + "400304c0000201";

    [Fact]
    public void Rfc4271_5_UnknownTransitiveAttributesAreKeptWithThePartialBitAndOthersAreNot()
    {
        Assert.True(UpdateReader.TryRead(Wire.Update("", Good + "d0ff0002aabb" + "80c80101" + "c0c80103" + "cf280107" + "c01914" + new string('0', 40), "080a"), Wire.Internal, out var view));
        var unknown = AttributeReader.Read(view, false).Unknown;
        Assert.Equal("25 c0, 40 e0, 255 e0", string.Join(", ", unknown.Select(u => $"{u.Type} {u.Flags:x2}")));
        Assert.Equal([0xaa, 0xbb], unknown[2].Value);
    }

    [Fact]
    public void TooManyUnknownAttributesAreNotKept()
    {
        var many = string.Concat(Enumerable.Range(100, 100).Select(t => $"c0{t:x2}0101"));
        Assert.True(UpdateReader.TryRead(Wire.Update("", Good + many, "080a"), Wire.Internal, out var view));
        Assert.Equal(AttributeReader.MaximumUnknown, AttributeReader.Read(view, false).Unknown.Length);
    }

    [Fact]
    public void Rfc4760_3_ForMpReachTheNextHopAttributeDoesNotCount()
    {
        Assert.True(UpdateReader.TryRead(Wire.Update("180b0000", "800e1e000201" + "10" + "20010db8000000000000000000000001" + "00" + "40" + "20010db800010000" + Good, "080a"), Wire.Internal, out var view));
        Assert.Equal("2001:db8::1", AttributeReader.Read(view, true).NextHop.ToString());
        Assert.Equal("192.0.2.1", AttributeReader.Read(view, false).NextHop.ToString());
        Assert.Equal("2001:db8:1::/64", Assert.Single(Wire.List(view.ReachedNlri)).ToText(Family.Ipv6Unicast));
        Assert.Equal("10.0.0.0/8", Assert.Single(Wire.List(view.AnnouncedNlri)).ToText(Family.Ipv4Unicast));
        Assert.Equal("11.0.0.0/24", Assert.Single(Wire.List(view.WithdrawnNlri)).ToText(Family.Ipv4Unicast));
    }

    [Theory]
    [InlineData("20 20010db8000000000000000000000001 fe800000000000000000000000000002", "2001:db8::1", "fe80::2")]
    [InlineData("20 fe800000000000000000000000000002 fe800000000000000000000000000002", "fe80::2", "")]
    [InlineData("20 00000000000000000000000000000000 fe800000000000000000000000000002", "fe80::2", "")]
    [InlineData("20 20010db8000000000000000000000001 20010db8000000000000000000000002", "2001:db8::1", "")]
    [InlineData("10 fe800000000000000000000000000002", "fe80::2", "")]
    [InlineData("10 00000000000000000000ffffc0000201", "192.0.2.1", "")]
    [InlineData("20 00000000000000000000ffffc0000201 fe800000000000000000000000000002", "192.0.2.1", "fe80::2")]
    public void Rfc2545_3_NextHops(string field, string hop, string linkLocal)
    {
        var octets = Wire.Hex(field);
        var value = "000201" + Convert.ToHexStringLower(octets) + "00" + "00";
        Assert.True(UpdateReader.TryRead(Wire.Update("", $"800e{value.Length / 2:x2}" + value + "40010100400200", ""), Wire.Internal, out var view));
        Assert.Equal(UpdateError.None, view.Error);
        var read = AttributeReader.Read(view, true);
        Assert.Equal((hop, linkLocal), (read.NextHop.ToString(), $"{read.LinkLocalNextHop}"));
    }

    [Fact]
    public void Rfc8950_4_AnIpv6NextHopOfIpv4RoutesHasToBeAgreed()
    {
        var body = Wire.Update("", "800e17" + "000101" + "10" + "20010db8000000000000000000000001" + "00" + "080a" + "40010100400200", "");
        Assert.False(UpdateReader.TryRead(body, Wire.Internal, out _));
        Assert.True(UpdateReader.TryRead(body, Wire.Internal with { ExtendedNextHop = FamilySet.None.With(Family.Ipv4Unicast) }, out var view));
        Assert.Equal("2001:db8::1", AttributeReader.Read(view, true).NextHop.ToString());
    }

    [Theory]
    [InlineData("ipv4", "18e00000", false)]
    [InlineData("ipv4", "04e0", true)]
    [InlineData("ipv4", "20e0000005", false)]
    [InlineData("ipv4", "207f000001", false)]
    [InlineData("ipv4", "0800", false)]
    [InlineData("ipv4", "00", true)]
    [InlineData("ipv4", "0100", true)]
    [InlineData("ipv4", "0180", true)]
    [InlineData("ipv4", "04f0", true)]
    [InlineData("ipv6", "10ff02", false)]
    [InlineData("ipv6", "10ff08", true)]
    [InlineData("ipv6", "0afe80", false)]
    [InlineData("ipv6", "00", true)]
    [InlineData("ipv6", "0afec0", true)]
    public void Rfc4271_6_3_RoutesThatCannotBeAreIgnored(string family, string nlri, bool isTaken)
    {
        var (octets, of) = (Wire.Hex(nlri), Family.All.Single(f => f.ToString() == family));
        Assert.Equal(isTaken ? 1 : 0, Wire.List(new NlriReader(octets, of, false, true)).Count);
        Assert.Single(Wire.List(new NlriReader(octets, of, false)));
    }

    [Theory]
    [InlineData("200a000000", "10.0.0.0/32")]
    [InlineData("090aff", "10.128.0.0/9")]
    [InlineData("1fffffffff", "255.255.255.254/31")]
    public void Rfc4271_4_3_BitsBehindThePrefixDoNotMatter(string nlri, string prefix) => Assert.Equal(prefix, Assert.Single(Wire.List(new NlriReader(Wire.Hex(nlri), Family.Ipv4Unicast, false))).ToText(Family.Ipv4Unicast));

    [Theory]
    [InlineData("1f00000000", false)]
    [InlineData("00", true)]
    [InlineData("200000fde8", true)]
    [InlineData("600000fde80002fde800000001", true)]
    [InlineData("610000fde80002fde80000000180", false)]
    public void Rfc4684_4_RouteTargetMembershipHas0Or32To96Bits(string nlri, bool isWhole) => Assert.Equal(isWhole, NlriReader.AreWhole(Wire.Hex(nlri), Family.RouteTarget, false, out _));

    [Fact]
    public void Rfc7911_3_PathIdentifiersStandInFront()
    {
        var reader = new NlriReader(Wire.Hex("00000007080a" + "00000008080a"), Family.Ipv4Unicast, true);
        Assert.Equal([Wire.Route("10.0.0.0/8", 7), Wire.Route("10.0.0.0/8", 8)], Wire.List(reader));
        Assert.False(NlriReader.AreWhole(Wire.Hex("00000007"), Family.Ipv4Unicast, true, out _));
    }

    [Theory]
    [InlineData("{mp}" + Good)]
    [InlineData(Good + "{mp}")]
    [InlineData("40010100{mp}4002060201" + "0000fde9" + "400304c0000201")]
    [InlineData("{un}{mp}" + Good)]
    [InlineData("{mp}40010100{un}4002060201" + "0000fde9" + "400304c0000201")]
    [InlineData("40010100{un}4002060201" + "0000fde9{mp}" + "400304c0000201")]
    [InlineData(Good + "{mp}{un}")]
    public void TheRawKeyIsEverythingElseWhereverTheRoutesStand(string attributes)
    {
        const string Reach = "800e1e000201" + "10" + "20010db8000000000000000000000001" + "00" + "40" + "20010db800010000";
        var body = Wire.Update("", attributes.Replace("{mp}", Reach, StringComparison.Ordinal).Replace("{un}", "800f04" + "00020100", StringComparison.Ordinal), "");
        Assert.True(UpdateReader.TryRead(body, Wire.Internal, out var view));
        Assert.Equal(Wire.Hex(Good).Length, view.RawLength);
        Assert.Equal(Wire.Hex(Good), view.RawKey(new byte[view.RawLength]).ToArray());
    }

    [Fact]
    public void TheCacheGivesTheSameObjectForTheSameOctetsAndNextHopAndNoOther()
    {
        var cache = new AttributeCache(16);
        var bodies = new List<byte[]>
        {
            Wire.Update("", Good, "080a"),
            Wire.Update("", Good + "80040400000001", "080a"),
            Wire.Update("", "800e0b" + "000101" + "04c0000202" + "00" + "080a" + Good, ""),
            Wire.Update("", "800e0b" + "000101" + "04c0000203" + "00" + "080a" + Good, ""),
            Wire.Update("", Good + "800e0b" + "000101" + "04c0000203" + "00" + "080b", ""),
        };
        var read = new List<PathAttributes>();
        for (var round = 0; round < 2; round++)
        {
            foreach (var body in bodies)
            {
                Assert.True(UpdateReader.TryRead(body, Wire.Internal, out var view));
                Assert.Equal(AttributeReader.Read(view, view.HasReach), cache.Read(view, view.HasReach));
                read.Add(cache.Read(view, view.HasReach));
            }
        }

        Assert.Same(read[3], read[4]);
        Assert.Equal(4, read.Distinct().Count());
        Assert.Equal(["192.0.2.1", "192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.3"], read.Take(5).Select(r => r.NextHop.ToString()));
    }

    [Fact]
    public void ReadingAllocatesNothing()
    {
        var body = Wire.Update("180b0000", Good + "c00804fde80001" + "c0c80101" + "c0c80101", "080a" + "180b0000");
        var options = Wire.Internal;
        Assert.Equal(2, Count(body, options));
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++) Count(body, options);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);

        static int Count(byte[] body, UpdateOptions options)
        {
            UpdateReader.TryRead(body, options, out var view);
            var count = 0;
            foreach (var nlri in view.AnnouncedNlri) count += nlri.Prefix.Length > 0 ? 1 : 0;
            return count;
        }
    }
}
