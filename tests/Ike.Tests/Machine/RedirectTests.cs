using System.Net;
using Appliance.Ike.Machine.Rig;
using Appliance.Ike.Messages;
using static Appliance.Ike.Machine.Rig.Samples;

namespace Appliance.Ike.Machine;

/// <summary>A gateway goes out of service: peers are sent to another one, in every state that RFC 5685 knows.</summary>
public class RedirectTests
{
    [Fact]
    public void Rfc5685_3_ADrainingGatewaySendsAnInitiatorElsewhereAndKeepsNothing()
    {
        var trio = new Trio(PeerB() with { Children = [PeerB().Children[0] with { Start = ChildStart.Passive }] });
        trio.Gateway.Do(new DrainChanged(true));
        trio.Client.Do(new OperatorAsked(1, OperatorVerb.Up, "b"));
        trio.Run();
        Assert.Empty(trio.Gateway.Machine.All);
        Assert.Equal(Trio.AddressC, trio.Client.Sa.Remote.Address);
        Assert.Single(trio.Client.Installed);
        Assert.Single(trio.Other.Installed);
        Assert.Null(Assert.Single(trio.Client.Answers).Problem);
        Assert.DoesNotContain(trio.Client.Log, l => l.Level >= IkeLogLevel.Warning);
    }

    [Fact]
    public void Rfc5685_9_3_TheNewGatewayIsToldWhoSentUs()
    {
        var trio = new Trio();
        trio.Client.Do(new OperatorAsked(1, OperatorVerb.Down, "b"));
        trio.Run().Gateway.Do(new DrainChanged(true));
        List<Payload> last = [];
        trio.Passes = sent => !sent.Remote.Address.Equals(Trio.AddressC) || !HeaderCodec.TryRead(sent.Octets, out var header, out _) || header.Exchange != ExchangeType.IkeSaInit
            || !PayloadReader.TryRead(header.NextPayload, sent.Octets.AsSpan(IkeHeader.Size), out last, out _) || true;
        trio.Client.Do(new OperatorAsked(2, OperatorVerb.Up, "b"));
        trio.Run();
        var from = Assert.Single(last.OfType<NotifyPayload>(), n => n.NotifyType == NotifyType.RedirectedFrom);
        Assert.Equal([1, 4, 198, 51, 100, 1], from.Data);
        Assert.DoesNotContain(last.OfType<NotifyPayload>(), n => n.NotifyType == NotifyType.RedirectSupported);
    }

    [Fact]
    public void Rfc5685_3_ARedirectWithoutOurNonceIsDroppedAndTheTrueAnswerStillComes()
    {
        var net = new Net();
        net.Path = flight =>
        {
            if (flight.To != net.A || !HeaderCodec.TryRead(flight.Octets, out var header, out _) || header.Exchange != ExchangeType.IkeSaInit) return [flight];
            var forged = new IkeHeader(header.InitiatorSpi, 0, PayloadType.None, IkeHeader.Version2, ExchangeType.IkeSaInit, HeaderFlags.Response, 0, 0);
            var redirect = (GatewayIdentity.Of(Trio.AddressC) with { Nonce = new byte[32] }).Write();
            return [flight with { Octets = MessageWriter.Write(forged, [new NotifyPayload(NotifyType.Redirect, redirect)]) }, flight];
        };
        net.Start(With(PeerB()), With(PeerA())).Run();
        Assert.Single(net.A.Installed);
        Assert.Contains(net.A.Log, l => l.Key == "redirect");
    }

