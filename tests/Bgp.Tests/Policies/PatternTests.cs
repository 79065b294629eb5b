namespace Appliance.Bgp.Tests.Policies;

/// <summary>What is written in lists, and what it means.</summary>
public sealed class PatternTests
{
    private static IReadOnlyList<AsSegment> Path(string text) => text switch
    {
        "" => [],
        "set" => [new AsSegment(2, [65001, 65002]), new AsSegment(1, [65003, 65004])],
        "confederation" => [new AsSegment(3, [64512, 64513]), new AsSegment(4, [64514, 64515]), new AsSegment(2, [65001])],
        _ => [new AsSegment(2, [.. text.Split(' ').Select(uint.Parse)])],
    };

    [Theory]
    [InlineData("^65001_", "65001 65002", true)]
    [InlineData("^65001_", "65001", true)]
    [InlineData("^65001_", "650012", false)]
    [InlineData("^65001_", "65002 65001", false)]
    [InlineData("_65001$", "65002 65001", true)]
    [InlineData("_65001$", "165001", false)]
    [InlineData("_65001$", "65001", true)]
    [InlineData("_65002_", "65001 65002 65003", true)]
    [InlineData("_65002_", "65001 650021 65003", false)]
    [InlineData("65002", "165002", true)]
    [InlineData("^$", "", true)]
    [InlineData("^$", "65001", false)]
    [InlineData("_65001_", "", false)]
    [InlineData(".*", "", true)]
    [InlineData("^65001(_65001)*$", "65001 65001 65001", true)]
    [InlineData("^65001(_65001)*$", "65001 65001 65002", false)]
    [InlineData("^[0-9]+$", "4200000000", true)]
    [InlineData("^[0-9]+$", "1 2", false)]
    [InlineData("^[0-9]+ [0-9]+$", "1 2", true)]
    [InlineData("_6451[2-9]_|_645[2-9][0-9]_", "1 64520 3", true)]
    [InlineData("_6451[2-9]_|_645[2-9][0-9]_", "1 64511 3", false)]
    [InlineData("^([0-9]+_){3}", "1 2 3 4", true)]
    [InlineData("^([0-9]+_){3}", "1 2", false)]
    [InlineData("_65003_", "set", true)]
    [InlineData("_65004$", "set", false)]
    [InlineData("_65004_$", "set", true)]
    [InlineData("\\{65003 65004\\}$", "set", true)]
    [InlineData("^\\(64512 64513\\)_", "confederation", true)]
    [InlineData("_64515_", "confederation", true)]
    [InlineData("[[]64514", "confederation", true)]
    public void AsPathsAsOperatorsWriteThem(string expression, string path, bool holds)
    {
        Assert.True(AsPathPattern.TryParse(expression, out var pattern, out var problem), problem);
        var segments = Path(path);
        var text = new char[AsPathText.LongestOf(segments)];
        Assert.Equal(AsPaths.ToText(segments), new string(text, 0, AsPathText.Write(segments, text)));
        Assert.Equal(holds, pattern!.Matches(segments));
        Assert.Equal(holds, pattern.Matches(segments));
    }

    [Theory]
    [InlineData("", "is empty")]
    [InlineData("65001a", "has 'a' in it")]
    [InlineData("\\d+", "has '\\' in it")]
    [InlineData("(65001", "is no regular expression")]
    [InlineData("*", "is no regular expression")]
    [InlineData("[9-0]", "is no regular expression")]
    [InlineData("((((1{999}){999}){999}){999})", "is too large a regular expression")]
    [InlineData("(?(1)2|3)", "is ")]
    public void WhatIsNoExpressionOverAPathIsRefused(string expression, string error)
    {
        Assert.False(AsPathPattern.TryParse(expression, out var pattern, out var problem));
        Assert.Null(pattern);
        Assert.StartsWith(error, problem, StringComparison.Ordinal);
    }

    [Fact]
    public void AnExpressionIsBoundedAndSoIsItsTime()
    {
        Assert.False(AsPathPattern.TryParse(new string('1', 513), out _, out _));
        Assert.True(AsPathPattern.TryParse("(_1*)*(_1*)*(_1*)*2$", out var pattern, out _));
        var path = (AsSegment[])[.. Enumerable.Range(0, 60).Select(_ => new AsSegment(2, [.. Enumerable.Repeat(1u, 255)]))];
        var clock = System.Diagnostics.Stopwatch.StartNew();
        Assert.False(pattern!.Matches(path));
        Assert.True(clock.ElapsedMilliseconds < 2000, clock.Elapsed.ToString());
    }

