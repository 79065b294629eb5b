using System.Buffers;
using System.Net;
using Appliance.Bgp;
using Appliance.Fuzz.Engine;
using Appliance.Machine;

namespace Appliance.Fuzz.Targets;

/// <summary>A BGP machine with two neighbours: an honest one with a route, and one that does what the story says. After each step the promises are checked.</summary>
internal sealed class BgpMachineWorld
{
    public const string Honest = "honest";
    public const string Hostile = "hostile";
    public const uint HostileAs = 65009;
    private const ulong HonestConnection = 1;
    private const int MostNotices = 11;
    private static readonly IPEndPoint Us = IPEndPoint.Parse("192.0.2.1:179");
    private readonly Entropy entropy = new(new byte[Entropy.SeedLength]);
    private readonly HashSet<ulong> open = [];
    private readonly Dictionary<ulong, int> unsent = [];
    private readonly Queue<Instant> noticed = new();
    private readonly byte[] scratch = new byte[MessageHeader.ExtendedLength];
    // Nobody's, until somebody connects.
    private ulong lastConnection = HonestConnection + 1;
    private int allRoutes;

    public BgpMachineWorld()
    {
        Step(new BgpConfigured(Configuration(0), false));
        Opened(HonestConnection, "192.0.2.8", null);
        Step(new MessagesReceived(HonestConnection, Open(65008, 8, new Capabilities { Families = [Family.Ipv4Unicast], FourOctetAs = 65008 })));
        Step(new MessagesReceived(HonestConnection, Keepalive()));
        var attributes = new PathAttributes { NextHop = IPAddress.Parse("192.0.2.8"), AsPath = [new AsSegment(2, [65008])] };
        var prefix = Prefix.Of(IPAddress.Parse("198.51.100.0"), 24);
        Step(new MessagesReceived(HonestConnection, scratch.AsMemory(0, new UpdateWriter().Announce(scratch, new WriteOptions { FourOctetAs = true }, Family.Ipv4Unicast, attributes, [new Nlri(prefix)]).Octets)));
        Claim.That(Machine.Neighbor(Honest, Now)!.State == SessionState.Established, "the honest neighbour's session is up");
    }

    public BgpMachine Machine { get; } = new();

    public Instant Now { get; private set; } = new(1_000_000);

    /// <summary>The hostile neighbour's last connection.</summary>
    public ulong Last => lastConnection;

    /// <summary>It does not read.</summary>
    public bool IsStuck { get; set; }

    /// <summary>The machine asked for a connection with it that is not there yet.</summary>
    public bool IsAsked { get; private set; }

    /// <summary>States that the hostile session had, and kinds of notices: what a story reached.</summary>
    public SortedSet<string> Reached { get; } = new(StringComparer.Ordinal);

    public static BgpConfiguration Configuration(byte kind)
    {
        var policy = new AcceptAll();
        FamilyConfiguration Of(Family family) => new()
        {
            Family = family, Import = policy, Export = policy, MaximumPrefixes = (kind & 1) != 0 ? 50 : 5000, MaximumRestartMinutes = kind >> 6, AddPathReceive = (kind & 2) != 0,
            AddPathSend = (kind & 2) != 0 ? 2 : 0, ExtendedNextHop = (kind & 4) != 0, MaximumWarnsOnly = (kind & 32) != 0 && (kind & 1) != 0,
        };
        var own = Prefix.Of(IPAddress.Parse("203.0.113.0"), 24);
        return new BgpConfiguration
        {
            LocalAs = 65001, RouterId = 1,
            Neighbors =
            [
                new() { Name = Honest, Address = IPAddress.Parse("192.0.2.8"), RemoteAs = 65008, Passive = true, Families = [Of(Family.Ipv4Unicast) with { MaximumPrefixes = 0, AddPathReceive = false, AddPathSend = 0, ExtendedNextHop = false }] },
                new()
                {
                    Name = Hostile, Address = IPAddress.Parse("192.0.2.9"), RemoteAs = HostileAs, Families = [Of(Family.Ipv4Unicast), Of(Family.Ipv6Unicast), Of(Family.Vpnv4), Of(Family.RouteTarget)],
                    ExtendedMessages = (kind & 8) == 0, GracefulRestart = (kind & 16) == 0, Bfd = new BfdSettings(),
                },
            ],
            Dynamic = [new(IPNetwork.Parse("192.0.2.128/25"), new NeighborConfiguration { Name = "some", Families = [Of(Family.Ipv4Unicast)] }, 3)],
            Networks = [new OriginatedRoute(Family.Ipv4Unicast, own, new PathAttributes())],
        };
    }

    public byte[] Open(uint autonomous, uint identifier, Capabilities capabilities) => scratch[..new OpenMessage(autonomous, 90, identifier, capabilities).Write(scratch)];

    public byte[] Keepalive() => scratch[..KeepaliveMessage.Write(scratch)];

    /// <summary>A connection comes about.</summary>
    public void Connect(string address, string? asked)
    {
        IsAsked &= asked is null;
        Opened(++lastConnection, address, asked);
    }

    /// <summary>The hostile neighbour says something.</summary>
    public void Say(byte[] octets)
    {
        if (octets.Length > 0) Step(new MessagesReceived(lastConnection, octets));
    }

