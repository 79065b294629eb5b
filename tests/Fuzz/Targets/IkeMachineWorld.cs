using System.Net;
using Appliance.Crypto;
using Appliance.Fuzz.Engine;
using Appliance.Ike;
using Appliance.Ike.Machine;
using Appliance.Ike.Messages;
using Appliance.Ike.Recording;
using Appliance.Machine;

namespace Appliance.Fuzz.Targets;

/// <summary>
/// A gateway under test with two peers: one is an attacker's, who has its keys, sees and changes its messages and also lies to the gateway in its host's name; the other one is honest and must not feel
/// any of it.
/// </summary>
internal sealed class IkeMachineWorld
{
    private static readonly byte[] KeyOfInsider = StandIns.Key(1);
    private static readonly byte[] KeyOfHonest = StandIns.Key(2);
    private readonly IkeMachineClaims claims = new();
    private readonly uint honestChild;

    public IkeMachineWorld()
    {
        var agreements = new Agreements();
        Gateway = new IkeMachineNode("gateway", IPAddress.Parse("192.0.2.1"), agreements, (_, actions) => claims.After(Gateway!.Machine, actions));
        Insider = new IkeMachineNode("insider", IPAddress.Parse("198.51.100.1"), agreements);
        Honest = new IkeMachineNode("honest", IPAddress.Parse("203.0.113.1"), agreements);
        Gateway.Restart(OfGateway(), keeps: false);
        Honest.Restart(OfPeer(Honest, "honest", KeyOfHonest, "10.3"), keeps: false);
        Insider.Restart(OfInsider(), keeps: false);
        Settle();
        var honest = HonestSa ?? throw new BrokenPromiseException("the honest peer was never there");
        (HonestSpi, honestChild) = (honest.LocalSpi, honest.Children.Single().InboundSpi);
    }

    /// <summary>The gateway's SPI with the honest peer.</summary>
    public ulong HonestSpi { get; }

    public IkeMachineNode Gateway { get; }

    public IkeMachineNode Insider { get; }

    public IkeMachineNode Honest { get; }

    /// <summary>From the insider, not yet delivered.</summary>
    public List<DatagramReceived> ToGateway { get; } = [];

    /// <summary>To the insider, not yet delivered.</summary>
    public List<DatagramReceived> ToInsider { get; } = [];

    /// <summary>Everything that was ever on the way between the two.</summary>
    public List<DatagramReceived> History { get; } = [];

    /// <summary>Kinds of lines that the gateway logged.</summary>
    public IReadOnlySet<string> LogKeys => claims.LogKeys;

    private IkeSa? HonestSa => Gateway.Machine.All.SingleOrDefault(s => s is { State: IkeSaState.Established, Peer.Name: "honest", Successor: null });

    public static IkeConfiguration OfGateway(int change = 0)
    {
        var insider = Peer("insider", "192.0.2.1", "198.51.100.1", "gateway", "insider", KeyOfInsider,
            [Template("net", ChildStart.Passive, "10.1", "10.2"), Template("more", ChildStart.OnDemand, "10.1", "10.4") with { Resources = 3, RekeySeconds = 300 }]);
        insider = (change % 8) switch
        {
            1 => insider with { SharedKey = StandIns.Key(3) },
            2 => insider with { Children = [insider.Children[0]] },
            3 => insider with { Children = [insider.Children[0] with { Start = ChildStart.Always }, insider.Children[1]], FragmentSize = 0 },
            4 => insider with { Children = [] },
            _ => insider,
        };
        var honest = Peer("honest", "192.0.2.1", "203.0.113.1", "gateway", "honest", KeyOfHonest, [Template("far", ChildStart.Passive, "10.1", "10.3")]);
        var group = new GroupServer { Members = ["insider", "honest"], SenderIdBits = 8, LifetimeSeconds = 600, RekeyOnLeave = GroupLeave.Departure };
        group = (change % 8) switch
        {
            5 => group with { Excluded = [insider.RemoteIdentity] },
            6 => group with { RekeyOnJoin = true, FirstSenderId = 20, LastSenderId = 27 },
            _ => group,
        };
        return new IkeConfiguration
        {
            Peers = [insider, honest], HalfOpenMaximum = IkeMachineClaims.HalfOpenMaximum, CookieThreshold = 8,
            Groups = change % 8 == 7 ? [] : [new IkeGroup { Name = "mesh", Server = group, Senders = 2 }],
        };
    }

    /// <summary>The insider is in the gateway's group, too; the honest one has pairwise SAs alone, since a member registers anew when its gateway forgets it.</summary>
    public IkeConfiguration OfInsider() =>
        OfPeer(Insider, "insider", KeyOfInsider, "10.2", "10.4") with { Groups = [new IkeGroup { Name = "mesh", Gateways = ["gateway"], Senders = 2 }] };

    /// <summary>The kept keys of an IKE SA were damaged: so may be its counters.</summary>
    public void ForgetIvs(ulong spi) => claims.ForgetIvs(spi);

    /// <summary>The kept state of a group, or of a registration, was damaged: so may be what says which Sender-IDs are free.</summary>
    public void ForgetSenderIds() => claims.ForgetSenderIds();

    /// <summary>Delivers everything as it should be until nobody has anything to say.</summary>
    public void Settle()
    {
        for (var count = 0; count < 200; count++)
        {
            Collect();
            if (ToGateway.Count + ToInsider.Count == 0) return;
            Deliver(ToGateway, Gateway);
            Collect();
            Deliver(ToInsider, Insider);
        }

        // Two that talk without end wait for each other's answers each time; so often and in no time, something is wrong.
        throw new BrokenPromiseException("they never stop to talk");
    }

