using Appliance.Fuzz.Engine;
using Appliance.Ike;
using Appliance.Ike.Messages;

namespace Appliance.Fuzz.Targets;

/// <summary>The IKE machine: an input is a story, an octet for each thing that happens and more where it needs them.</summary>
internal static class IkeMachineTargets
{
    private const int MostHappenings = 48;

    private static readonly long[] Times = [1, 10, 500, 1000, 2000, 3000, 5000, 15_001, 30_001, 61_000, 121_000, 300_000, 3_600_000];

    private delegate void Happening(IkeMachineWorld world, ref StoryReader story);

    private static readonly Happening[] Happenings =
    [
        (w, ref s) => w.Deliver(w.ToGateway, w.Gateway),
        (w, ref s) => w.Deliver(w.ToInsider, w.Insider),
        (w, ref s) => w.Settle(),
        (w, ref s) => w.Pass(Times[s.Next() % Times.Length]),
        (w, ref s) => IkeMachineMischief.OnTheWay(w, ref s),
        (w, ref s) => IkeMachineMischief.Inside(w, ref s),
        (w, ref s) => IkeMachineMischief.Forge(w, ref s),
        (w, ref s) => IkeMachineMischief.Flood(w, ref s),
        (w, ref s) => IkeMachineMischief.News(w.Gateway, w, ref s),
        (w, ref s) => IkeMachineMischief.News(w.Insider, w, ref s),
        (w, ref s) => w.Gateway.HoldsWork = !w.Gateway.HoldsWork,
        (w, ref s) => IkeMachineMischief.Work(w.Gateway, ref s),
        (w, ref s) => IkeMachineMischief.Restart(w, ref s),
        (w, ref s) => IkeMachineMischief.Context(w, ref s),
        (w, ref s) => w.Gateway.Step(new ConfigurationChanged(IkeMachineWorld.OfGateway(s.Next()))),
    ];

    public static IReadOnlyList<FuzzTarget> List { get; } =
    [
        new("ike-machine", Run) { MaximumLength = 512, AllocationLimit = 256 * 1024 * 1024, TimeLimit = 20_000, LeastExecutions = 1, MoreSeeds = Seeds },
    ];

    /// <summary>What happens, one after the other; after each, no promise is broken (<see cref="IkeMachineClaims"/>).</summary>
    public static void Run(Span<byte> octets) => Tell(octets);

    /// <summary>The same, and what is there in the end.</summary>
    public static IkeMachineWorld Tell(ReadOnlySpan<byte> octets)
    {
        var world = new IkeMachineWorld();
        var story = new StoryReader(octets);
        for (var count = 0; count < MostHappenings && !story.IsOver; count++)
        {
            Happenings[story.Next() % Happenings.Length](world, ref story);
            world.Collect();
        }

        world.CheckAtTheEnd();
        return world;
    }

    public static IEnumerable<byte[]> Seeds()
    {
        // Rekeying, deletion, more children and IKE SAs, from either side; undisturbed, on the way, and from within.
        for (byte side = 8; side <= 9; side++)
        {
            for (byte news = 0; news < 15; news++)
            {
                yield return [side, news, 0, 2, 3, 4, 2];
                yield return [side, news, 0, 4, 0, 7, 0, 3, 3, 2];
                yield return [side, news, 0, 5, 2, 1, 30, 0x80, 3, 40, 1, 0, 1, 2];
                yield return [8, news, 0, 9, news, 1, 0, 1, 0, 1, 2, 3, 3, 2];
                yield return [10, side, news, 0, 2, 11, 1, 0, 11, 2, 0, 10, 2];
            }
        }

        for (byte kind = 0; kind < 16; kind++)
        {
            yield return [6, kind, 3, 0, 16, 0, 0, 0, 8, 1, 0, 64, 8, 0, 0, 0, 8, 0, 0, 64, 9, 2];
            yield return [9, 2, 0, 1, 0, 6, kind, 2, 1, 4, 9, 1, 1, 2];
            yield return [12, kind, 2, 3, 4, 2, 13, kind, 5, 6, 7, 2];
        }

        yield return [7, 40, 1, 7, 40, 2, 7, 40, 3, 3, 8, 2];
        yield return [12, 2, 0, 0, 0, 12, 2, 0, 0, 2];
    }

    /// <summary>Octets of a story; zeros behind its end.</summary>
    internal ref struct StoryReader(ReadOnlySpan<byte> octets)
    {
        private ReadOnlySpan<byte> rest = octets;

        public readonly bool IsOver => rest.IsEmpty;

        public byte Next()
        {
            if (rest.IsEmpty) return 0;
            var octet = rest[0];
            rest = rest[1..];
            return octet;
        }

        public ushort Next16() => (ushort)((Next() << 8) | Next());

        public byte[] Take(int count)
        {
            var taken = rest[..Math.Min(count, rest.Length)].ToArray();
            rest = rest[taken.Length..];
            return taken;
        }
    }
}
