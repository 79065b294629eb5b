using Appliance.Fuzz.Engine;
using Appliance.Ike.Keys;
using Appliance.Ike.Messages;

namespace Appliance.Fuzz.Targets;

/// <summary>Multi-point SAs as a gateway hands them out: the octets of N(MPSA_PUT), and a member to which everything is said that its gateway should never say.</summary>
internal static class IkeGroupTargets
{
    public static IReadOnlyList<FuzzTarget> List { get; } =
    [
        new("ike-mpsa-put", Put) { MaximumLength = 4096, AllocationLimit = 1 << 21, MoreSeeds = Puts },
        new("ike-member", Tell) { MaximumLength = 512, AllocationLimit = 256 * 1024 * 1024, TimeLimit = 20_000, LeastExecutions = 1, MoreSeeds = Stories },
    ];

    /// <summary>Protocol, SPI, data. What is taken can be used as it is, and comes back when it is written.</summary>
    private static void Put(Span<byte> octets)
    {
        if (octets.Length < 5) return;
        var notify = new NotifyPayload((ProtocolId)octets[0], octets[1..5].ToArray(), NotifyType.MpsaPut, octets[5..].ToArray());
        if (!MpsaPutCodec.TryRead(notify, out var put, out var error))
        {
            Claim.That(error.Reason is MpsaRefusal.Malformed or MpsaRefusal.NotSupported && error.Detail.Length > 0, "says why");
            return;
        }

        using (put)
        {
            Claim.That(put.Spi > 255 && put.Nonce.Length is >= 16 and <= 256 && put.SkD.Length == Crypto.Prf.OutputLength(put.Prf), "keys can be made");
            Claim.That(put.SenderIds.Count <= MultipointNumbers.MaximumSenderIds && put.SenderIds.All(id => id >> put.SenderIdBits == 0) && put.SenderIds.Distinct().Count() == put.SenderIds.Count, "Sender-IDs fit");
            Claim.That(put.Group is null || put.Group.Length > 0 && !put.Group.Any(char.IsControl), "a name that can be logged");
            using var keymat = MultipointKeys.Derive(put);
            var written = MpsaPutCodec.Write(put);
            Claim.That(MpsaPutCodec.TryRead(written, out var again, out _), "what was written is read");
            using (again) Claim.That(written.Data.AsSpan().SequenceEqual(MpsaPutCodec.Write(again!).Data), "and is the same");
        }
    }

    private static IEnumerable<byte[]> Puts()
    {
        foreach (var (encryption, integrity, prf) in IkeMemberWorld.Ciphers)
        {
            using var put = IkeMemberWorld.Put(0x1001, 1, encryption, integrity, prf, [1, 2, 3], "mesh", 3600, 30, 90);
            var notify = MpsaPutCodec.Write(put);
            yield return [(byte)notify.Protocol, .. notify.Spi, .. notify.Data];
        }

        // The draft's figure: no Sender-IDs, no group, the lifetime's attribute in all times.
        yield return Convert.FromHexString("03c0ffee01" + "0000009401030408c0ffee01" + "0300000c0100000c800e0100" + "0300000802000002" + "0300000803000002"
            + "0300001cf100000140000010101112131415161718191a1b1c1d1e1f" + "03000020f200000140010014a0a1a2a3a4a5a6a7a8a9aaabacadaeafb0b1b2b3"
            + "03000010f30000014002000400000e10" + "03000010f4000001400200040000001e" + "00000010f5000001400200040000005a");
    }

    /// <summary>An octet for each thing that happens, and more where it needs them.</summary>
    private static void Tell(Span<byte> octets)
    {
        var world = new IkeMemberWorld();
        var story = new IkeMachineTargets.StoryReader(octets);
        for (var count = 0; count < 48 && !story.IsOver; count++) world.Happen(ref story);
        world.CheckAtTheEnd();
    }

    private static IEnumerable<byte[]> Stories()
    {
        // Handed out, handed out again, a rollover, fresh Sender-IDs, another key, time, news of the data plane, restarts, configurations.
        yield return [0, 0x11, 0, 1, 0, 60, 0, 0, 0, 0x12, 0, 5, 1, 60, 10, 30, 1, 4, 1, 6, 1, 7];
        yield return [0, 0x11, 0, 1, 0, 60, 0, 0, 0, 0x11, 0, 9, 0, 60, 0, 0, 0, 0x11, 0, 1, 0, 60, 0, 0];
        yield return [0, 0x11, 0, 1, 0, 60, 0, 0, 0, 0x11, 1, 1, 0, 60, 0, 0, 0, 0x21, 0, 1, 0, 60, 0, 0];
        yield return [0, 0x11, 0, 1, 0, 60, 0, 0, 2, 0, 1, 3, 2, 1, 1, 3, 0, 0x11, 0, 9, 0, 60, 0, 0, 3, 0];
        yield return [0, 0x11, 0, 1, 0, 60, 0, 0, 3, 0, 0, 0x12, 0, 5, 1, 60, 10, 30, 3, 1, 1, 7, 4, 1, 4, 0, 1, 9];
        yield return [5, 0, 0x11, 0, 1, 0, 60, 0, 0, 6, 0, 5, 0, 0x12, 0, 1, 0, 60, 0, 0, 3, 0, 6, 1];
        yield return [7, 3, 40, 0, 0, 16, 1, 1, 2, 3, 4, 5, 6, 0, 0x31, 0, 1, 0, 60, 0, 0, 4, 2, 1, 8];
    }
}
