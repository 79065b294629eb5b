using System.Net;
using System.Text;
using Appliance.Ike.Messages;
using Appliance.Machine;
using static Appliance.Ike.Machine.Rig.Samples;

namespace Appliance.Ike.Machine.Rig;

/// <summary>A client and two gateways that take over from one another, one clock, and a network that may lose messages.</summary>
internal sealed class Trio
{
    public static readonly IPAddress AddressC = IPAddress.Parse("203.0.113.1");
    private readonly Dictionary<IPAddress, Node> nodes = [];

    public Trio(IkePeer? client = null, string? redirectTo = "203.0.113.1", Func<IkePeer, IkePeer>? other = null)
    {
        var entropy = new Entropy([.. Enumerable.Repeat((byte)1, Entropy.SeedLength)]);
        (Client, Gateway, Other) = (Add("client", AddressA, entropy), Add("gateway", AddressB, entropy), Add("other", AddressC, entropy));
        Gateway.Do(new ConfigurationChanged(With(PeerA()) with { RedirectTo = redirectTo }));
        Other.Do(new ConfigurationChanged(With((other ?? (p => p))(PeerA() with { Local = [AddressC] }))));
        Client.Do(new ConfigurationChanged(With(client ?? PeerB())));
    }

    public Node Client { get; }

    public Node Gateway { get; }

    public Node Other { get; }

    public Instant Now { get; private set; } = new(1_000_000);

    public Func<SendDatagram, bool> Passes { get; set; } = _ => true;

    public Trio Run()
    {
        for (var count = 0; nodes.FirstOrDefault(n => n.Value.Outbox.Count > 0) is { Value: { } from }; count++)
        {
            Assert.True(count < 10_000, "they never stop to talk");
            var sent = from.Outbox.Dequeue();
            if (Passes(sent) && nodes.TryGetValue(sent.Remote.Address, out var to)) to.Do(new DatagramReceived(sent.Remote, sent.Local, sent.Octets));
        }

        return this;
    }

    public Trio Pass(long milliseconds)
    {
        Run();
        var end = Now.Plus(milliseconds);
        for (var count = 0; count < 10_000; count++)
        {
            var due = new Instant(nodes.Values.Min(n => n.Machine.NextDue.Milliseconds));
            if (due > end) break;
            Set(due > Now ? due : Now);
            foreach (var node in nodes.Values) node.Do(TimePassed.Event);
            Run();
        }

        Set(end);
        return this;
    }

    private Node Add(string name, IPAddress address, Entropy entropy)
    {
        var node = new Node(name, entropy) { Now = Now };
        nodes.Add(address, node);
        node.Do(new AddressesChanged([address]));
        return node;
    }

    private void Set(Instant now)
    {
        Now = now;
        foreach (var node in nodes.Values) node.Now = now;
    }
}
