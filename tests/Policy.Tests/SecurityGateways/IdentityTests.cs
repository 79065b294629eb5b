using System.Diagnostics;
using Appliance.Shared;

namespace Appliance.Policy.Tests.SecurityGateways;

/// <summary>Which identities are believed, what becomes of those that are not, and which gateways are in use.</summary>
public sealed class IdentityTests
{
    [Theory]
    [InlineData("pe2", "198.51.100.1", "10.2.0.0/16", ProtectionReason.NeighborNotAccepted)]
    [InlineData("pe1", "203.0.113.1", "10.2.0.0/16", ProtectionReason.GatewayNotAccepted)]
    [InlineData("pe1", "198.51.100.1", "10.2.0.0/25", ProtectionReason.PrefixNotAccepted)]
    [InlineData("pe1", "198.51.100.1", "11.0.0.0/8", ProtectionReason.PrefixNotAccepted)]
    public void AnIdentityThatIsRefusedIsNeverPlainNorRemembered(string neighbor, string gateway, string prefix, ProtectionReason reason)
    {
        var rig = new GatewayRig();
        rig.Learn("0.0.0.0/0", GatewayRig.Path(null));
        rig.Learn(prefix, GatewayRig.Path(gateway, neighbor), GatewayRig.Path(null));
        Assert.Equal("discard", rig.Find(Inputs.Prefix(prefix).Address.ToString()));
        Assert.Equal(reason, rig.Reason(prefix));
        Assert.Contains(gateway, Assert.Single(rig.Last.Discarded).Explanation, StringComparison.Ordinal);
        Assert.Empty(rig.Gateways.Remembered);
        Assert.Empty(rig.Gateways.Gateways);
    }

    [Fact]
    public void ThePadSaysWhatAGatewayMayClaim()
    {
        var rig = new GatewayRig(c => c with
        {
            Claims = [new GatewayClaim([GatewayRig.GatewayA], [new AddressRange(Inputs.Ip("10.2.0.0"), Inputs.Ip("10.2.255.255"))]), new GatewayClaim([GatewayRig.GatewayB], [])],
        });
        rig.Learn(("10.2.7.0/24", [GatewayRig.Path("198.51.100.1")]), ("10.3.7.0/24", [GatewayRig.Path("198.51.100.1")]), ("10.4.7.0/24", [GatewayRig.Path("198.51.100.2")]), ("10.5.7.0/24", [GatewayRig.Path("198.51.100.3")]));
        Assert.Equal("10.2.7.0/24 ce-198.51.100.1; 10.3.7.0/24 discard; 10.4.7.0/24 ce-198.51.100.2; 10.5.7.0/24 discard", rig.Table);
        Assert.Equal((ProtectionReason.NotClaimable, ProtectionReason.NoPeer), (rig.Reason("10.3.7.0/24"), rig.Reason("10.5.7.0/24")));
    }

    [Fact]
    public void OurOwnIdentityAndOurTrustedSubnetsLeadIntoNoTunnel()
    {
        var rig = new GatewayRig();
        rig.Learn(("10.6.0.0/16", [GatewayRig.Path("192.0.2.1")]), ("10.1.0.0/16", [GatewayRig.Path("198.51.100.1")]), ("10.1.5.0/24", [GatewayRig.Path("198.51.100.1")]),
            ("10.1.6.0/24", [GatewayRig.Path(null, "inside", "10.1.0.9")]));
        Assert.Equal("10.1.6.0/24 plain", rig.Table);
        Assert.Empty(rig.Gateways.Remembered);
        rig.Learn("10.0.0.0/8", GatewayRig.Path("198.51.100.1"));
        Assert.Equal("ce-198.51.100.1", rig.Find("10.9.9.9"));
    }

    [Fact]
    public void SeveralGatewaysShareAPrefixAndEachIsCounted()
    {
        var rig = new GatewayRig();
        rig.Learn(("10.2.0.0/16", [GatewayRig.Path("198.51.100.1"), GatewayRig.Path("198.51.100.2")]), ("10.3.0.0/16", [GatewayRig.Path("198.51.100.2")]));
        Assert.Equal("ce-198.51.100.1 ce-198.51.100.2", rig.Find("10.2.0.1"));
        Assert.Equal((1, 2), (rig.Gateways.Gateways[GatewayRig.GatewayA], rig.Gateways.Gateways[GatewayRig.GatewayB]));
        rig.Learn("10.2.0.0/16", GatewayRig.Path("198.51.100.2"), GatewayRig.Path("203.0.113.1"));
        Assert.Equal("ce-198.51.100.2", rig.Find("10.2.0.1"));
        Assert.Equal([GatewayRig.GatewayA], rig.Last.GoneGateways);
        Assert.Equal(2, Assert.Single(rig.Gateways.Gateways).Value);
    }

    [Fact]
    public void AGatewayThatComesAndGoesInOneBatchIsNoChange()
    {
        var rig = new GatewayRig();
        rig.Learn(("10.2.0.0/16", [GatewayRig.Path("198.51.100.1")]), ("10.2.0.0/16", []));
        Assert.Empty(rig.Last.NewGateways);
        Assert.Equal("10.2.0.0/16 discard", rig.Table);
    }

