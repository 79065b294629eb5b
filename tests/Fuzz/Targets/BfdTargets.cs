using System.Net;
using Appliance.Bfd;
using Appliance.Fuzz.Engine;
using Appliance.Machine;

namespace Appliance.Fuzz.Targets;

/// <summary>BFD: the decoder, and the machine under a story of packets and times.</summary>
internal static class BfdTargets
{
    private const int MostPackets = 64;
    private static readonly BfdPath Single = new(IPAddress.Loopback, IPAddress.Parse("192.0.2.1"), IsMultihop: false);
    private static readonly BfdPath Multi = Single with { IsMultihop = true };

    public static IReadOnlyList<FuzzTarget> List { get; } =
    [
        new("bfd-packet", Packet) { MaximumLength = 128, MoreSeeds = Seeds },
        new("bfd-machine", Story) { MaximumLength = 1024, AllocationLimit = 4 << 20, MoreSeeds = Stories },
    ];

    private static void Packet(Span<byte> octets)
    {
        var problem = ControlPacket.TryRead(octets, out var packet);
        if (problem != PacketProblem.None) return;
        Claim.That(packet.DetectMult != 0 && packet.MyDiscriminator != 0, "checked fields");
        if (packet.IsAuthenticated) return;
        Span<byte> written = stackalloc byte[ControlPacket.Octets];
        packet.Write(written);
        written[3] = octets[3];
        Claim.That(octets[..ControlPacket.Octets].SequenceEqual(written), "what is written is what was read");
    }

    // Of each piece the first octet says how much time passes, whether on a multihop session, and whether the discriminator is put right; the rest is the packet.
    private static void Story(Span<byte> octets)
    {
        var machine = new BfdMachine();
        var entropy = new Entropy(new byte[Entropy.SeedLength]);
        var actions = new List<BfdAction>();
        var now = new Instant(0);
        foreach (var path in (BfdPath[])[Single, Multi]) machine.Step(new StepContext(now, entropy), new BfdSessionWanted(path.IsMultihop ? "m" : "s", path, new BfdIntervals(10, 10, 1)), actions);
        var ours = machine.Status(now).ToDictionary(s => s.Path.IsMultihop, s => s.Discriminator);
        for (var count = 0; count < MostPackets && !octets.IsEmpty; count++)
        {
            var how = octets[0];
            var piece = octets.Slice(1, Math.Min(ControlPacket.Octets, octets.Length - 1)).ToArray();
            octets = octets[(1 + piece.Length)..];
            now = now.Plus(1L << (how & 15));
            var isMultihop = (how & 16) != 0;
            if ((how & 32) != 0 && piece.Length >= 12) System.Buffers.Binary.BinaryPrimitives.WriteUInt32BigEndian(piece.AsSpan(8), ours[isMultihop]);
            actions.Clear();
            machine.Step(new StepContext(now, entropy), new BfdPacketReceived(isMultihop ? Multi : Single, 255, piece), actions);
            machine.Step(new StepContext(now, entropy), BfdTimePassed.Event, actions);
            Claim.That(actions.OfType<BfdSend>().Count() <= 6, "an event leads to few packets");
            Claim.That(machine.NextDue > now, "time goes on");
            Claim.That(machine.Status(now).Count == 2, "a packet makes no session and ends none");
        }
    }

    private static IEnumerable<byte[]> Seeds()
    {
        foreach (var state in Enum.GetValues<BfdState>())
        {
            var octets = new byte[ControlPacket.Octets];
            new ControlPacket { State = state, DetectMult = 3, IsPoll = state == BfdState.Up, MyDiscriminator = 7, DesiredMinTxInterval = 50_000, RequiredMinRxInterval = 50_000 }.Write(octets);
            yield return octets;
            octets[1] |= 4;
            octets[3] = 28;
            yield return [.. octets, 1, 4, 0, 0];
        }
    }

    private static IEnumerable<byte[]> Stories()
    {
        var packets = Seeds().Where((_, i) => i % 2 == 0).ToList();
        foreach (var first in packets)
        {
            foreach (var second in packets) yield return [32, .. first, 36, .. second, 36, .. packets[3], 42, .. packets[0], 33, .. first];
        }
    }
}
