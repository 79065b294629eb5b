using Appliance.Ike.Machine.Rig;
using static Appliance.Ike.Machine.Rig.Samples;

namespace Appliance.Ike.Machine;

/// <summary>IKE_SA_INIT and IKE_AUTH between two of our machines.</summary>
public class EstablishTests
{
    [Fact]
    public void Rfc7296_1_2_FourMessagesMakeAnIkeSaWithItsChild()
    {
        var net = new Net().Start(With(PeerB()), With(PeerA())).Run();
        Assert.Equal(4, net.Seen.Count);
        Assert.True(net.A.Sa.IsInitiator);
        Assert.False(net.B.Sa.IsInitiator);
        Assert.Equal((net.A.Sa.InitiatorSpi, net.A.Sa.ResponderSpi), (net.B.Sa.InitiatorSpi, net.B.Sa.ResponderSpi));
        Assert.Equal("b.example.org", net.A.Sa.RemoteIdentity!.ToString());
        Assert.Equal("a.example.org", net.B.Sa.RemoteIdentity!.ToString());
        var (a, b) = (Assert.Single(net.A.Installed.Values), Assert.Single(net.B.Installed.Values));
        Assert.Equal(a.Sa.InboundSpi, b.Sa.OutboundSpi);
        Assert.Equal(a.In, b.Out);
        Assert.Equal(a.Out, b.In);
        Assert.NotEqual(a.In, a.Out);
    }
}