    [Fact]
    public void Rfc5685_5_WhatIsThereMovesAndIsDeletedWhenTheOtherGatewayHasIt()
    {
        var trio = new Trio().Run();
        Assert.Equal(AddressB, trio.Client.Sa.Remote.Address);
        trio.Gateway.Do(new DrainChanged(true));
        trio.Run();
        Assert.Equal(2, trio.Client.Installed.Count);
        trio.Pass(5000);
        Assert.Equal(Trio.AddressC, trio.Client.Sa.Remote.Address);
        Assert.Equal(Trio.AddressC, Assert.Single(trio.Client.Installed).Value.Sa.Remote.Address);
        Assert.Empty(trio.Gateway.Machine.All);
        Assert.Empty(trio.Gateway.Installed);
        Assert.Equal((true, 0), (trio.Gateway.Machine.Drain.Draining, trio.Gateway.Machine.Drain.AskedToMove));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Rfc5685_5_LostMessagesDelayTheMoveAndNoMore(int every)
    {
        var trio = new Trio().Run();
        var count = 0;
        trio.Passes = _ => ++count % 4 != every;
        trio.Gateway.Do(new DrainChanged(true));
        trio.Pass(120_000);
        Assert.Equal(Trio.AddressC, trio.Client.Sa.Remote.Address);
        Assert.Single(trio.Client.Installed);
        Assert.Single(trio.Other.Installed);
        Assert.Empty(trio.Gateway.Installed);
    }

    [Fact]
    public void Rfc5685_5_AfterARekeyingByTheGatewayItIsStillTheGatewayThatMayRedirect()
    {
        var trio = new Trio().Run();
        trio.Gateway.Do(new OperatorAsked(1, OperatorVerb.Rekey, "a"));
        trio.Pass(1000).Gateway.Do(new DrainChanged(true));
        trio.Pass(5000);
        Assert.Equal(Trio.AddressC, trio.Client.Sa.Remote.Address);
    }

    [Fact]
    public void Rfc5685_10_TheInitiatorCannotRedirectTheResponder()
    {
        var net = new Net().Start(With(PeerB()) with { RedirectTo = "203.0.113.1" }, With(PeerA())).Run();
        net.A.Do(new DrainChanged(true));
        Assert.Equal(["b"], net.A.Machine.Drain.Staying);
        net.A.Sa.Start(new Step(net.A.Machine, new Appliance.Machine.StepContext(net.Now, new Appliance.Machine.Entropy(new byte[32])), net.A.Actions), new Exchanges.RedirectPeer(net.A.Sa, GatewayIdentity.Of(Trio.AddressC)));
        foreach (var sent in net.A.Actions.OfType<SendDatagram>().TakeLast(1)) net.A.Outbox.Enqueue(sent);
        net.Pass(1000);
        Assert.Contains(net.B.Texts, t => t.Contains("RFC 5685 §10", StringComparison.Ordinal));
        Assert.Single(net.B.Installed);
    }

    [Fact]
    public void Rfc5685_6_WhoIsInTheMiddleOfIkeAuthIsSentElsewhereAfterTheProof()
    {
        var trio = new Trio { Passes = sent => sent.Octets[18] != (byte)ExchangeType.IkeAuth };
        trio.Run().Gateway.Do(new DrainChanged(true));
        trio.Passes = _ => true;
        trio.Pass(3000);
        Assert.Equal(Trio.AddressC, trio.Client.Sa.Remote.Address);
        Assert.Single(trio.Client.Installed);
        Assert.Empty(trio.Gateway.Installed);
        Assert.Empty(trio.Gateway.Machine.All);
        Assert.Contains(trio.Client.Texts, t => t.Contains("redirected to 203.0.113.1", StringComparison.Ordinal));
    }

    [Fact]
    public void Rfc5685_3_TheNewGatewayHasToProveTheIdentityOfThePadEntry()
    {
        var trio = new Trio(other: p => p with { LocalIdentity = Identity.Fqdn("other.example.org") }).Run();
        trio.Gateway.Do(new DrainChanged(true));
        trio.Pass(500);
        Assert.Equal(AddressB, trio.Client.Sa.Remote.Address);
        Assert.Null(trio.Client.Sa.MovesTo);
        Assert.Contains(trio.Client.Texts, t => t.Contains("other.example.org", StringComparison.Ordinal));
        Assert.Single(trio.Client.Installed);
        Assert.Single(trio.Gateway.Installed);
    }

    [Fact]
    public void Rfc5685_3_AGroupOfGatewaysMayHaveNamesOfItsOwn()
    {
        var trio = new Trio(PeerB() with { RemoteIdentity = new IdentityPattern(IdentificationType.Fqdn, "*.example.org"u8.ToArray()) }, other: p => p with { LocalIdentity = Identity.Fqdn("c.example.org") }).Run();
        trio.Gateway.Do(new DrainChanged(true));
        trio.Pass(5000);
        Assert.Equal("c.example.org", trio.Client.Sa.RemoteIdentity!.ToString());
        Assert.Empty(trio.Gateway.Machine.All);
    }

    [Fact]
    public void Rfc5685_7_FiveRedirectsInFiveMinutesAreALoop()
    {
        var trio = new Trio();
        trio.Other.Do(new ConfigurationChanged(With(PeerA() with { Local = [Trio.AddressC] }) with { RedirectTo = "198.51.100.1" }));
        trio.Gateway.Do(new DrainChanged(true));
        trio.Other.Do(new DrainChanged(true));
        trio.Run();
        Assert.Equal(5, trio.Client.Texts.Count(t => t.Contains("the peer sends us to", StringComparison.Ordinal) && !t.Contains("we do not go", StringComparison.Ordinal)));
        Assert.Contains(trio.Client.Texts, t => t.Contains("look like a loop", StringComparison.Ordinal));
        Assert.DoesNotContain(trio.Client.Machine.All, s => s.State == IkeSaState.Connecting);
        trio.Gateway.Do(new DrainChanged(false));
        trio.Pass(60_000);
        Assert.Single(trio.Client.Installed);
    }

    [Fact]
    public void ADrainingGatewayWithoutATargetRefusesNewIkeSasAndKeepsThoseThatAreThere()
    {
        var trio = new Trio(redirectTo: null).Run();
        trio.Gateway.Do(new DrainChanged(true));
        trio.Client.Do(new OperatorAsked(1, OperatorVerb.Rekey, "b"));
        trio.Pass(5000);
        Assert.Single(trio.Gateway.Installed);
        Assert.Equal(["a"], trio.Gateway.Machine.Drain.Staying);
        trio.Client.Do(new OperatorAsked(2, OperatorVerb.Down, "b"));
        trio.Run().Client.Do(new OperatorAsked(3, OperatorVerb.Up, "b"));
        trio.Run();
        Assert.Empty(trio.Gateway.Machine.All);
        Assert.Contains("TemporaryFailure", trio.Client.Answers.Last().Problem, StringComparison.Ordinal);
        trio.Gateway.Do(new DrainChanged(false));
        trio.Client.Do(new OperatorAsked(4, OperatorVerb.Up, "b"));
        trio.Run();
        Assert.Single(trio.Gateway.Installed);
    }

    [Fact]
    public void ADrainingNodeBeginsNothingByItself()
    {
        var net = new Net().Start(With(PeerB()), With(PeerA())).Run();
        net.A.Do(new DrainChanged(true));
        net.B.Do(new OperatorAsked(1, OperatorVerb.Down, "a"));
        net.Pass(60_000);
        Assert.Empty(net.A.Machine.All);
        net.A.Do(new DrainChanged(false));
        net.Pass(2000);
        Assert.Single(net.A.Installed);
    }

    [Theory]
    [InlineData("198.51.100.1")]
    [InlineData("127.0.0.1")]
    [InlineData("224.0.0.1")]
    [InlineData("192.0.2.1")]
    [InlineData("2001:db8::1")]
    [InlineData("gw.example.org")]
    public void WhatIsNoOtherGatewayIsNotFollowed(string target)
    {
        var trio = new Trio(redirectTo: target).Run();
        trio.Gateway.Do(new DrainChanged(true));
        trio.Pass(5000);
        Assert.Equal(AddressB, trio.Client.Sa.Remote.Address);
        Assert.Single(trio.Client.Installed);
        Assert.Contains(trio.Client.Texts, t => t.Contains("we stay", StringComparison.Ordinal));
    }

    [Fact]
    public void Rfc5685_9_2_GatewayIdentities()
    {
        foreach (var text in (string[])["192.0.2.7", "2001:db8::7", "gw-b.example.org"])
        {
            var written = (GatewayIdentity.Of(text) with { Nonce = [1, 2, 3] }).Write();
            Assert.True(GatewayIdentity.TryRead(written, out var read));
            Assert.Equal((text, "010203"), (read.ToString(), Convert.ToHexString(read.Nonce)));
            for (var length = 0; length < written.Length - 3; length++) Assert.False(GatewayIdentity.TryRead(written.AsSpan(0, length), out _));
        }

        Assert.False(GatewayIdentity.TryRead([1, 3, 1, 2, 3], out _));
        Assert.False(GatewayIdentity.TryRead([3, 0], out _));
        Assert.False(GatewayIdentity.TryRead([3, 2, (byte)'a', (byte)'\n'], out _));
        Assert.False(GatewayIdentity.TryRead([4, 1, (byte)'a'], out _));
    }
}
