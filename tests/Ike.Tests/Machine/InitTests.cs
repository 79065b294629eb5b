using System.Net;
using Appliance.Crypto;
using Appliance.Ike.Machine.Rig;
using Appliance.Ike.Messages;
using Appliance.Machine;
using static Appliance.Ike.Machine.Rig.Samples;

namespace Appliance.Ike.Machine;

/// <summary>IKE_SA_INIT: retries, cookies, refusals, floods.</summary>
public class InitTests
{
    [Fact]
    public void Rfc7296_2_6_AboveTheThresholdACookieIsAskedForAndSentBack()
    {
        var net = new Net().Start(With(PeerB()), With(PeerA()) with { CookieThreshold = 0 }).Run();
        Assert.Equal(6, net.Seen.Count);
        Assert.True(HeaderCodec.TryRead(net.Seen[1].Octets, out var header, out _));
        Assert.Equal(0ul, header.ResponderSpi);
        Assert.Single(net.B.Installed);
    }

    [Fact]
    public void Rfc7296_2_6_ACookieOfAnotherAddressIsWorthNothing()
    {
        var last = 0;
        var net = new Net { Path = f => f.To.Name == "b" ? [f with { Remote = new IPEndPoint(new IPAddress([203, 0, 113, (byte)++last]), 500) }] : [f] };
        net.Start(With(PeerB()), With(PeerA() with { Remote = [] }) with { CookieThreshold = 0 }).Pass(200_000);
        Assert.Empty(net.B.Machine.All);
        Assert.Empty(net.B.Actions.OfType<WorkAction>());
    }

    [Fact]
    public void Rfc7296_2_6_SecretsOfCookiesChangeAndThoseBeforeCountForAWhile()
    {
        var (cookies, entropy, address) = (new Cookies(), new Entropy(new byte[Entropy.SeedLength]), IPAddress.Loopback);
        byte[] nonce = [1, 2, 3];
        var cookie = cookies.Make(new Instant(0), entropy, nonce, address, 7);
        Assert.True(cookies.Check(new Instant(Tuning.CookieSecret + 1), entropy, cookie, nonce, address, 7));
        Assert.False(cookies.Check(new Instant(Tuning.CookieSecret + 1), entropy, cookie, nonce, address, 8));
        Assert.False(cookies.Check(new Instant(Tuning.CookieSecret + 1), entropy, cookie, [1, 2, 4], address, 7));
        Assert.False(cookies.Check(new Instant(3 * Tuning.CookieSecret + 2), entropy, cookie, nonce, address, 7));
    }

    [Fact]
    public void Rfc7296_1_3_InvalidKePayloadLeadsToTheOtherMethod()
    {
        var net = new Net().Start(With(PeerB() with { Proposals = [P256OrX25519] }), With(PeerA()) with { CookieThreshold = 0 }).Run();
        Assert.Equal(KeyExchangeMethod.Curve25519, net.A.Sa.Suite!.Method);
        Assert.Equal(KeyExchangeMethod.Curve25519, net.B.Sa.Suite!.Method);
        Assert.Equal(8, net.Seen.Count);
    }

    [Fact]
    public void Rfc7296_2_7_NoProposalChosenSaysWhatBothWant()
    {
        var net = new Net().Start(With(PeerB()), With(PeerA() with { Proposals = [X25519 with { KeyExchange = [KeyExchangeMethod.Modp2048] }] })).Run();
        Assert.Contains(net.B.Texts, t => t.Contains("peer offered", StringComparison.Ordinal) && t.Contains("x25519", StringComparison.Ordinal) && t.Contains("modp-2048", StringComparison.Ordinal));
        Assert.Empty(net.B.Machine.All);
        Assert.Contains("no proposal chosen", net.A.Machine.Peers.Single().LastProblem, StringComparison.Ordinal);
    }

    [Fact]
    public void AnAddressThatNobodyHasIsRefusedWithoutWork()
    {
        var net = new Net().Start(With(PeerB()), With(PeerA() with { Remote = [IPAddress.Parse("192.0.2.99")] })).Run();
        Assert.Empty(net.B.Machine.All);
        Assert.Empty(net.B.Actions.OfType<WorkAction>());
    }

    [Fact]
    public void Rfc7296_2_1_ARepeatedRequestIsAnsweredAgainAndWorkedOnce()
    {
        var net = new Net { Path = f => [f, f, f] };
        net.Start(With(PeerB()), With(PeerA())).Run();
        Assert.Single(net.B.Actions.OfType<AnswerKeyExchange>());
        Assert.Single(net.B.Machine.All);
        Assert.Single(net.A.Installed);
        Assert.Single(net.B.Installed);
    }

