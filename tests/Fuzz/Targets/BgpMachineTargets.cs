using System.Buffers.Binary;
using System.Net;
using Appliance.Bgp;
using Appliance.Fuzz.Engine;
using static Appliance.Fuzz.Targets.IkeMachineTargets;

namespace Appliance.Fuzz.Targets;

/// <summary>The BGP machine: an input is a story of what a hostile neighbour, the network and the operator do to it, an octet for each happening and more where it needs them.</summary>
internal static class BgpMachineTargets
{
    private const int MostHappenings = 64;
    private static readonly long[] Times = [1, 100, 1000, 3000, 15_000, 31_000, 61_000, 91_000, 121_000, 301_000, 481_000];
    private static readonly Family[] Families = [Family.Ipv4Unicast, Family.Ipv6Unicast, Family.Vpnv4, Family.RouteTarget, Family.Vpnv6, new(99, 99)];

    private static readonly UpdateWriter Writer = new();
    private static readonly byte[] Buffer = new byte[4096];

    private delegate void Happening(BgpMachineWorld world, ref StoryReader story);

    private static readonly Happening[] Happenings =
    [
        (w, ref s) => w.Connect("192.0.2.9", null),
        Establish,
        Update,
        Mutated,
        (w, ref s) => w.Say(Message(MessageType.Update, s.Take(s.Next()))),
        (w, ref s) => w.Say(s.Take(s.Next())),
        (w, ref s) => w.Close(),
        (w, ref s) => w.Pass(Times[s.Next() % Times.Length]),
        (w, ref s) => w.Step(new BgpOperatorAsked((BgpVerb)(s.Next() % 4), BgpMachineWorld.Hostile)),
        (w, ref s) => w.Step(new BgpConfigured(BgpMachineWorld.Configuration(s.Next()), (s.Next() & 1) != 0)),
        (w, ref s) => w.IsStuck = !w.IsStuck,
        (w, ref s) => w.Step(new BfdChanged(BgpMachineWorld.Hostile, (s.Next() & 1) != 0, "story")),
        Attempt,
        (w, ref s) => w.Step(new OctetsSent(w.Last, s.Next16() * 100)),
        Refresh,
        (w, ref s) => w.Say(Message((MessageType)(s.Next() % 7), s.Take(s.Next() % 32))),
        Flood,
        (w, ref s) => w.Connect($"192.0.2.{s.Next()}", null),
        (w, ref s) => w.Step(new NextHopsResolved([(IPAddress.Parse("192.0.2.9"), (s.Next() & 1) != 0, s.Next())])),
        (w, ref s) => w.Say(Message(MessageType.Keepalive, [])),
    ];

    public static IReadOnlyList<FuzzTarget> List { get; } =
    [
        new("bgp-machine", Run) { MaximumLength = 1024, AllocationLimit = 256 * 1024 * 1024, TimeLimit = 20_000, LeastExecutions = 1, MoreSeeds = Seeds },
    ];

    /// <summary>What happens, one after the other; after each, no promise is broken (<see cref="BgpMachineWorld"/>).</summary>
    public static void Run(Span<byte> octets) => Tell(octets);

    /// <summary>The same, and what is there in the end.</summary>
    public static BgpMachineWorld Tell(ReadOnlySpan<byte> octets)
    {
        var world = new BgpMachineWorld();
        var story = new StoryReader(octets);
        for (var count = 0; count < MostHappenings && !story.IsOver; count++) Happenings[story.Next() % Happenings.Length](world, ref story);
        world.CheckAtTheEnd();
        return world;
    }

    public static IEnumerable<byte[]> Seeds()
    {
        for (byte kind = 0; kind < 64; kind++)
        {
            // A session with some capabilities, routes, an error, a restart, routes again.
            yield return [9, kind, 0, 0, 1, kind, 2, 0, kind, 2, (byte)(kind & 3), 9, 6, 7, 2, 0, 1, (byte)(kind | 0x80), 2, 0, kind, 14, 0, 1, 14, 0, 2, 2, 64, 0, 7, 3];
            yield return [12, 1, 7, 4, 12, 0, 1, kind, 2, 2, kind, 3, kind, 3, 0, (byte)(20 + kind), kind, 3, kind, 60, 0, (byte)(kind + 60), 9, 8, (byte)(kind % 4), 7, 3, 0, 1, kind];
            yield return [9, (byte)(kind | 1), 0, 0, 1, kind, 10, 16, 255, 14, 0, 0, 7, (byte)(kind % 11), 10, 16, 3, 13, 200, 0, 7, 9];
            yield return [0, 17, (byte)(128 + kind), 1, kind, 2, 0, 3, 17, 9, 1, kind, 11, 1, 11, 0, 7, 2, 5, 3, 255, 255, 255];
        }
    }

