using System.Net;
using Appliance.Crypto;
using Appliance.Ike.Messages;
using Appliance.Machine;

namespace Appliance.Ike.Recording;

/// <summary>Two recorded gateways and a wire that takes 10 ms one way; no clock but its own.</summary>
internal sealed class ScenarioNet
{
    private const long Latency = 10;
    private readonly PriorityQueue<(ScenarioGateway To, DatagramReceived Event), (long At, long Number)> wire = new();
    private long sent;

    public ScenarioNet()
    {
        var agreements = new Agreements();
        A = new ScenarioGateway("a", IPAddress.Parse("192.0.2.1"), agreements);
        B = new ScenarioGateway("b", IPAddress.Parse("198.51.100.1"), agreements);
    }

    public ScenarioGateway A { get; }

    public ScenarioGateway B { get; }

    public Instant Now { get; private set; } = new(1_000_000);

    public List<IkeHeader> Seen { get; } = [];

    /// <summary>The configuration of one side, which talks to the other.</summary>
    public IkeConfiguration Of(ScenarioGateway self, Func<IkePeer, IkePeer>? change = null)
    {
        var other = self == A ? B : A;
        var (local, remote) = self == A ? ("10.1", "10.2") : ("10.2", "10.1");
        var peer = new IkePeer
        {
            Name = other.Name,
            Local = [self.Address],
            Remote = [other.Address],
            LocalIdentity = Identity.Fqdn(self.Name + ".example.org"),
            RemoteIdentity = IdentityPattern.Exactly(Identity.Fqdn(other.Name + ".example.org")),
            SharedKey = self.Format.Key(1),
            RekeySeconds = 0,
            LivenessSeconds = 0,
            Proposals = [new() { Encryption = [new(EncryptionTransform.AesGcm16, 256)], Prf = [PrfAlgorithm.HmacSha256], KeyExchange = [KeyExchangeMethod.Curve25519, KeyExchangeMethod.EcpP256] }],
            Children =
            [
                new()
                {
                    Name = "net", Start = self == A ? ChildStart.Always : ChildStart.Passive, RekeySeconds = 0, Local = [Net(local)], Remote = [Net(remote)],
                    Proposals = [new() { Encryption = [new(EncryptionTransform.AesGcm16, 256)], KeyExchange = [KeyExchangeMethod.Curve25519, KeyExchangeMethod.None] }],
                },
            ],
        };
        return new IkeConfiguration { Peers = [change?.Invoke(peer) ?? peer] };
    }

    /// <summary>Starts both; A begins.</summary>
    public ScenarioNet Start(IkeConfiguration? a = null, IkeConfiguration? b = null)
    {
        A.Step(Now, new AddressesChanged([A.Address]));
        B.Step(Now, new AddressesChanged([B.Address]));
        B.Step(Now, new ConfigurationChanged(b ?? Of(B)));
        A.Step(Now, new ConfigurationChanged(a ?? Of(A)));
        return this;
    }

    /// <summary>Both have one IKE SA and as many children.</summary>
    public ScenarioNet Established(int children = 1)
    {
        Assert.Equal((A.Sa.InitiatorSpi, A.Sa.ResponderSpi), (B.Sa.InitiatorSpi, B.Sa.ResponderSpi));
        Assert.Equal((children, children), (A.Sa.Children.Count, B.Sa.Children.Count));
        Assert.Equal((children, children), (A.Installed.Count, B.Installed.Count));
        return this;
    }

    /// <summary>Lets time pass, event by event.</summary>
    public ScenarioNet Run(long milliseconds)
    {
        var end = Now.Plus(milliseconds);
        while (true)
        {
            Collect(A, B);
            Collect(B, A);
            var next = end;
            if (wire.TryPeek(out _, out var at) && at.At < next.Milliseconds) next = new(at.At);
            foreach (var gateway in (ScenarioGateway[])[A, B]) if (gateway.Machine.NextDue < next) next = gateway.Machine.NextDue;
            if (next > Now) Now = next;
            if (wire.TryPeek(out var item, out at) && at.At <= Now.Milliseconds)
            {
                wire.Dequeue();
                item.To.Step(Now, item.Event);
                continue;
            }

            var due = ((ScenarioGateway[])[A, B]).Where(g => g.Machine.NextDue <= Now).ToList();
            foreach (var gateway in due) gateway.Step(Now, TimePassed.Event);
            if (due.Count == 0 && Now >= end && A.Outbox.Count + B.Outbox.Count == 0) return this;
        }
    }

    private static TrafficSelector Net(string prefix) => new(0, 0, ushort.MaxValue, IPAddress.Parse(prefix + ".0.0"), IPAddress.Parse(prefix + ".255.255"));

    private void Collect(ScenarioGateway from, ScenarioGateway to)
    {
        while (from.Outbox.TryDequeue(out var datagram))
        {
            Assert.True(HeaderCodec.TryRead(datagram.Octets, out var header, out _));
            Seen.Add(header);
            wire.Enqueue((to, new DatagramReceived(datagram.Remote, datagram.Local, datagram.Octets)), (Now.Milliseconds + Latency, sent++));
        }
    }
}
