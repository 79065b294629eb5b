using Appliance.Ike.Machine.Rig;
using static Appliance.Ike.Machine.Rig.Samples;

namespace Appliance.Ike.Machine;

/// <summary>One side loses everything: both are together again soon, and a forged hint ends nothing.</summary>
public class CrashTests
{
    [Fact]
    public void Rfc7296_2_4_APeerThatLostEverythingIsFoundAgainWithinSeconds()
    {
        var net = new Net().Start(With(PeerB()), With(PeerA())).Run();
        var before = net.A.Sa.LocalSpi;
        net.B.Contexts.Clear();
        net.B.Installed.Clear();
        net.B.Restart(With(PeerA()), AddressB);
        net.A.Do(new OperatorAsked(1, OperatorVerb.Rekey, "b"));
        net.Pass(5000);
        Assert.NotEqual(before, net.A.Sa.LocalSpi);
        Assert.Equal(net.A.Sa.ResponderSpi, net.B.Sa.ResponderSpi);
        Assert.Single(net.A.Installed);
        Assert.Single(net.B.Installed);
    }

    [Fact]
    public void Rfc7296_2_21_4_AForgedHintEndsNothing()
    {
        var net = new Net().Start(With(PeerB()), With(PeerA())).Run();
        var sa = net.A.Sa;
        var header = new Messages.IkeHeader(sa.InitiatorSpi, sa.ResponderSpi, Messages.PayloadType.None, 0x20, Messages.ExchangeType.Informational, Messages.HeaderFlags.Response, sa.NextRequestId, 0);
        var forged = Messages.MessageWriter.Write(header, [new Messages.NotifyPayload(Messages.NotifyType.InvalidIkeSpi)]);
        for (var i = 0; i < 20; i++)
        {
            net.A.Do(new DatagramReceived(sa.Local, sa.Remote, forged));
            net.Run();
        }

        Assert.Equal(sa, net.A.Sa);
        Assert.Single(net.A.Installed);
    }

    [Fact]
    public void ANodeThatLostEverythingMakesANewIkeSaWhenAPeerSendsByAnOldChild()
    {
        var passive = PeerB() with { Children = [PeerB().Children[0] with { Start = ChildStart.Passive }] };
        var net = new Net().Start(With(passive), With(PeerA()));
        net.A.Do(new UnknownSpiSeen(AddressB, 0x12345678));
        net.A.Do(new UnknownSpiSeen(AddressA, 0x12345678));
        net.Run();
        Assert.Single(net.A.Installed);
        net.Seen.Clear();
        net.A.Do(new UnknownSpiSeen(AddressB, 0x12345678));
        net.Run();
        Assert.Empty(net.Seen);
    }
}
