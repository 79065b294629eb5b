using System.Net;
using Appliance.Ike.Machine.Rig;
using Appliance.Ike.Messages;
using static Appliance.Ike.Machine.Rig.Samples;

namespace Appliance.Ike.Machine;

/// <summary>What is wanted comes to be: always, on demand, by the operator.</summary>
public class ManagerTests
{
    private static readonly IkePeer OnDemand = PeerB() with { Children = [PeerB().Children[0] with { Start = ChildStart.OnDemand }] };

    [Fact]
    public void Rfc7296_2_9_APacketBringsUpItsChildWithItsOwnSelectorsFirst()
    {
        var net = new Net().Start(With(OnDemand), With(PeerA())).Run();
        Assert.Empty(net.Seen);
        var (source, destination) = (new TrafficSelector(6, 1000, 1000, IPAddress.Parse("10.1.2.3"), IPAddress.Parse("10.1.2.3")), new TrafficSelector(6, 80, 80, IPAddress.Parse("10.2.2.3"), IPAddress.Parse("10.2.2.3")));
        net.A.Do(new PacketWaits("tunnel", source, destination));
        net.A.Do(new PacketWaits("tunnel", source, destination));
        net.Run();
        Assert.Equal(4, net.Seen.Count);
        Assert.Single(net.A.Installed);
        net.A.Do(new PacketWaits("tunnel", source, destination));
        net.Pass(1000);
        Assert.Equal(4, net.Seen.Count);
    }

    [Fact]
    public void AnAlwaysChildComesBackWhenThePeerDeletesTheIkeSa()
    {
        var net = new Net().Start(With(PeerB()), With(PeerA())).Run();
        var first = net.A.Sa.LocalSpi;
        net.B.Do(new OperatorAsked(1, OperatorVerb.Down, "a"));
        net.Pass(10_000);
        Assert.NotEqual(first, net.A.Sa.LocalSpi);
        Assert.Single(net.A.Installed);
    }

    [Fact]
    public void TheOperatorTakesDownAndBringsUp()
    {
        var net = new Net().Start(With(PeerB()), With(PeerA())).Run();
        net.A.Do(new OperatorAsked(1, OperatorVerb.Down, "b"));
        net.Pass(120_000);
        Assert.Empty(net.A.Machine.All);
        Assert.Empty(net.B.Machine.All);
        Assert.Equal("down", net.A.Machine.Peers.Single().State);
        net.A.Do(new OperatorAsked(2, OperatorVerb.Up, "tunnel"));
        net.Run();
        Assert.Equal([new AnswerOperator(1, null), new AnswerOperator(2, null)], net.A.Answers);
        Assert.Single(net.A.Installed);
    }

    [Fact]
    public void TheOperatorLearnsWhyItDoesNotComeUp()
    {
        var net = new Net().Start(With(OnDemand), With(PeerA("another")));
        net.A.Do(new OperatorAsked(1, OperatorVerb.Up, "b"));
        net.A.Do(new OperatorAsked(2, OperatorVerb.Up, "nobody"));
        net.Run();
        Assert.Contains("AUTHENTICATION_FAILED", net.A.Answers.Single(a => a.Request == 1).Problem, StringComparison.Ordinal);
        Assert.Contains("nobody", net.A.Answers.Single(a => a.Request == 2).Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void SeveralChildrenOfAPeerShareOneIkeSa()
    {
        var second = PeerB().Children[0] with { Name = "second", Local = [Net("10.3.0.0", "10.3.0.255")], Remote = [Net("10.4.0.0", "10.4.0.255")] };
        var mirrored = second with { Start = ChildStart.Passive, Local = second.Remote, Remote = second.Local };
        var net = new Net().Start(With(PeerB() with { Children = [PeerB().Children[0], second] }), With(PeerA() with { Children = [PeerA().Children[0], mirrored] })).Pass(5000);
        Assert.Equal(2, net.A.Sa.Children.Count);
        Assert.Equal(["second", "tunnel"], net.B.Installed.Values.Select(i => i.Sa.Tunnel).Order());
    }

    [Fact]
    public void KeysGoOutOnlyWhenTheHostSaidSo()
    {
        Assert.Empty(new Net().Start(With(PeerB()), With(PeerA())).Run().A.Actions.OfType<ExportKeys>());
        var exported = new Net(exportKeys: true).Start(With(PeerB()), With(PeerA())).Run();
        Assert.Equal(exported.A.Sa.InitiatorSpi, Assert.Single(exported.A.Actions.OfType<ExportKeys>()).InitiatorSpi);
    }

    [Fact]
    public void WhatAnOperatorSees()
    {
        var net = new Net().Start(With(PeerB()), With(PeerA())).Pass(5000);
        net.A.Do(TimePassed.Event);
        var status = Assert.Single(net.A.Machine.Sas);
        Assert.Equal(("b", "established", "aes-256-gcm/prf-sha256/x25519", 5L), (status.Peer, status.State, status.Suite, status.AgeSeconds));
        Assert.Equal("tunnel", Assert.Single(status.Children).Child.Instance);
        Assert.Empty(net.A.Machine.Peers);
    }
}