    [Fact]
    public void TheSamePathObjectIsAskedOnce()
    {
        Assert.True(AsPathPattern.TryParse("^1_", out var pattern, out _));
        var path = Path("1 2");
        Assert.True(pattern!.Matches(path));
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++) pattern.Matches(path);
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    [Theory]
    [InlineData("10.0.0.0/8", "10.0.0.0/8", true)]
    [InlineData("10.0.0.0/8", "10.0.0.0/9", false)]
    [InlineData("10.0.0.0/8 ge 16", "10.1.0.0/16", true)]
    [InlineData("10.0.0.0/8 ge 16", "10.1.2.3/32", true)]
    [InlineData("10.0.0.0/8 ge 16", "10.0.0.0/8", false)]
    [InlineData("10.0.0.0/8 le 16", "10.0.0.0/8", true)]
    [InlineData("10.0.0.0/8 le 16", "10.1.2.0/24", false)]
    [InlineData("10.0.0.0/8 ge 16 le 24", "10.1.2.0/24", true)]
    [InlineData("10.0.0.0/8 ge 16 le 24", "10.1.2.128/25", false)]
    [InlineData("10.0.0.0/8 ge 16 le 24", "11.1.0.0/16", false)]
    [InlineData("0.0.0.0/0 le 32", "203.0.113.7/32", true)]
    [InlineData("::/0 le 128", "203.0.113.0/24", false)]
    [InlineData("2001:db8::/32 le 48", "2001:db8:1::/48", true)]
    [InlineData("2001:db8::/32 le 48", "2001:db8:1:1::/64", false)]
    public void PrefixesWithLengths(string entry, string prefix, bool holds)
    {
        Assert.True(PrefixRange.TryParse(entry, out var range, out var problem), problem);
        Assert.True(Prefix.TryParse(prefix, out var parsed));
        Assert.Equal(holds, new PrefixFilter([range]).Contains(prefix.Contains(':', StringComparison.Ordinal) ? Family.Ipv6Unicast : Family.Ipv4Unicast, parsed));
    }

    [Theory]
    [InlineData("10.0.0.0")]
    [InlineData("10.0.0.1/8")]
    [InlineData("10/8")]
    [InlineData("2001:db8::1/64")]
    [InlineData("10.0.0.0/8 ge")]
    [InlineData("10.0.0.0/8 ge 33")]
    [InlineData("10.0.0.0/8 ge 4")]
    [InlineData("10.0.0.0/8 le 4")]
    [InlineData("10.0.0.0/8 ge 24 le 16")]
    [InlineData("10.0.0.0/8 le 24 ge 16")]
    [InlineData("10.0.0.0/8 le 24 le 25")]
    [InlineData("10.0.0.0/8 eq 8")]
    [InlineData("not")]
    [InlineData("")]
    [InlineData("not not 10.0.0.0/8")]
    public void WhatIsNoPrefixWithLengths(string text) => Assert.False(PrefixRange.TryParse(text, out _, out _));

    [Fact]
    public void TheFirstEntryThatFitsDecides()
    {
        var filter = new PrefixFilter("not 10.1.0.0/16 le 32; 10.0.0.0/8 le 24; 10.1.0.0/16; not 0.0.0.0/0 le 32; 192.0.2.0/24".Split(';').Select(t => PrefixRange.TryParse(t, out var r, out _) ? r : default));
        bool Has(string text) => Prefix.TryParse(text, out var p) && filter.Contains(Family.Vpnv4, p);
        Assert.False(Has("10.1.0.0/16"));
        Assert.False(Has("10.1.2.0/24"));
        Assert.True(Has("10.2.0.0/16"));
        Assert.False(Has("192.0.2.0/24"));
        Assert.False(filter.Contains(Family.RouteTarget, default));
    }

    [Fact]
    public void ManyEntriesAnswerAsOneByOne()
    {
        var random = new Random(4);
        var ranges = Enumerable.Range(0, 3000).Select(_ =>
        {
            var length = random.Next(0, 25);
            var low = random.Next(length, 33);
            var prefix = new Prefix((ulong)(uint)random.Next(0, 64) << 58, 0, (byte)length).Masked();
            return new PrefixRange(1, prefix, (byte)low, (byte)random.Next(low, 33), random.Next(2) == 0);
        }).ToList();
        var filter = new PrefixFilter(ranges);
        for (var i = 0; i < 3000; i++)
        {
            var prefix = new Prefix((ulong)(uint)random.Next() << 33, 0, (byte)random.Next(0, 33)).Masked();
            var first = ranges.FindIndex(r => r.Prefix.Contains(prefix) && prefix.Length >= r.Low && prefix.Length <= r.High);
            Assert.Equal(first >= 0 && ranges[first].Permits, filter.Contains(Family.Ipv4Unicast, prefix));
        }
    }

