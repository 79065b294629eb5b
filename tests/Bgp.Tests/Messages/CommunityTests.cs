using System.Net;
using Xunit;

namespace Appliance.Bgp.Tests.Messages;

public class CommunityTests
{
    [Theory]
    [InlineData(0xFDE80001u, "65000:1")]
    [InlineData(0u, "0:0")]
    [InlineData(0xFFFFFF01u, "no-export")]
    [InlineData(0xFFFF029Au, "blackhole")]
    public void Rfc1997_TextAndNumber(uint community, string text)
    {
        Assert.Equal(text, Communities.ToText(community));
        Assert.True(Communities.TryParse(text, out var parsed));
        Assert.Equal(community, parsed);
    }

    [Theory]
    [InlineData("65536:1")]
    [InlineData("1:65536")]
    [InlineData("1")]
    [InlineData("1:2:3")]
    [InlineData("-1:2")]
    [InlineData(" 1:2")]
    public void Rfc1997_WhatIsNoCommunity(string text) => Assert.False(Communities.TryParse(text, out _));

    [Theory]
    [InlineData(0x0002FDE800000001u, "rt:65000:1")]
    [InlineData(0x0102C00002010007u, "rt:192.0.2.1:7")]
    [InlineData(0x0202FA56EA000001u, "rt:4200000000:1")]
    [InlineData(0x0003FDE800000016u, "soo:65000:22")]
    [InlineData(0x030C000000000004u, "encapsulation:4")]
    [InlineData(0x4301020304050607u, "0x4301020304050607")]
    public void Rfc4360_TextAndNumber(ulong community, string text)
    {
        Assert.Equal(text, ExtendedCommunity.ToText(community));
        Assert.True(ExtendedCommunity.TryParse(text, out var parsed));
        Assert.Equal(community, parsed);
    }

    [Theory]
    [InlineData("rt:1")]
    [InlineData("rt:192.0.2:1")]
    [InlineData("rt:4200000000:65536")]
    [InlineData("encapsulation:65536")]
    [InlineData("0x")]
    [InlineData("0x00000000000000001")]
    public void Rfc4360_WhatIsNone(string text) => Assert.False(ExtendedCommunity.TryParse(text, out _));

    [Fact]
    public void Rfc4360_2_TheTransitiveBitAndRouteTargets()
    {
        Assert.True(ExtendedCommunity.IsTransitive(0x0002FDE800000001));
        Assert.False(ExtendedCommunity.IsTransitive(0x4301020304050607));
        Assert.True(ExtendedCommunity.IsRouteTarget(ExtendedCommunity.RouteTarget(65000, 1)));
        Assert.True(ExtendedCommunity.IsRouteTarget(ExtendedCommunity.RouteTarget(4200000000, 1)));
        Assert.False(ExtendedCommunity.IsRouteTarget(0x0003FDE800000001));
        Assert.False(ExtendedCommunity.IsRouteTarget(0x0302FDE800000001));
    }

    [Theory]
    [InlineData(0x035E00000A070104u, true)]
    [InlineData(0x435E00000A070104u, true)]
    [InlineData(0x035F00000A070104u, false)]
    [InlineData(0x035E00010A070104u, false)]
    [InlineData(0x035E000000000000u, false)]
    [InlineData(0x835E00000A070104u, false)]
    [InlineData(0x005E00000A070104u, false)]
    public void CeCe_6_SecurityGatewayIdentity(ulong community, bool isOne)
    {
        Assert.Equal(isOne, ExtendedCommunity.TryGetSecurityGateway(community, 0x5E, out var address));
        if (!isOne) return;
        Assert.Equal(0x0A070104u, address);
        Assert.Equal(community, ExtendedCommunity.SecurityGateway(0x5E, address, ExtendedCommunity.IsTransitive(community)));
    }

    [Fact]
    public void Rfc8092_5_LargeCommunities()
    {
        Assert.True(Communities.TryParseLarge("4200000000:1:2", out var community));
        Assert.Equal("4200000000:1:2", community.ToString());
        Assert.False(Communities.TryParseLarge("1:2", out _));
        Assert.False(Communities.TryParseLarge("4294967296:1:2", out _));
    }

    [Fact]
    public void Rfc9012_2_TunnelsAreReadAsTheyWereWritten()
    {
        Tunnel[] tunnels =
        [
            new(TunnelType.IpsecTunnel, [TunnelSubTlv.Endpoint(IPAddress.Parse("10.7.1.4")), new TunnelSubTlv(4, [3, 0x0b, 0, 0, 0, 0, 0, 9])]),
            new(TunnelType.IpInIpWithIpsecTransport, [TunnelSubTlv.Endpoint(IPAddress.Parse("2001:db8::4")), new TunnelSubTlv(200, new byte[300])]),
            new(TunnelType.IpInIp, [TunnelSubTlv.Endpoint(null)]),
        ];
        var octets = TunnelEncapsulation.Write(tunnels);
        Assert.StartsWith("00040016" + "060a" + "00000000" + "0001" + "0a070104" + "0408030b", Convert.ToHexStringLower(octets), StringComparison.Ordinal);
        Assert.True(TunnelEncapsulation.TryRead(octets, out var read));
        Assert.Equal(tunnels.Select(t => t.Type), read.Select(t => t.Type));
        Assert.Equal(["10.7.1.4", "2001:db8::4", ""], read.Select(t => $"{t.Endpoint}"));
        Assert.Equal(octets, TunnelEncapsulation.Write(read));
        for (var length = 1; length < octets.Length; length++) Assert.Equal(length is 26 or 26 + 4 + 24 + 303, TunnelEncapsulation.TryRead(octets.AsSpan(0, length), out _));
    }

    [Fact]
    public void Rfc9012_13_OnlyTunnelsWithARightEndpointStay()
    {
        const string Good = "40010100" + "4002060201" + "0000fde9" + "400304c0000201";
        Assert.True(UpdateReader.TryRead(Wire.Update("", Good + "c01710" + "00040000" + "00070008" + "0606000000000000", "080a"), Wire.Internal, out var view));
        Assert.Equal(Wire.Hex("00070008" + "0606000000000000"), AttributeReader.Read(view, false).TunnelEncapsulation);
    }

    [Fact]
    public void Rfc5512_4_TheEncapsulationFamilyNeedsNoEndpoint()
    {
        Assert.True(UpdateReader.TryRead(Wire.Update("", "800e0e" + "000107" + "04c0000201" + "00" + "20c0000201" + "40010100" + "400200" + "c01704" + "00040000", ""), Wire.Internal, out var view));
        Assert.Equal(UpdateError.None, view.Error);
        Assert.Equal(Wire.Hex("00040000"), AttributeReader.Read(view, true).TunnelEncapsulation);
    }
}
