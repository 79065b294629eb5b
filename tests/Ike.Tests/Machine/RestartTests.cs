using Appliance.Ike.Machine.Rig;
using Appliance.Ike.Messages;
using static Appliance.Ike.Machine.Rig.Samples;

namespace Appliance.Ike.Machine;

/// <summary>A successor process goes on with what was kept; a configuration that changes touches only what it means.</summary>
public class RestartTests
{
    [Fact]
    public void TheSameIkeSaGoesOnAfterARestart()
    {
        var net = new Net().Start(With(PeerB()), With(PeerA())).Run();
        var (spi, child) = (net.A.Sa.LocalSpi, net.A.Sa.Children[0].Sa);
        net.Seen.Clear();
        net.A.Restart(With(PeerB()), AddressA);
        net.Run();
        Assert.Empty(net.Seen);
        Assert.Equal(spi, net.A.Sa.LocalSpi);
        Assert.Equal("b.example.org", net.A.Sa.RemoteIdentity!.ToString());
        var restored = net.A.Sa.Children[0].Sa;
        Assert.Equal(child.LocalSelectors, restored.LocalSelectors);
        Assert.Equal(child.RemoteSelectors, restored.RemoteSelectors);
        Assert.Equal(child with { LocalSelectors = [], RemoteSelectors = [] }, restored with { LocalSelectors = [], RemoteSelectors = [] });
        net.B.Do(new OperatorAsked(1, OperatorVerb.Down, "tunnel"));
        net.Pass(5000);
        // The peer deleted it, and it is wanted always: the same IKE SA carries a new one.
        Assert.NotEqual(child.InboundSpi, Assert.Single(net.A.Sa.Children).InboundSpi);
        Assert.Equal(spi, net.A.Sa.LocalSpi);
    }

    [Fact]
    public void AnEarlierRequestIsAnsweredByTheSuccessorToo()
    {
        var net = new Net().Start(With(PeerB()), With(PeerA())).Run();
        var (request, response) = (net.Seen[2], net.Seen[3]);
        net.B.Restart(With(PeerA()), AddressB);
        net.B.Do(new DatagramReceived(request.Local, request.Remote, request.Octets));
        Assert.Equal(response.Octets, net.B.Outbox.Dequeue().Octets);
    }

    [Fact]
    public void ARequestUnderWayIsSentAgainAsItWas()
    {
        var net = new Net().Start(With(PeerB()), With(PeerA())).Run();
        net.Path = f => f.To.Name == "b" ? [] : [f];
        net.A.Do(new OperatorAsked(1, OperatorVerb.Down, "tunnel"));
        net.Run();
        var sent = net.A.Actions.OfType<SendDatagram>().Last().Octets;
        net.A.Restart(With(PeerB() with { Children = [] }), AddressA);
        Assert.Equal(sent, net.A.Outbox.First().Octets);
        net.Path = f => [f];
        net.Pass(3000);
        Assert.Empty(net.B.Sa.Children);
        Assert.Equal(net.A.Sa.NextRequestId, net.B.Sa.ExpectedRequestId);
    }

    [Fact]
    public void AContextOfGarbageIsForgottenAndNothingElse()
    {
        var net = new Net().Start(With(PeerB()), With(PeerA())).Run();
        var context = net.A.Contexts.Values.Single();
        for (var length = 0; length < context.Length; length += 7)
        {
            var machine = new Node("x", new Appliance.Machine.Entropy(new byte[32]));
            machine.Do(new ContextRestored(net.A.Sa.LocalSpi, context[..length]));
            Assert.True(machine.Machine.All.Count <= 1);
        }

        for (var at = 0; at < context.Length; at++)
        {
            var changed = context.ToArray();
            changed[at] ^= 0xff;
            var machine = new Node("x", new Appliance.Machine.Entropy(new byte[32]));
            machine.Do(new ContextRestored(net.A.Sa.LocalSpi, changed));
        }
    }

    [Fact]
    public void FieldsOfAnotherBuildAreSkipped()
    {
        var net = new Net().Start(With(PeerB()), With(PeerA())).Run();
        var (id, context) = net.A.Contexts.Single();
        net.A.Contexts[id] = [0x7f, 0xff, 0, 0, 0, 2, 9, 9, .. context];
        var spi = net.A.Sa.LocalSpi;
        net.A.Restart(With(PeerB()), AddressA);
        Assert.Equal(spi, net.A.Sa.LocalSpi);
    }

    [Fact]
    public void AConfigurationThatMeansTheSameTouchesNothing()
    {
        var net = new Net().Start(With(PeerB()), With(PeerA())).Run();
        net.Seen.Clear();
        net.A.Do(new ConfigurationChanged(With(PeerB())));
        net.Pass(5000);
        Assert.Empty(net.Seen);
        Assert.Single(net.A.Installed);
    }

    [Fact]
    public void APeerThatIsGoneFromTheConfigurationLosesItsIkeSa()
    {
        var net = new Net().Start(With(PeerB()), With(PeerA())).Run();
        net.A.Do(new ConfigurationChanged(With()));
        net.Run();
        Assert.Empty(net.A.Machine.All);
        Assert.Empty(net.B.Machine.All);
        Assert.Empty(net.A.Installed);
        Assert.Empty(net.B.Installed);
        Assert.Empty(net.A.Contexts);
    }

    [Fact]
    public void ANodeThatStopsTellsItsPeersAndBeginsNothing()
    {
        var net = new Net().Start(With(PeerB()), With(PeerA())).Run();
        net.A.Do(new ShutdownAsked());
        net.Pass(120_000);
        Assert.Empty(net.A.Machine.All);
        Assert.Empty(net.B.Machine.All);
    }
}
