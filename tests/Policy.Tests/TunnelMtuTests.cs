using Appliance.Shared;

namespace Appliance.Policy.Tests;

public class TunnelMtuTests
{
    /// <summary>Sizes worked out by hand from RFC 4303 §2: outer header, UDP, 8 of SPI and sequence number, IV, payload with padding and 2 octets of trailer, ICV.</summary>
    [Theory]
    [InlineData(1500, true, false, TunnelKind.Tunnel, 8, 16, 4, 1446)] // 20+8+8+1448+16 = 1500
    [InlineData(1500, false, false, TunnelKind.Tunnel, 8, 16, 4, 1426)] // 40+8+8+1428+16 = 1500
    [InlineData(1500, true, true, TunnelKind.Tunnel, 8, 16, 4, 1438)] // 20+8+8+8+1440+16 = 1500
    [InlineData(1500, true, false, TunnelKind.Tunnel, 16, 16, 16, 1438)] // 20+8+16+1440+16 = 1500
    [InlineData(1500, true, false, TunnelKind.Tunnel, 16, 12, 16, 1438)] // 20+8+16+1440+12 = 1496, 1456 would be 1512
    [InlineData(1500, true, false, TunnelKind.IipTran, 8, 16, 4, 1446)]
    [InlineData(1500, true, false, TunnelKind.Transport, 8, 16, 4, 1466)] // the IP header is outside of ESP
    [InlineData(40, true, false, TunnelKind.Tunnel, 8, 16, 4, 0)]
    public void Rfc4303_2_LargestInnerPacket(int pathMtu, bool v4, bool udp, TunnelKind kind, int iv, int icv, int alignment, int inner) =>
        Assert.Equal(inner, TunnelMtu.Inner(pathMtu, v4, udp ? EspEncapsulation.Udp : EspEncapsulation.None, kind, new EspShape(iv, icv, alignment)));

    [Theory]
    [InlineData(1446, true, 1406)]
    [InlineData(1446, false, 1386)]
    [InlineData(30, true, 0)]
    public void Rfc6691_Mss(int inner, bool v4, int mss) => Assert.Equal(mss, TunnelMtu.Mss(inner, v4));

    [Fact]
    public void ConfiguredMtuAndClampWin()
    {
        var tunnel = Inputs.Configuration.Tunnels[0];
        var contents = Inputs.Build(Inputs.Configuration with { Tunnels = [tunnel with { Mtu = 1300, MssClamp = 1200 }, tunnel with { Name = "x", MssClamp = 0 }] });
        Assert.Equal((1300, 1200, 1200), (contents.Tunnels["to-b"].InnerMtu, contents.Tunnels["to-b"].MssClampV4, contents.Tunnels["to-b"].MssClampV6));
        Assert.Equal((0, 0), (contents.Tunnels["x"].MssClampV4, contents.Tunnels["x"].MssClampV6));
    }
}
