using System.Net;
using Appliance.Ike.Children;
using Appliance.Ike.Messages;

namespace Appliance.Ike.Exchanges;

public class ChildModeTests
{
    private static IkePeer With(IkePeer peer, Func<ChildTemplate, ChildTemplate> change) => peer with { Children = [change(peer.Children[0])] };

    private static Pair Modes(ChildMode a, ChildMode b) => new(
        p => With(p, t => t with { Mode = a, Local = a == ChildMode.Transport ? [] : t.Local, Remote = a == ChildMode.Transport ? [] : t.Remote }),
        p => With(p, t => t with { Mode = b, Local = b == ChildMode.Transport ? [] : t.Local, Remote = b == ChildMode.Transport ? [] : t.Remote }));

    [Fact]
    public void Rfc7296_1_3_1_TransportModeIsBetweenTheOuterAddresses()
    {
        var pair = Modes(ChildMode.Transport, ChildMode.Transport).Established();
        Assert.Equal("192.0.2.1/32 === 192.0.2.2/32", Text(pair.A));
        Assert.Equal(ChildMode.Transport, pair.B.Children.Values.Single().Child.Mode);
    }

    [Fact]
    public void Rfc3884_IipTranIsTransportModeOfProtocols4And41()
    {
        var pair = Modes(ChildMode.IipTran, ChildMode.IipTran).Established();
        Assert.Equal("192.0.2.1/32[ipv4] 192.0.2.1/32[ipv6] === 192.0.2.2/32[ipv4] 192.0.2.2/32[ipv6]", Text(pair.A));
        Assert.All((Gateway[])[pair.A, pair.B], g => Assert.False(g.Children.Values.Single().Child.PeerTunnels));
    }

    /// <summary>Both know tunnel mode too, and the packet lies in its selectors: they are not what the peer chooses by.</summary>
    [Fact]
    public void Rfc3884_APacketThatWaitsDoesNotMakeItTunnelMode()
    {
        var pair = new Pair(p => With(p, t => t with { Mode = ChildMode.IipTran, Start = ChildStart.OnDemand }), p => With(p, t => t with { Mode = ChildMode.IipTran }));
        TrafficSelector Host(string address) => new(1, 2048, 2048, IPAddress.Parse(address), IPAddress.Parse(address));
        pair.A.Step(pair.Now, new PacketWaits("net", Host("10.1.0.5"), Host("10.2.0.5")));
        pair.Established();
        Assert.All((Gateway[])[pair.A, pair.B], g => Assert.False(g.Children.Values.Single().Child.PeerTunnels));
    }

    [Theory]
    [InlineData(ChildMode.IipTran, ChildMode.Tunnel)]
    [InlineData(ChildMode.Tunnel, ChildMode.IipTran)]
    public void IipTranTowardsAPeerInTunnelModeIsTunnelModeWithInnerSelectors(ChildMode a, ChildMode b)
    {
        var pair = Modes(a, b).Established();
        Assert.Equal("10.1.0.0/16 === 10.2.0.0/16", Text(pair.A));
        Assert.Equal(a == ChildMode.IipTran, pair.A.Children.Values.Single().Child.PeerTunnels);
        Assert.Equal(b == ChildMode.IipTran, pair.B.Children.Values.Single().Child.PeerTunnels);
    }

    [Fact]
    public void Rfc7296_1_3_1_TunnelModeWhereTransportIsWantedIsRefusedAndDeleted()
    {
        var pair = new Pair(
            p => With(p, t => t with { Mode = ChildMode.Transport, Local = [], Remote = [] }),
            p => With(p, t => t with { Mode = ChildMode.Tunnel, Local = [TrafficSelector.AnyV4], Remote = [TrafficSelector.AnyV4] }));
        pair.Run(900);
        Assert.Equal((0, 0), (pair.A.Children.Count, pair.B.Children.Count));
        Assert.Contains(pair.A.Log, l => l.Text.Contains("transport mode", StringComparison.Ordinal));
    }

    [Fact]
    public void Rfc9611_AChildForEachWorkerBesideTheOneForAll()
    {
        var pair = new Pair(p => With(p, t => t with { Resources = 3 }), p => With(p, t => t with { Resources = 3 }));
        pair.Run(5000);
        Assert.Equal([null, 0, 1, 2], pair.A.Children.Values.Select(c => c.Child.Worker).Order());
        Assert.Equal([null, 0, 1, 2], pair.B.Children.Values.Select(c => c.Child.Worker).Order());
        pair.Check();
    }

    [Fact]
    public void Rfc9611_APeerThatTakesFewerSaysTsMaxQueue_OneThatKnowsNothingOfItGetsOneChild()
    {
        var fewer = new Pair(p => With(p, t => t with { Resources = 3 }), p => With(p, t => t with { Resources = 2 }));
        fewer.Run(5000);
        Assert.Equal((3, 3), (fewer.A.Children.Count, fewer.B.Children.Count));
        Assert.Contains(fewer.A.Log, l => l.Key == "ts-max-queue");
        new Pair(p => With(p, t => t with { Resources = 3 })).Established();
    }

    [Fact]
    public void Rfc7296_3_15_AClientGetsAnAddressAndItsSelectorsAreThatAddress()
    {
        var pool = new AddressPool(IPAddress.Parse("10.9.0.10"), IPAddress.Parse("10.9.0.20"));
        var pair = new Pair(
            p => With(p, t => t with { Local = [] }) with { RequestAddress = true },
            p => With(p, t => t with { Remote = [], Local = [Pair.Net("10.2")] }) with { Pools = [pool], DnsServers = [IPAddress.Parse("10.2.0.53")] }).Established();
        var given = Assert.Single(pair.A.Done.OfType<ApplyInnerAddresses>());
        Assert.Equal("10.2.0.53", Assert.Single(given.DnsServers).ToString());
        Assert.Equal($"{Assert.Single(given.Addresses)}/32 === 10.2.0.0/16", Text(pair.A));
        Assert.Equal(1, pair.B.Machine.Leases.Count);
        pair.B.Step(pair.Now, new OperatorAsked(1, OperatorVerb.Down, "a"));
        Assert.Equal(0, pair.B.Machine.Leases.Count);
        pair.Run(20_000);
        Assert.Equal(given.Addresses, pair.A.Done.OfType<ApplyInnerAddresses>().Last(a => a.Addresses.Count > 0).Addresses);
    }

    [Fact]
    public void LeasesAreStableAndBounded()
    {
        var leases = new AddressLeases();
        AddressPool[] pools = [new(IPAddress.Parse("10.9.0.10"), IPAddress.Parse("10.9.0.19")), new(IPAddress.Parse("2001:db8::"), IPAddress.Parse("2001:db8::ffff:ffff:ffff:ffff"))];
        var clients = Enumerable.Range(0, 11).Select(i => Identity.Fqdn($"c{i}")).ToArray();
        var addresses = clients.Select(c => leases.Take(c, pools, v4: true)).ToArray();
        Assert.Equal(10, addresses.Where(a => a is not null).Distinct().Count());
        Assert.Null(addresses[^1]);
        Assert.NotNull(leases.Take(clients[0], pools, v4: false));
        leases.Give(clients[3], [addresses[3]!]);
        Assert.Equal(addresses[3], leases.Take(clients[3], pools, v4: true));
        Assert.Equal(addresses[2], leases.Take(clients[2], pools, v4: true));
    }

    private static string Text(Gateway gateway)
    {
        var child = gateway.Children.Values.Single().Child;
        return new SelectorPair(child.LocalSelectors, child.RemoteSelectors).ToString();
    }
}
