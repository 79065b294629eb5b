using System.Net;

namespace Appliance.Bgp.Tests.Policies;

/// <summary>An export policy has the last word on the next hop.</summary>
public sealed class ExportedNextHopTests
{
    private static RoutePolicy Sets(string hop) => new("p", [new PolicyTerm([], new RouteEdit { NextHop = IPAddress.Parse(hop) }, TermOutcome.Accept)], false);

    private static IPAddress Told(IRoutePolicy export, uint remoteAs, Family family, string prefix, string hop, RibPeer? like = null)
    {
        var rig = new RibRig();
        rig.Add(RibRig.Peer(1, 64496, null, RibRig.Open(family)));
        rig.Add((like ?? RibRig.Peer(2, remoteAs)) with { Families = [RibRig.Open(family) with { Export = export }] });
        rig.Update(1, prefix, RibRig.Attributes(hop, 64496));
        rig.Exchange(2);
        return rig.Told(2, prefix)!.NextHop;
    }

    [Theory]
    [InlineData(RibRig.OurAs)]
    [InlineData(64500u)]
    public void SelfIsOurAddressOfTheSession(uint remoteAs) => Assert.Equal(IPAddress.Parse("192.0.2.254"), Told(Sets("0.0.0.0"), remoteAs, Family.Ipv4Unicast, "10.0.0.0/8", "192.0.2.1"));

    [Theory]
    [InlineData(RibRig.OurAs)]
    [InlineData(64500u)]
    public void AnAddressIsThatAddress(uint remoteAs) => Assert.Equal(IPAddress.Parse("198.51.100.7"), Told(Sets("198.51.100.7"), remoteAs, Family.Ipv4Unicast, "10.0.0.0/8", "192.0.2.1"));

    [Fact]
    public void SelfOfAnotherFamilyIsWhatTheFamilySays() => Assert.Equal(IPAddress.Parse("2001:db8::1"),
        Told(Sets("0.0.0.0"), 0, Family.Ipv6Unicast, "fd00::/8", "2001:db8::9", RibRig.Peer(2, RibRig.OurAs) with { NextHopIpv6 = IPAddress.Parse("2001:db8::1") }));
}