    [Fact]
    public void EncryptionIsAskedForByPolicyAndTheRestIsPlainOnlyWhereTheConfigurationListsIt()
    {
        var rig = new GatewayRig(c => c with
        {
            Encrypt = [new RouteMatch([], [], [new PrefixRange(Inputs.Prefix("10.2.0.0/16"), 16, 24)])],
            Bypass = [Inputs.Prefix("10.3.0.0/16")],
        });
        rig.Learn(("10.2.1.0/24", [GatewayRig.Path("198.51.100.1")]), ("10.3.1.0/24", [GatewayRig.Path("198.51.100.1")]), ("10.4.1.0/24", [GatewayRig.Path("198.51.100.1")]));
        Assert.Equal("10.2.1.0/24 ce-198.51.100.1; 10.3.1.0/24 plain; 10.4.1.0/24 discard", rig.Table);
        Assert.Equal(ProtectionReason.NeitherEncryptedNorBypassed, rig.Reason("10.4.1.0/24"));
        Assert.Equal("10.2.1.0/24", rig.Remembered);
    }

    [Fact]
    public void AnotherConfigurationIsAppliedToWhatIsThere()
    {
        var rig = new GatewayRig();
        rig.Learn(("10.2.0.0/16", [GatewayRig.Path("198.51.100.1")]), ("10.3.0.0/16", [GatewayRig.Path("198.51.100.1", "pe2")]));
        Assert.Equal("10.2.0.0/16 ce-198.51.100.1; 10.3.0.0/16 discard", rig.Table);
        rig.Apply(rig.Gateways.Configure(rig.Configuration with { Accept = [rig.Configuration.Accept[0] with { Neighbors = ["pe2*"] }] }, 5));
        Assert.Equal("10.2.0.0/16 discard; 10.3.0.0/16 ce-198.51.100.1", rig.Table);
        Assert.Empty(rig.Last.GoneGateways);
        Assert.Equal("10.2.0.0/16 10.3.0.0/16", rig.Remembered);
    }

    [Fact]
    public void WhatAPeerCanMakeUsKeepIsBounded()
    {
        var rig = new GatewayRig(c => c with { MaximumRemembered = 2, MaximumGateways = 1 });
        rig.Learn(("10.2.0.0/24", [GatewayRig.Path("198.51.100.1")]), ("10.2.1.0/24", [GatewayRig.Path("198.51.100.2")]), ("10.2.2.0/24", [GatewayRig.Path("198.51.100.1")]));
        Assert.Equal((ProtectionReason.Accepted, ProtectionReason.TooManyGateways, ProtectionReason.MemoryFull), (rig.Reason("10.2.0.0/24"), rig.Reason("10.2.1.0/24"), rig.Reason("10.2.2.0/24")));
        Assert.Equal("discard", rig.Find("10.2.2.1"));
    }

    [Theory]
    [InlineData("0.0.0.0")]
    [InlineData("169.254.1.1")]
    [InlineData("224.0.0.5")]
    [InlineData("255.255.255.255")]
    public void AnIdentityThatCanBeNoGatewaysIsRefusedByAnyRule(string gateway)
    {
        var rig = new GatewayRig(c => c with { Accept = [RouteMatch.All] });
        rig.Learn("10.2.0.0/16", GatewayRig.Path(gateway));
        Assert.Equal(("discard", ProtectionReason.GatewayNotAccepted, ""), (rig.Find("10.2.0.1"), rig.Reason("10.2.0.0/16"), rig.Remembered));
    }

    [Fact]
    public void IPv6PrefixesAreProtectedTheSameWay()
    {
        var rig = new GatewayRig();
        rig.Learn(("::/0", [GatewayRig.Path(null)]), ("fd00:2::/48", [GatewayRig.Path("198.51.100.1")]), ("fd00:2:0:1::/64", [GatewayRig.Path(null)]));
        Assert.Equal(("ce-198.51.100.1", "discard", "plain"), (rig.Find("fd00:2::1"), rig.Find("fd00:2:0:1::1"), rig.Find("fd00:3::1")));
        rig.Learn("fd00:2::/48");
        Assert.Equal("discard", rig.Find("fd00:2::1"));
    }

    [Fact]
    public void EqualTargetsAreOneObject()
    {
        var rig = new GatewayRig();
        rig.Learn(("172.16.0.0/24", [GatewayRig.Path(null)]), ("172.16.1.0/24", [GatewayRig.Path(null)]), ("10.2.1.0/24", [GatewayRig.Path("198.51.100.1")]), ("10.2.2.0/24", [GatewayRig.Path("198.51.100.1")]));
        Assert.Equal(2, rig.Last.Routes.Select(r => r.Target).Distinct(ReferenceEqualityComparer.Instance).Count());
    }

    [Fact]
    public void ManyRoutesAreDealtWithQuickly()
    {
        var rig = new GatewayRig();
        RoutedPath[] plain = [GatewayRig.Path(null)];
        var routes = new List<RoutedPrefix>(100_000);
        for (uint i = 0; i < 80_000; i++) routes.Add(new RoutedPrefix(new IpPrefix(IpAddress.FromV4(0x0b00_0000 + (i << 8)), 24), plain));
        for (uint i = 0; i < 20_000; i++) routes.Add(new RoutedPrefix(new IpPrefix(IpAddress.FromV4(0x0a02_0000 + (i << 8)), 24), [new RoutedPath(GatewayRig.NextHop, IpAddress.FromV4(0xc633_6400 + i % 250), "pe1", false)]));
        var watch = Stopwatch.StartNew();
        foreach (var batch in routes.Chunk(5000)) rig.Gateways.Learn(batch, 1);

        // A fraction of a second on an idle machine: what looked at all others for each route would take hours.
        Assert.True(watch.ElapsedMilliseconds < 20_000, $"{watch.ElapsedMilliseconds} ms");
        Assert.Equal((100_000, 250, 20_000), (rig.Gateways.Count, rig.Gateways.Gateways.Count, rig.Gateways.Remembered.Count));
    }
}
