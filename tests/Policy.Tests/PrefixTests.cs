using Appliance.Shared;

namespace Appliance.Policy.Tests;

public class PrefixTests
{
    [Theory]
    [InlineData("10.0.0.0/8", "10.0.0.0", "10.255.255.255")]
    [InlineData("0.0.0.0/0", "0.0.0.0", "255.255.255.255")]
    [InlineData("192.0.2.1", "192.0.2.1", "192.0.2.1")]
    [InlineData("fd00::/16", "fd00::", "fd00:ffff:ffff:ffff:ffff:ffff:ffff:ffff")]
    [InlineData("2001:db8::/65", "2001:db8::", "2001:db8::7fff:ffff:ffff:ffff")]
    [InlineData("::/0", "::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff")]
    public void FirstAndLastAddress(string text, string first, string last)
    {
        var prefix = Inputs.Prefix(text);
        Assert.Equal(Inputs.Ip(first), prefix.Address);
        Assert.Equal(Inputs.Ip(last), prefix.Last);
    }

    [Fact]
    public void FamiliesDoNotContainEachOther()
    {
        Assert.False(Inputs.Prefix("::/0").Contains(Inputs.Ip("10.0.0.1")));
        Assert.False(Inputs.Prefix("0.0.0.0/0").Contains(Inputs.Ip("fd00::1")));
        Assert.False(Inputs.Prefix("::/0").Overlaps(Inputs.Prefix("0.0.0.0/0")));
    }

    [Theory]
    [InlineData("10.0.0.1/8")]
    [InlineData("10.0.0.0/33")]
    [InlineData("10.0.0.0/-1")]
    [InlineData("10.0.0.0/")]
    [InlineData("10/8")]
    [InlineData("0x0a000000/8")]
    [InlineData("::ffff:10.0.0.0/104")]
    [InlineData("fe80::1%eth0/64")]
    [InlineData("[fd00::]/8")]
    [InlineData("")]
    public void WhatIsNoPrefix(string text) => Assert.False(IpPrefix.TryParse(text, host: false, out _, out _, out _));
}
