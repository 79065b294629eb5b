using System.Net;
using Appliance.Ike;
using Appliance.Ike.Messages;
using Appliance.Policy;
using Appliance.SlowPath.Configuration;
using Appliance.SlowPath.Ike;
using Appliance.SlowPath.Tests.Serving;

namespace Appliance.SlowPath.Tests.Ike;

public sealed class AddressTests
{
    private static readonly (KernelAddress, string)[] Own =
    [
        (new KernelAddress(1, FakeKernel.Ip("127.0.0.1"), 8), "lo"),
        (new KernelAddress(3, FakeKernel.Ip("192.0.2.1"), 24), "wan0"),
        (new KernelAddress(3, FakeKernel.Ip("fe80::1"), 64), "wan0"),
        (new KernelAddress(3, FakeKernel.Ip("2001:db8::1"), 64), "wan0"),
        (new KernelAddress(4, FakeKernel.Ip("198.18.0.1"), 24), "eth9"),
        (new KernelAddress(5, FakeKernel.Ip("10.1.255.1"), 32), "vpn0"),
    ];

    [Fact]
    public void WithoutPeersNobodyListens() => Assert.Empty(Wanted());

    [Fact]
    public void NamedAddressesAreTheOnlyOnes() =>
        Assert.Equal([IPAddress.Parse("192.0.2.1"), IPAddress.Parse("203.0.113.5")], Wanted("192.0.2.1", "203.0.113.5", "192.0.2.1"));

    [Fact]
    public void PeerWithoutLocalAddressMeansAllButLoopbackLinkLocalAndTheDoor() =>
        Assert.Equal(["192.0.2.1", "2001:db8::1", "198.18.0.1"], Wanted("").Select(a => a.ToString()));

    private static IReadOnlyList<IPAddress> Wanted(params string[] locals)
    {
        var gateway = ConfigurationReader.Read(Bench.Configuration + "vpn: { device: vpn0, addresses: [10.1.255.1/32] }\n", "/", out _)!.Gateway;
        var peers = locals.Select(local => new IkePeer
        {
            Name = local, Local = local.Length > 0 ? [IPAddress.Parse(local)] : [], LocalIdentity = null!, RemoteIdentity = null!, Proposals = [],
        });
        return IkeAddresses.Wanted(new IkeConfiguration { Peers = [.. peers] }, gateway, Own);
    }
}