    /// <summary>The hostile neighbour's connection ends.</summary>
    public void Close()
    {
        if (!open.Remove(lastConnection)) return;
        unsent.Remove(lastConnection);
        Step(new ConnectionClosed(lastConnection, "reset"));
    }

    /// <summary>It reads all that waits.</summary>
    public void ReadAll()
    {
        foreach (var (connection, octets) in unsent.ToArray())
        {
            if (octets == 0) continue;
            unsent[connection] = 0;
            Step(new OctetsSent(connection, octets));
        }
    }

    /// <summary>Time passes; the honest neighbour says that it lives.</summary>
    public void Pass(long milliseconds)
    {
        var end = Now.Plus(milliseconds);
        for (var count = 0; Now < end; count++)
        {
            Claim.That(count < 50_000, "time passes");
            var next = Machine.NextDue < end ? Machine.NextDue : end;
            if (next > Now.Plus(20_000)) next = Now.Plus(20_000);
            if (next > Now) Now = next;
            Step(new MessagesReceived(HonestConnection, Keepalive()));
            Step(BgpTimePassed.Event);
        }
    }

    public void Step(BgpEvent e)
    {
        var actions = new List<BgpAction>();
        Machine.Step(new StepContext(Now, entropy), e, actions);
        var hops = new List<IPAddress>();
        foreach (var action in actions) Take(action, hops);
        CheckBounds();
        if (hops.Count > 0) Step(new NextHopsResolved([.. hops.Select(h => (h, true, 0u))]));
        if (!IsStuck) ReadAll();
        else if (unsent.GetValueOrDefault(HonestConnection) is > 0 and var octets)
        {
            unsent[HonestConnection] = 0;
            Step(new OctetsSent(HonestConnection, octets));
        }
    }

    public void CheckAtTheEnd()
    {
        IsStuck = false;
        Pass(1_200_000);
        var honest = Machine.Neighbor(Honest, Now)!;
        Claim.That(honest is { State: SessionState.Established, TimesEstablished: 1 }, "the honest neighbour's session never ended");
        Claim.That(honest.Families[0].Received == 1, "the honest neighbour's route is there");
    }

    private void Opened(ulong connection, string address, string? asked)
    {
        open.Add(connection);
        Step(new ConnectionOpened(connection, Us, new IPEndPoint(IPAddress.Parse(address), 40000), asked));
    }

    private void Take(BgpAction action, List<IPAddress> hops)
    {
        switch (action)
        {
            case SendOctets send:
                Claim.That(open.Contains(send.Connection), "octets go to a connection that is open");
                CheckMessages(send.Buffer.AsSpan(0, send.Length));
                unsent[send.Connection] = unsent.GetValueOrDefault(send.Connection) + send.Length;
                ArrayPool<byte>.Shared.Return(send.Buffer);
                break;
            case CloseConnection close:
                Claim.That(open.Remove(close.Connection), "what is closed is open");
                Claim.That(close.Connection != HonestConnection, "the honest neighbour's connection stays");
                unsent.Remove(close.Connection);
                break;
            case OpenConnection or CancelConnection:
                IsAsked = action is OpenConnection;
                break;
            case WatchNextHops watch:
                hops.AddRange(watch.Added);
                break;
            case SessionChanged changed:
                Claim.That(changed.Reason.Length > 0 && changed.Before != changed.After, "a change of state has a reason");
                if (changed.Neighbor == Hostile) Reached.Add(changed.After.ToString());
                break;
            case BgpNotice notice when notice.Neighbor == Hostile:
                Reached.Add(notice.Message.Split(' ')[0]);
                while (noticed.TryPeek(out var at) && Now - at >= 60_000) noticed.Dequeue();
                noticed.Enqueue(Now);
                Claim.That(noticed.Count <= 2 * MostNotices, "notices are limited");
                break;
        }
    }

    // Whatever made us say it: what we say is whole messages.
    private static void CheckMessages(ReadOnlySpan<byte> octets)
    {
        while (MessageHeader.TryNext(ref octets, MessageHeader.ExtendedLength, out _, out _, out var error)) Claim.That(error is null, "what is sent is messages");
        Claim.That(octets.IsEmpty, "what is sent is whole messages");
    }

    private void CheckBounds()
    {
        Claim.That(Machine.Connections.Count == open.Count, "the machine knows the connections that are open");
        Claim.That(open.Count <= 1 + 3 + 3 * 3, "connections are bounded");
        foreach (var (_, octets) in unsent) Claim.That(octets <= 1024 * 1024, "octets that wait are bounded");
        allRoutes = Math.Max(allRoutes, Machine.Rib.RouteCount);
        Claim.That(allRoutes < 60_000, "routes are bounded");
        Claim.That(Machine.Sessions.All.Count <= 2 + 3, "neighbours are bounded");
    }

    private sealed class AcceptAll : IRoutePolicy
    {
        public string Name => "all";

        public bool DependsOnPrefix => false;

        public PathAttributes? Apply(PolicySession session, Family family, in Nlri nlri, PathAttributes attributes) => attributes;

        public override bool Equals(object? obj) => obj is AcceptAll;

        public override int GetHashCode() => 1;
    }
}
