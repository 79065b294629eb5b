using System.Net;
using Appliance.Crypto;
using Appliance.Ike.Children;
using Appliance.Ike.Machine.Rig;
using Appliance.Ike.Messages;
using Appliance.Machine;
using static Appliance.Ike.Machine.Rig.Samples;

namespace Appliance.Ike.Machine;

/// <summary>What a peer that has authenticated can make a gateway keep is bounded.</summary>
public class BoundsTests
{
    private static readonly Entropy Entropy = new(new byte[Entropy.SeedLength]);
    private readonly Net net = new Net().Start(With(PeerB()), With(PeerA())).Run();
    private uint spi = 0x10000;

    [Fact]
    public void Rfc7296_1_3_TooManyChildrenAreRefusedWithNoAdditionalSas()
    {
        for (var i = 1; i < Tuning.ChildrenOfIkeSa; i++) Assert.DoesNotContain(Ask(ExchangeType.CreateChildSa, NewChild()), p => p is NotifyPayload { IsError: true });
        for (var i = 0; i < 1000; i++) Assert.Equal(NotifyType.NoAdditionalSas, Assert.IsType<NotifyPayload>(Assert.Single(Ask(ExchangeType.CreateChildSa, NewChild()))).NotifyType);
        Assert.Equal(Tuning.ChildrenOfIkeSa, net.B.Installed.Count);
        Assert.Equal(Tuning.ChildrenOfIkeSa, net.B.Machine.AllChildren.Count());
        var gone = Ask(ExchangeType.Informational, new DeletePayload(ProtocolId.Esp, [.. net.B.Sa.Children.Select(c => c.Sa.OutboundSpi)]));
        Assert.Equal(Tuning.ChildrenOfIkeSa, Assert.IsType<DeletePayload>(Assert.Single(gone)).Spis.Count);
        Assert.Empty(net.B.Installed);
        Assert.DoesNotContain(Ask(ExchangeType.CreateChildSa, NewChild()), p => p is NotifyPayload { IsError: true });
    }

    [Fact]
    public void ChildrenThatAreRekeyedAndNeverDeletedEndInNoAdditionalSas()
    {
        var refused = 0;
        for (var i = 0; i < 3 * Tuning.ChildrenOfIkeSa; i++)
        {
            var newest = net.B.Sa.Children[^1].Sa.OutboundSpi;
            var answer = Ask(ExchangeType.CreateChildSa, [new NotifyPayload(ProtocolId.Esp, SpiOctets.Of(newest), NotifyType.RekeySa, []), .. NewChild()]);
            if (answer is [NotifyPayload { NotifyType: NotifyType.NoAdditionalSas }]) refused++;
        }

        Assert.Equal(Tuning.ChildrenOfIkeSa + 1, refused);
        Assert.Equal(2 * Tuning.ChildrenOfIkeSa, net.B.Installed.Count);
    }

    [Fact]
    public void DeletesWithThousandsOfSpisAreAnsweredAndTouchOnlyWhatIsThePeers()
    {
        var child = net.B.Sa.Children[0].Sa;
        for (var i = 0; i < 100; i++) Assert.Empty(Ask(ExchangeType.Informational, new DeletePayload(ProtocolId.Esp, [.. Enumerable.Range(1 + (i * 4000), 4000).Select(n => (uint)n).Append(child.InboundSpi)])));
        Assert.Contains(child.InboundSpi, net.B.Installed.Keys);
        Assert.Equal(child.InboundSpi, Assert.Single(net.B.Sa.Children).InboundSpi);
        Assert.InRange(net.B.Log.Count, 0, 20);
    }

    [Fact]
    public void IkeSasThatAreRekeyedAndNeverDeletedEndInTemporaryFailure()
    {
        var sas = new List<int>();
        var refused = 0;
        for (ulong i = 1; i <= 200; i++)
        {
            using var ours = KeyExchanges.Begin(KeyExchangeMethod.Curve25519);
            var proposals = ProposalBuilder.OfIke([X25519], SpiOctets.OfIke(i));
            var nonce = new NoncePayload(Entropy.Octets(32));
            var sa = net.B.Sa;
            var keys = Keys ?? net.A.Sa.Keys!;
            var answer = Ask(ExchangeType.CreateChildSa, new SecurityAssociationPayload(proposals), nonce, new KeyExchangePayload((ushort)KeyExchangeMethod.Curve25519, ours.PublicValue));
            sas.Add(net.B.Machine.All.Count);
            if (answer is [NotifyPayload { NotifyType: NotifyType.TemporaryFailure }])
            {
                refused++;
                continue;
            }

            using var secret = ours.Complete(answer.OfType<KeyExchangePayload>().Single().Data)!;
            var theirs = SpiOctets.ReadIke(answer.OfType<SecurityAssociationPayload>().Single().Proposals[0].Spi)!.Value;
            Keys = Appliance.Ike.Keys.IkeKeys.DeriveRekeyed(sa.Suite!, keys, secret, nonce.Data, answer.OfType<NoncePayload>().Single().Data, i, theirs);
        }

        Assert.InRange(sas.Max(), Tuning.ReplacedOfIdentity, Tuning.ReplacedOfIdentity + 1);
        Assert.Equal(200 - Tuning.ReplacedOfIdentity, refused);
        Assert.Single(net.B.Installed);
        net.Pass(61_000);
        Assert.Single(net.B.Machine.All);
    }

    /// <summary>Keys of the peer's newest IKE SA, which its own machine does not know.</summary>
    private Appliance.Ike.Keys.IkeKeys? Keys { get; set; }

    private Payload[] NewChild() =>
    [
        new SecurityAssociationPayload(ProposalBuilder.OfEsp(Tunnel.Proposals, SpiOctets.Of(++spi), keyExchange: true)), new NoncePayload(Entropy.Octets(32)),
        new TrafficSelectorPayload(true, PeerB().Children[0].Local), new TrafficSelectorPayload(false, PeerB().Children[0].Remote),
    ];

    /// <summary>A request with A's keys that A's machine knows nothing of; what B answers.</summary>
    private List<Payload> Ask(ExchangeType exchange, params Payload[] payloads)
    {
        var sa = net.B.Sa;
        var keys = Keys ?? net.A.Sa.Keys!;
        var octets = PayloadWriter.Write(payloads, out var first);
        var header = new IkeHeader(sa.InitiatorSpi, sa.ResponderSpi, 0, IkeHeader.Version2, exchange, HeaderFlags.Initiator, sa.ExpectedRequestId, 0);
        net.B.Outbox.Clear();
        net.B.Do(new DatagramReceived(new IPEndPoint(AddressB, 4500), new IPEndPoint(AddressA, 4500), keys.Seal(true, header, first, octets, Entropy)));
        var fragments = new FragmentAssembly();
        byte[]? whole = null;
        foreach (var datagram in net.B.Outbox)
        {
            Assert.True(keys.TryOpen(false, datagram.Octets, out first, out var inside, out var fragment));
            whole = fragment.Total == 0 ? inside : fragments.Add(fragment.Number, fragment.Total, first, inside);
            if (fragment.Total > 0) first = fragments.First;
        }

        net.B.Outbox.Clear();
        Assert.True(PayloadReader.TryRead(first, Assert.IsType<byte[]>(whole), out var answer, out var error), error.Detail);
        return answer;
    }
}