    private static void Establish(BgpMachineWorld world, ref StoryReader story)
    {
        var kind = story.Next();
        var mode = (kind & 2) != 0 ? AddPathMode.Both : AddPathMode.None;
        var families = (kind & 1) != 0 ? Families[..4] : Families[..1];
        world.Say(world.Open(BgpMachineWorld.HostileAs, 9, new Capabilities
        {
            Families = families, FourOctetAs = (kind & 4) != 0 ? null : BgpMachineWorld.HostileAs, RouteRefresh = true, EnhancedRouteRefresh = (kind & 8) == 0, ExtendedMessage = (kind & 16) == 0,
            AddPath = mode == AddPathMode.None ? [] : [.. families.Select(f => new AddPathFamily(f, mode))], ExtendedNextHop = [new(Family.Ipv4Unicast, 2)],
            GracefulRestart = (kind & 32) != 0 ? null : new GracefulRestart((kind & 128) != 0, (kind & 64) != 0, 60, [.. families.Select(f => new RestartFamily(f, (kind & 128) != 0))]),
        }));
        world.Say(world.Keepalive());
    }

    private static void Update(BgpMachineWorld world, ref StoryReader story) => world.Say(Good(story.Next(), story.Next()));

    // A good message with some octets changed, none of them in the marker.
    private static void Mutated(BgpMachineWorld world, ref StoryReader story)
    {
        var message = Good(story.Next(), story.Next());
        for (var changes = 1 + story.Next() % 4; changes > 0; changes--) message[16 + story.Next() % (message.Length - 16)] = story.Next();
        world.Say(message);
    }

    private static void Attempt(BgpMachineWorld world, ref StoryReader story)
    {
        if (world.IsAsked && (story.Next() & 1) == 0) world.Connect("192.0.2.9", BgpMachineWorld.Hostile);
        else world.Step(new ConnectionFailed(BgpMachineWorld.Hostile, "refused"));
    }

    private static void Refresh(BgpMachineWorld world, ref StoryReader story)
    {
        var buffer = new byte[RouteRefreshMessage.Size];
        new RouteRefreshMessage(Families[story.Next() % Families.Length], (RefreshSubtype)(story.Next() % 4)).Write(buffer);
        world.Say(buffer);
    }

    private static void Flood(BgpMachineWorld world, ref StoryReader story)
    {
        var count = story.Next() * 8;
        var messages = new List<byte>();
        for (var i = 0; i < count; i++) messages.AddRange(Good((byte)i, (byte)(i >> 8)));
        world.Say([.. messages]);
    }

    private static byte[] Good(byte kind, byte which)
    {
        var family = Families[kind % 4];
        var buffer = Buffer;
        var attributes = new PathAttributes
        {
            NextHop = IPAddress.Parse(family.Afi == 2 ? "2001:db8::9" : "192.0.2.9"), AsPath = [new AsSegment(2, [BgpMachineWorld.HostileAs, which + 1u])], Med = kind, Communities = [kind],
            ExtendedCommunities = [0x0002_fde9_0000_0001],
        };
        Nlri[] nlri = [new(new Prefix((ulong)(10 << 24 | which << 16 | kind << 8) << 32, 0, family.Safi == 132 ? (byte)96 : (byte)24), family.IsVpn ? 0x0000_fde9_0000_0001UL : 0)];
        var options = new WriteOptions { FourOctetAs = true };
        var length = (kind & 64) != 0 ? UpdateWriter.EndOfRib(buffer, family)
            : (kind & 128) != 0 ? UpdateWriter.Withdraw(buffer, options, family, nlri).Octets : Writer.Announce(buffer, options, family, attributes, nlri).Octets;
        return buffer[..length];
    }

    private static byte[] Message(MessageType type, byte[] body)
    {
        var message = new byte[MessageHeader.Size + body.Length];
        body.CopyTo(message, MessageHeader.Size);
        MessageHeader.Write(message, type);
        BinaryPrimitives.WriteUInt16BigEndian(message.AsSpan(16), (ushort)message.Length);
        return message;
    }
}
