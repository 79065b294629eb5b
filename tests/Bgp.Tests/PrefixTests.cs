using System.Net;

namespace Appliance.Bgp.Tests;

public sealed class PrefixTests
{
    [Theory]
    [InlineData("10.1.2.0/24", "10.1.2.0/24")]
    [InlineData("2001:db8::/33", "2001:db8::/33")]
    [InlineData("2001:db8:0:1::/64", "2001:db8:0:1::/64")]
    [InlineData("::1/128", "::1/128")]
    [InlineData("0.0.0.0/0", "0.0.0.0/0")]
    public void TextAndBack(string text, string expected)
    {
        Assert.True(Prefix.TryParse(text, out var prefix));
        Assert.Equal(expected, prefix.ToText(text.Contains(':', StringComparison.Ordinal) ? Family.Ipv6Unicast : Family.Ipv4Unicast));
    }

    [Fact]
    public void WhatLiesInsideIsContained()
    {
        var eight = Prefix.Of(IPAddress.Parse("10.0.0.0"), 8);
        Assert.True(eight.Contains(Prefix.Of(IPAddress.Parse("10.255.0.0"), 16)));
        Assert.True(eight.Contains(eight));
        Assert.False(eight.Contains(Prefix.Of(IPAddress.Parse("11.0.0.0"), 16)));
        Assert.False(eight.Contains(Prefix.Of(IPAddress.Parse("0.0.0.0"), 0)));
    }

    [Theory]
    [InlineData("65000:1", 0x0000_fde8_0000_0001)]
    [InlineData("192.0.2.1:7", 0x0001_c000_0201_0007)]
    [InlineData("4200000000:9", 0x0002_fa56_ea00_0009)]
    public void Rfc4364_4_2_RouteDistinguishers(string text, long value)
    {
        Assert.True(RouteDistinguisher.TryParse(text, out var parsed));
        Assert.Equal((ulong)value, parsed);
        Assert.Equal(text, RouteDistinguisher.ToText(parsed));
    }
}
