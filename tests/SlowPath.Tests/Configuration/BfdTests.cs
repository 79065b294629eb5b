using System.Net;
using Appliance.Bfd;
using Appliance.SlowPath.Configuration;

namespace Appliance.SlowPath.Tests.Configuration;

public sealed class BfdTests
{
    [Fact]
    public void WhatIsNotSaidHasItsDefault()
    {
        var path = Assert.Single(Read("  - { remote: 192.0.2.1 }\n", out _)!.Bfd);
        Assert.Equal(new WatchedPath("192.0.2.1", null, IPAddress.Parse("192.0.2.1"), false, new BfdIntervals(300, 300, 3), 0), path);
    }

    [Fact]
    public void EverythingCanBeSaid()
    {
        var path = Assert.Single(Read("  - { name: core, remote: \"2001:db8::1\", local: \"2001:db8::2\", interval: 50ms, receive: 1s, multiplier: 5, multihop: true, minimum_ttl: 250 }\n", out _)!.Bfd);
        Assert.Equal(new WatchedPath("core", IPAddress.Parse("2001:db8::2"), IPAddress.Parse("2001:db8::1"), true, new BfdIntervals(50, 1000, 5), 250), path);
    }

    [Theory]
    [InlineData("remote: 224.0.0.5", "is no unicast address")]
    [InlineData("local: 192.0.2.1", "a BFD session has no 'remote'")]
    [InlineData("remote: 192.0.2.1, local: \"2001:db8::1\"", "different families")]
    [InlineData("remote: 192.0.2.1, local: 192.0.2.1", "the same address")]
    [InlineData("remote: \"fe80::1\"", "of one link alone")]
    [InlineData("remote: 192.0.2.1, interval: 5ms", "out of range")]
    [InlineData("remote: 192.0.2.1, interval: 300", "not a time with a unit")]
    [InlineData("remote: 192.0.2.1, multiplier: 0", "not a number from 1 to 255")]
    [InlineData("remote: 192.0.2.1, minimum_ttl: 250", "'minimum_ttl' on a single hop")]
    [InlineData("remote: 192.0.2.1, intervall: 1s", "unknown key 'intervall' in a BFD session (did you mean 'interval'?)")]
    [InlineData("remote: 192.0.2.1 }\n  - { remote: 192.0.2.1", "there are two BFD sessions '192.0.2.1'")]
    [InlineData("remote: 192.0.2.1 }\n  - { name: x, remote: 192.0.2.1", "is watched already")]
    public void WhatIsWrongIsSaid(string session, string error)
    {
        Assert.Null(Read($"  - {{ {session} }}\n", out var problems));
        Assert.Contains(problems, p => p.Format("f").Contains(error, StringComparison.Ordinal));
    }

    private static LoadedConfiguration? Read(string sessions, out IReadOnlyList<ConfigurationError> problems) =>
        ConfigurationReader.Read("ports:\n  - { name: wan, device: eth0, side: unprotected }\nbfd:\n" + sessions, "/", out problems);
}
