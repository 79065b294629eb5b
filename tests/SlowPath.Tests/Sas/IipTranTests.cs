using Appliance.Ike;
using Appliance.Ike.Messages;
using Appliance.Shared;
using Appliance.SlowPath.Tests.Serving;

namespace Appliance.SlowPath.Tests.Sas;

/// <summary>Children of RFC 3884: their selectors are outer addresses, what workers compare is the packet inside.</summary>
public sealed class IipTranTests : IDisposable
{
    private const byte Ipv4InIp = 4, Ipv6InIp = 41;
    private readonly Bench bench = Children.Bench();

    public void Dispose() => bench.Dispose();

    private static ChildSa Iip(string instance, uint spi, params byte[] protocols) => Children.Of(instance, spi, spi + 1, "198.51.100.7") with
    {
        Mode = ChildMode.IipTran,
        LocalSelectors = [.. protocols.Select(p => Children.Selector("192.0.2.1", "192.0.2.1", p))],
        RemoteSelectors = [.. protocols.Select(p => Children.Selector("198.51.100.7", "198.51.100.7", p))],
    };

    private ref OutboundSa Out(uint spi) => ref bench.Region.OutboundSa(bench.On(() => bench.Gateway.Sas.Single(s => s.IsOutbound && s.Spi == spi).Slot));

    private ref InboundSa In(uint spi) => ref bench.Region.InboundSa(bench.On(() => bench.Gateway.Sas.Single(s => !s.IsOutbound && s.Spi == spi).Slot));

    /// <summary>Whether workers let a packet inside through, in and out.</summary>
    private (bool In, bool Out) LetsThrough(uint spi, bool v4)
    {
        ref var inbound = ref In(spi);
        ref var outbound = ref Out(spi + 1);
        var any = (outbound.Flags & SaFlags.CheckSelectors) == 0;
        return (inbound.SelectorCount == 0 || Matches(inbound.SelectorStart, inbound.SelectorCount, v4), any || Matches(outbound.SelectorStart, outbound.SelectorCount, v4));
    }

    private bool Matches(uint start, uint count, bool v4)
    {
        var (ours, theirs) = v4 ? (FakeKernel.Ip("10.1.0.5"), FakeKernel.Ip("10.7.0.5")) : (FakeKernel.Ip("fd00:1::5"), FakeKernel.Ip("fd00:7::5"));
        return Enumerable.Range((int)start, (int)count).Select(i => bench.Region.SpdRule((uint)i)).Any(r =>
            r.LocalLow.IsV4 == v4 && r.LocalLow <= ours && ours <= r.LocalHigh && r.RemoteLow <= theirs && theirs <= r.RemoteHigh && r is { Protocol: SpdRule.AnyProtocol, HasPorts: 0 });
    }

    private string? TunnelAt(string address) => bench.Region.NextHop(bench.Region.Ipv4Routes.Find(FakeKernel.Ip(address).V4)) is { Kind: NextHopKind.Tunnel } hop ? bench.Region.Tunnel(hop.Tunnel).Name.Get() : null;

    [Fact]
    public void Rfc3884_3_1_TheOuterSelectorsAreNotForThePacketInside()
    {
        Assert.Null(bench.Install(Iip("iip", 0x1001, Ipv4InIp, Ipv6InIp)));
        Assert.Equal(((true, true), (true, true)), (LetsThrough(0x1001, true), LetsThrough(0x1001, false)));
        Assert.Equal(SaFlags.IipTran, In(0x1001).Flags & SaFlags.IipTran);
        Assert.Equal((EspMode.Transport, "iip"), (Out(0x1002).Mode, TunnelAt("10.7.0.5")));
        Assert.Null(TunnelAt("198.51.100.7"));
    }

    [Theory]
    [InlineData(Ipv4InIp, true)]
    [InlineData(Ipv6InIp, false)]
    public void Rfc4301_5_2_AProtocolThatWasNotNegotiatedIsNotInside(byte protocol, bool v4)
    {
        Assert.Null(bench.Install(Iip("iip", 0x1001, protocol)));
        Assert.Equal(((true, true), (false, false)), (LetsThrough(0x1001, v4), LetsThrough(0x1001, !v4)));
    }

    [Fact]
    public void AnyProtocolIsBoth_AnotherIsNoTunnel()
    {
        Assert.Null(bench.Install(Iip("iip", 0x1001, 0)));
        Assert.Equal(((true, true), (true, true)), (LetsThrough(0x1001, true), LetsThrough(0x1001, false)));
        Assert.Contains("no packet fits", bench.Install(Iip("iip", 0x2001, 6)), StringComparison.Ordinal);
    }

    /// <summary>The interface is ours alone: the peer checks the packet inside, and so do we.</summary>
    [Fact]
    public void Rfc3884_APeerInTunnelModeHasSelectorsOfTheInside()
    {
        Assert.Null(bench.Install(Children.Of("iip", 0x1001, 0x1002, "198.51.100.7") with { Mode = ChildMode.IipTran, PeerTunnels = true, RemoteSelectors = [Children.Selector("10.7.0.0", "10.7.255.255")] }));
        Assert.Equal(((true, true), (false, false)), (LetsThrough(0x1001, true), LetsThrough(0x1001, false)));
        Assert.Equal(FakeKernel.Ip("10.7.0.0"), bench.Region.SpdRule(In(0x1001).SelectorStart).RemoteLow);
    }

    [Fact]
    public void AnInstanceHasTheRoutesOfItsTemplateAlsoAfterARestart()
    {
        Assert.Null(TunnelAt("10.6.0.5"));
        Assert.Null(bench.Install(Iip("branches/1", 0x1001, Ipv4InIp, Ipv6InIp)));
        Assert.Equal(("branches/1", null), (TunnelAt("10.6.0.5"), TunnelAt("198.51.100.7")));
        bench.Restart();
        Assert.Equal(("branches/1", null), (TunnelAt("10.6.0.5"), TunnelAt("198.51.100.7")));
        bench.Do(c => c.Remove(0x1001, 0x1002, 0, "deleted"));
        Assert.Null(TunnelAt("10.6.0.5"));
    }
}