    [Theory]
    [InlineData("65001:100", 0xFDE90064, true)]
    [InlineData("65001:100", 0xFDE90065, false)]
    [InlineData("65001:*", 0xFDE9FFFF, true)]
    [InlineData("*:666", 0x0001029A, true)]
    [InlineData("*:666", 0x0001029B, false)]
    [InlineData("no-export", 0xFFFFFF01, true)]
    [InlineData("blackhole", 0xFFFF029A, true)]
    public void Rfc1997_Communities(string text, uint community, bool holds)
    {
        Assert.True(CommunityPattern.TryParse(text, out var pattern));
        Assert.Equal(holds, pattern.Matches(community));
        Assert.Equal(!text.Contains('*', StringComparison.Ordinal), pattern.IsExact);
    }

    [Theory]
    [InlineData("65001:65536")]
    [InlineData("65001")]
    [InlineData("65001:1:2")]
    [InlineData(":")]
    [InlineData("-1:1")]
    [InlineData("no-exports")]
    public void NoCommunities(string text) => Assert.False(CommunityPattern.TryParse(text, out _));

    [Theory]
    [InlineData("rt:65001:7", 0x0002_FDE9_0000_0007, true)]
    [InlineData("rt:65001:7", 0x0003_FDE9_0000_0007, false)]
    [InlineData("rt:65001:*", 0x0002_FDE9_1234_5678, true)]
    [InlineData("rt:192.0.2.1:7", 0x0102_C000_0201_0007, true)]
    [InlineData("rt:192.0.2.1:*", 0x0102_C000_0201_0fff, true)]
    [InlineData("rt:4200000000:7", 0x0202_FA56_EA00_0007, true)]
    [InlineData("soo:65001:7", 0x0003_FDE9_0000_0007, true)]
    [InlineData("encapsulation:4", 0x030c_0000_0000_0004, true)]
    [InlineData("color:100", 0x030b_0000_0000_0064, true)]
    [InlineData("security-gateway:192.0.2.1", 0x035e_0000_c000_0201, true)]
    [InlineData("security-gateway:192.0.2.1", 0x035f_0000_c000_0201, false)]
    [InlineData("0x4300000000000001", 0x4300_0000_0000_0001, true)]
    public void Rfc4360_ExtendedCommunities(string text, long community, bool holds)
    {
        Assert.True(ExtendedCommunityPattern.TryParse(text, 0x5e, out var pattern));
        Assert.Equal(holds, pattern.Matches((ulong)community));
    }

    [Theory]
    [InlineData("rt:1")]
    [InlineData("rt:65536:65536")]
    [InlineData("rt:*:1")]
    [InlineData("65001:1")]
    [InlineData("encapsulation:65536")]
    [InlineData("security-gateway:2001:db8::1")]
    [InlineData("security-gateway:1")]
    [InlineData("0x43")]
    public void NoExtendedCommunities(string text) => Assert.False(ExtendedCommunityPattern.TryParse(text, 0x5e, out _));

    [Fact]
    public void SecurityGatewaysByPrefix()
    {
        var pattern = ExtendedCommunityPattern.SecurityGateways(0x5e, System.Net.IPNetwork.Parse("192.0.2.0/24"));
        Assert.True(pattern.Matches(0x035e_0000_c000_0201));
        Assert.True(pattern.Matches(0x435e_0000_c000_02ff));
        Assert.False(pattern.Matches(0x035e_0000_c000_0301));
        Assert.False(pattern.Matches(0x035f_0000_c000_0201));
        Assert.True(pattern.Matches(0x035e_0001_c000_0201));
        Assert.True(ExtendedCommunityPattern.SecurityGateways(0x5e, System.Net.IPNetwork.Parse("0.0.0.0/0")).Matches(0x035e_0000_0000_0000));
    }

    [Fact]
    public void Rfc8092_LargeCommunities()
    {
        Assert.True(LargeCommunityPattern.TryParse("65001:*:2", out var pattern));
        Assert.True(pattern.Matches(new LargeCommunity(65001, 77, 2)));
        Assert.False(pattern.Matches(new LargeCommunity(65001, 77, 3)));
        Assert.False(LargeCommunityPattern.TryParse("65001:1", out _));
        Assert.False(LargeCommunityPattern.TryParse("65001:1:4294967296", out _));
    }
}