    /// <summary>The first datagram on its way arrives.</summary>
    public void Deliver(List<DatagramReceived> way, IkeMachineNode to)
    {
        if (way.Count == 0) return;
        var first = way[0];
        way.RemoveAt(0);
        to.Step(first);
        Collect();
    }

    /// <summary>Outboxes are emptied: what is for the honest peer or from it arrives at once, the rest waits.</summary>
    public void Collect()
    {
        for (var count = 0; Gateway.Outbox.Count + Insider.Outbox.Count + Honest.Outbox.Count > 0; count++)
        {
            Claim.That(count < 1000, "the honest peer and the gateway never stop to talk");
            while (Insider.Outbox.TryDequeue(out var sent)) Keep(ToGateway, new DatagramReceived(sent.Remote, sent.Local, sent.Octets));
            while (Honest.Outbox.TryDequeue(out var sent)) Gateway.Step(new DatagramReceived(sent.Remote, sent.Local, sent.Octets));
            while (Gateway.Outbox.TryDequeue(out var sent))
            {
                var received = new DatagramReceived(sent.Remote, sent.Local, sent.Octets);
                if (sent.Remote.Address.Equals(Honest.Address)) Honest.Step(received);
                else Keep(ToInsider, received);
            }
        }
    }

    /// <summary>Time passes for all. Timers fire when they are due.</summary>
    public void Pass(long milliseconds)
    {
        var end = Gateway.Now.Plus(milliseconds);
        for (var count = 0; ; count++)
        {
            Claim.That(count < 5000, "timers fire without end");
            var due = new[] { Gateway.Machine.NextDue, Insider.Machine.NextDue, Honest.Machine.NextDue }.MinBy(i => i.Milliseconds);
            if (due > end) break;
            Set(due > Gateway.Now ? due : Gateway.Now);
            foreach (var node in (IkeMachineNode[])[Gateway, Insider, Honest]) if (node.Machine.NextDue <= node.Now) node.Step(TimePassed.Event);
            Collect();
        }

        Set(end);
    }

    /// <summary>The honest peer asks for a sign of life and gets it; its child is there; the log held no key.</summary>
    public void CheckAtTheEnd()
    {
        Gateway.Work();
        Insider.Work();
        Collect();
        var there = HonestSa;
        Claim.That(there?.LocalSpi == HonestSpi, "the IKE SA of the honest peer is gone");
        Claim.That(there!.Children.Any(c => c.InboundSpi == honestChild && c.IsCurrent), "the child of the honest peer is gone");
        var theirs = Honest.Machine.Find(there.RemoteSpi);
        Claim.That(theirs?.Keys is not null && !theirs.AwaitsResponse, "the honest peer waits for an answer that never came");
        var header = new IkeHeader(theirs!.InitiatorSpi, theirs.ResponderSpi, 0, IkeHeader.Version2, ExchangeType.Informational, theirs.IsInitiator ? HeaderFlags.Initiator : 0, theirs.NextRequestId, 0);
        var question = theirs.Keys!.Seal(theirs.IsInitiator, header, PayloadType.None, [], new Entropy(new byte[Entropy.SeedLength]));
        Gateway.Step(new DatagramReceived(new IPEndPoint(Gateway.Address, 4500), new IPEndPoint(Honest.Address, 4500), question));
        var answer = Gateway.Outbox.LastOrDefault(s => s.Remote.Address.Equals(Honest.Address));
        Claim.That(answer is not null && theirs.Keys.TryOpen(!theirs.IsInitiator, answer.Octets, out _, out _, out _), "no answer for the honest peer");
        claims.AtTheEnd(KeyOfInsider, KeyOfHonest);
    }

    private static IkeConfiguration OfPeer(IkeMachineNode node, string name, byte[] key, params string[] nets) => new()
    {
        Peers = [Peer("gateway", node.Address.ToString(), "192.0.2.1", name, "gateway", key, [.. nets.Select((n, i) => Template("to" + i, i == 0 ? ChildStart.Always : ChildStart.OnDemand, n, "10.1"))])],
    };

    private static IkePeer Peer(string name, string local, string remote, string self, string other, byte[] key, IReadOnlyList<ChildTemplate> children) => new()
    {
        Name = name,
        Local = [IPAddress.Parse(local)],
        Remote = [IPAddress.Parse(remote)],
        LocalIdentity = Identity.Fqdn(self + ".example"),
        RemoteIdentity = IdentityPattern.Exactly(Identity.Fqdn(other + ".example")),
        SharedKey = key,
        Proposals = [new() { Encryption = [new(EncryptionTransform.AesGcm16, 256)], Prf = [PrfAlgorithm.HmacSha256], KeyExchange = [KeyExchangeMethod.Curve25519, KeyExchangeMethod.EcpP256] }],
        Children = children,
        RekeySeconds = name == "insider" ? 3600 : 0,
        FragmentSize = name == "honest" ? 1232 : 400,
    };

    private static ChildTemplate Template(string name, ChildStart start, string local, string remote) => new()
    {
        Name = name,
        Start = start,
        RekeySeconds = 0,
        Local = [Net(local)],
        Remote = [Net(remote)],
        Proposals = [new() { Encryption = [new(EncryptionTransform.AesGcm16, 256)], KeyExchange = [KeyExchangeMethod.Curve25519, KeyExchangeMethod.EcpP256, KeyExchangeMethod.None] }],
    };

    private static TrafficSelector Net(string prefix) => new(0, 0, ushort.MaxValue, IPAddress.Parse(prefix + ".0.0"), IPAddress.Parse(prefix + ".255.255"));

    private void Keep(List<DatagramReceived> way, DatagramReceived datagram)
    {
        History.Add(datagram);
        if (way.Count < 64) way.Add(datagram);
    }

    private void Set(Instant now) => (Gateway.Now, Insider.Now, Honest.Now) = (now, now, now);
}
