using Appliance.Ike.Machine.Rig;
using Appliance.Ike.Messages;
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

    /// <summary>To the responder the IKE SA is in use once its IKE_AUTH response is sent: a request of its own may be here before.</summary>
    [Fact]
    public void Rfc7296_2_1_ARequestThatOvertakesTheIkeAuthResponseEndsNothing()
    {
        var net = new Net();
        Flight? held = null;
        net.Path = f =>
        {
            if (held is not null || f.To != net.A || f.Octets[18] != (byte)ExchangeType.IkeAuth) return [f];
            held = f;
            return [];
        };
        net.Start(With(PeerB()), With(PeerA())).Run();
        Assert.NotNull(held);
        net.B.Do(new OperatorAsked(7, OperatorVerb.Rekey, "a"));
        net.Run();
        var sent = net.Seen.Count;
        net.A.Do(new DatagramReceived(held.Local, held.Remote, held.Octets));
        net.Run();
        // It was kept, and is answered without being asked again.
        Assert.Contains(net.Seen.Skip(sent), f => f.To == net.B && f.Octets[18] == (byte)ExchangeType.CreateChildSa && (f.Octets[19] & (byte)HeaderFlags.Response) != 0);
        net.Pass(5000);
        Assert.Equal(IkeSaState.Established, net.A.Sa.State);
        Assert.DoesNotContain(net.A.Texts, t => t.Contains("refused", StringComparison.Ordinal) || t.Contains("not established", StringComparison.Ordinal));
        Assert.Equal(net.A.Installed.Keys.Order(), net.B.Installed.Values.Select(v => v.Sa.OutboundSpi).Order());
    }
}
