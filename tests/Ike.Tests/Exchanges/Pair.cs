using System.Net;
using System.Text;
using Appliance.Crypto;
using Appliance.Ike.Machine;
using Appliance.Ike.Messages;
using Appliance.Machine;

namespace Appliance.Ike.Exchanges;

/// <summary>Two gateways with a wire between them and one clock that nobody waits for. 10 ms one way; a filter may lose or hold messages.</summary>
internal sealed class Pair
{
    private const long Latency = 10;
    private readonly PriorityQueue<(Gateway To, DatagramReceived Event), (long, long)> wire = new();
    private long sent;

    public Pair(Func<IkePeer, IkePeer>? a = null, Func<IkePeer, IkePeer>? b = null)
    {
        A = new("a", IPAddress.Parse("192.0.2.1"));
        B = new("b", IPAddress.Parse("192.0.2.2"));
        foreach (var gateway in (Gateway[])[A, B]) gateway.Step(Now, new AddressesChanged([gateway.Address]));
        Configure(B, (b ?? (p => p))(PeerOf(B, A, ChildStart.Passive)));
        Configure(A, (a ?? (p => p))(PeerOf(A, B, ChildStart.Always)));
    }

    public Gateway A { get; }

    public Gateway B { get; }

    public Instant Now { get; private set; } = new(1_000_000);

    /// <summary>Whether a message goes through. Called with who sends it.</summary>
    public Func<Gateway, SendDatagram, bool> Passes { get; set; } = (_, _) => true;

    /// <summary>Messages arrive twice.</summary>
    public bool Duplicates { get; set; }

    /// <summary>Messages on the wire so far.</summary>
    public List<(Gateway From, IkeHeader Header)> Seen { get; } = [];

    public static IkePeer PeerOf(Gateway self, Gateway other, ChildStart start) => new()
    {
        Name = other.Name,
        Local = [self.Address],
        Remote = [other.Address],
        LocalIdentity = Identity.Fqdn(self.Name + ".example"),
        RemoteIdentity = IdentityPattern.Exactly(Identity.Fqdn(other.Name + ".example")),
        SharedKey = Encoding.ASCII.GetBytes("a secret of both"),
        RekeySeconds = 0,
        LivenessSeconds = 0,
        Proposals = [new() { Encryption = [new(EncryptionTransform.AesGcm16, 256)], Prf = [PrfAlgorithm.HmacSha256], KeyExchange = [KeyExchangeMethod.Curve25519, KeyExchangeMethod.EcpP256] }],
        Children = [Template("net", start, self.Name == "a" ? "10.1" : "10.2", self.Name == "a" ? "10.2" : "10.1")],
    };

    public static ChildTemplate Template(string name, ChildStart start, string local, string remote) => new()
    {
        Name = name,
        Start = start,
        RekeySeconds = 0,
        Local = [Net(local)],
        Remote = [Net(remote)],
        Proposals = [new() { Encryption = [new(EncryptionTransform.AesGcm16, 256)], KeyExchange = [KeyExchangeMethod.Curve25519, KeyExchangeMethod.None] }],
    };

    public static TrafficSelector Net(string prefix) => new(0, 0, ushort.MaxValue, IPAddress.Parse(prefix + ".0.0"), IPAddress.Parse(prefix + ".255.255"));

    public void Configure(Gateway gateway, IkePeer peer) => gateway.Step(Now, new ConfigurationChanged(new IkeConfiguration { Peers = [peer] }));

    /// <summary>Lets time pass, event by event.</summary>
    public void Run(long milliseconds)
    {
        var end = Now.Plus(milliseconds);
        while (true)
        {
            Collect(A, B);
            Collect(B, A);
            var next = end;
            if (wire.TryPeek(out _, out var at) && at.Item1 < next.Milliseconds) next = new(at.Item1);
            foreach (var gateway in (Gateway[])[A, B])
                if (gateway.Machine.NextDue < next) next = gateway.Machine.NextDue;
            if (next > Now) Now = next;
            if (wire.TryPeek(out var item, out at) && at.Item1 <= Now.Milliseconds)
            {
                wire.Dequeue();
                item.To.Step(Now, item.Event);
                continue;
            }

            var fired = false;
            foreach (var gateway in (Gateway[])[A, B])
            {
                if (gateway.Machine.NextDue > Now) continue;
                gateway.Step(Now, TimePassed.Event);
                fired = true;
            }

            if (!fired && Now >= end && A.Outbox.Count == 0 && B.Outbox.Count == 0) return;
        }
    }

    /// <summary>Until IKE SA and child stand.</summary>
    public Pair Established()
    {
        Run(2000);
        Assert.Equal((1, 1), (A.Children.Count, B.Children.Count));
        Check();
        return this;
    }

    /// <summary>The one IKE SA in use, as the gateway sees it.</summary>
    public static IkeSa Sa(Gateway gateway) => Assert.Single(gateway.Machine.All, s => s.State == IkeSaState.Established && s.Successor is null);

    /// <summary>Both ends have the same children with the same keys, and whatever one sends by the other takes in.</summary>
    public void Check()
    {
        foreach (var (one, other) in ((Gateway, Gateway)[])[(A, B), (B, A)])
        {
            foreach (var child in one.Children.Values)
            {
                var pair = Assert.Single(other.Children.Values, c => c.Child.InboundSpi == child.Child.OutboundSpi);
                Assert.Equal(child.Child.InboundSpi, pair.Child.OutboundSpi);
                Assert.Equal(child.OutboundKey, pair.InboundKey);
                Assert.NotEqual(child.OutboundKey, child.InboundKey);
                Assert.Equal(child.Child.LocalSelectors, pair.Child.RemoteSelectors);
            }

            Assert.All(one.Machine.AllChildren, c => Assert.True(one.Children.ContainsKey(c.Child.InboundSpi)));
            Assert.Equal(one.Children.Count, one.Machine.AllChildren.Count());
        }
    }

    /// <summary>What happened, for a test that fails.</summary>
    public string Story() => string.Join('\n', Seen.Select(s => $"{s.From.Name} {s.Header.InitiatorSpi:x16} {s.Header.Exchange} {(s.Header.IsResponse ? "response" : "request")} {s.Header.MessageId}")
        .Concat(((Gateway[])[A, B]).SelectMany(g => g.Log.Select(l => $"{g.Name}: {l.Level} {l.Key} {l.Text}"))));

    private void Collect(Gateway from, Gateway to)
    {
        while (from.Outbox.TryDequeue(out var datagram))
        {
            if (HeaderCodec.TryRead(datagram.Octets, out var header, out _)) Seen.Add((from, header));
            if (!Passes(from, datagram) || !datagram.Remote.Address.Equals(to.Address)) continue;
            for (var copies = Duplicates ? 2 : 1; copies > 0; copies--)
                wire.Enqueue((to, new DatagramReceived(datagram.Remote, datagram.Local, datagram.Octets)), (Now.Milliseconds + (Latency * copies), sent++));
        }
    }
}