    [Fact]
    public void Rfc7296_2_1_ARequestThatComesAgainWhileItIsWorkedOnIsLeftAlone()
    {
        var net = new Net();
        net.B.HoldsWork = true;
        net.Start(With(PeerB()), With(PeerA())).Pass(4000);
        Assert.Single(net.B.Held);
        Assert.Single(net.B.Machine.All);
        net.B.HoldsWork = false;
        net.B.FinishWork();
        net.Run();
        Assert.Single(net.A.Installed);
    }

    [Fact]
    public void AFloodFromManyAddressesStaysWithinBounds()
    {
        var net = new Net().Start(With(), With(PeerA() with { Remote = [] }) with { CookieThreshold = 4, HalfOpenMaximum = 16 });
        for (var i = 0; i < 500; i++) net.B.Do(new DatagramReceived(new IPEndPoint(AddressB, 500), new IPEndPoint(new IPAddress([10, 9, (byte)(i >> 8), (byte)i]), 500), Request((ulong)i + 1)));
        Assert.Equal(4, net.B.Machine.All.Count);
        Assert.Equal(4, net.B.Actions.OfType<AnswerKeyExchange>().Count());
        net.Pass(Tuning.HalfOpenResponder + 1);
        Assert.Empty(net.B.Machine.All);
        Assert.Equal(0, net.B.Machine.HalfOpen.Count);
        Assert.Equal(Instant.Never, net.B.Machine.NextDue);
    }

    [Fact]
    public void OneAddressHasAShareOfTheHalfOpenOnly()
    {
        var net = new Net().Start(With(), With(PeerA() with { Remote = [] }) with { CookieThreshold = 1000, HalfOpenMaximum = 16 });
        for (var i = 0; i < 100; i++) net.B.Do(new DatagramReceived(new IPEndPoint(AddressB, 500), new IPEndPoint(IPAddress.Parse("10.9.9.9"), 500), Request((ulong)i + 1)));
        Assert.Equal(16 / Tuning.HalfOpenShare, net.B.Machine.All.Count);
    }

    [Fact]
    public void Rfc8031_3_1_AKeyExchangeValueOfZerosLeavesNothingBehind()
    {
        var net = new Net().Start(With(), With(PeerA() with { Remote = [] }));
        net.B.Do(new DatagramReceived(new IPEndPoint(AddressB, 500), new IPEndPoint(AddressA, 500), Request(5, new byte[32])));
        Assert.Empty(net.B.Machine.All);
        Assert.Empty(net.B.Actions.OfType<SendDatagram>());
    }

    [Theory]
    [InlineData(0x30, true)]
    [InlineData(0x10, false)]
    public void Rfc7296_2_5_AHigherMajorVersionIsAnsweredAndALowerOneIsNot(byte version, bool answered)
    {
        var net = new Net().Start(With(), With(PeerA()));
        var request = Request(5);
        request[17] = version;
        net.B.Do(new DatagramReceived(new IPEndPoint(AddressB, 500), new IPEndPoint(AddressA, 500), request));
        Assert.Equal(answered, net.B.Outbox.Count == 1);
    }

    [Fact]
    public void Rfc7296_2_21_4_AnUnknownSpiIsAnsweredOnlySoOften()
    {
        var net = new Net().Start(With(), With(PeerA()));
        var header = new IkeHeader(1, 2, PayloadType.None, IkeHeader.Version2, ExchangeType.Informational, HeaderFlags.Initiator, 3, 0);
        var datagram = MessageWriter.Write(header, []);
        for (var i = 0; i < 1000; i++) net.B.Do(new DatagramReceived(new IPEndPoint(AddressB, 500), new IPEndPoint(AddressA, 500), datagram));
        Assert.Equal(Tuning.UnprotectedPerSecond, net.B.Outbox.Count);
        Assert.Empty(net.B.Machine.All);
    }

    [Fact]
    public void WorkThatIsRefusedForAHalfOpenIkeSaIsForgottenAndTheRetransmissionWorks()
    {
        var net = new Net();
        net.B.HoldsWork = true;
        net.Start(With(PeerB()), With(PeerA())).Run();
        net.B.HoldsWork = false;
        net.B.Do(new WorkRefused(net.B.Held.Dequeue().Token));
        Assert.Empty(net.B.Machine.All);
        net.Pass(1500);
        Assert.Single(net.B.Installed);
    }

    private static byte[] Request(ulong spi, byte[]? value = null)
    {
        var header = new IkeHeader(spi, 0, PayloadType.None, IkeHeader.Version2, ExchangeType.IkeSaInit, HeaderFlags.Initiator, 0, 0);
        using var exchange = KeyExchanges.Begin(KeyExchangeMethod.Curve25519);
        return MessageWriter.Write(header,
        [
            new SecurityAssociationPayload(Children.ProposalBuilder.OfIke([X25519], [])), new KeyExchangePayload(31, value ?? exchange.PublicValue), new NoncePayload(new byte[32]),
        ]);
    }
}
