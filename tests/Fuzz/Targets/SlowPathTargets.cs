using Appliance.Fuzz.Engine;
using Appliance.SlowPath.Api;
using Appliance.SlowPath.Netlink;
using Appliance.SlowPath.Sas;

namespace Appliance.Fuzz.Targets;

/// <summary>What the slow path reads besides its configuration: the kernel's messages, and bodies of requests.</summary>
internal static class SlowPathTargets
{
    private static readonly string[] Names =
        ["tunnel", "direction", "spi", "cipher", "key", "esn", "replay_window", "worker", "soft_sequence", "hard_sequence", "lifetime_seconds", "inbound", "outbound", "retire_seconds"];

    private static readonly string[] Words =
    [
        .. Names.Select(n => $"\"{n}\":"), "{", "}", "[", "]", ",", "null", "true", "false", "-1", "1e400", "4294967296", "18446744073709551616", "\"aes-128-gcm\"", "\"outbound\"", "\"inbound\"",
        "\"\\u0030\"", "\"000102030405060708090a0b0c0d0e0f10111213\"", "\"zz\"", "\"\\ud800\"", "//", "\"spi\":256",
    ];

    public static IReadOnlyList<FuzzTarget> List { get; } =
    [
        new("netlink", Netlink) { MaximumLength = 4096, AllocationLimit = 1 << 18 },
        new("api-keys", Keys) { MaximumLength = 2048, AllocationLimit = 1 << 18, Words = Words },
    ];

    private static void Netlink(Span<byte> octets)
    {
        var mirror = new KernelMirror();
        var reader = new NetlinkReader(octets);
        var messages = 0;
        while (reader.TryNext(out var message))
        {
            Claim.That(++messages <= octets.Length / 16, "the messages end");
            if (KernelChange.TryParse(message, out var change)) mirror.Apply(change);
        }
    }

    private static void Keys(Span<byte> octets)
    {
        try
        {
            var body = SaBody.Read(octets, Names);
            _ = (body.Outbound ?? body).ToRequest(body, "t", true);
        }
        catch (RefusedException refused)
        {
            Claim.That(refused.Message.Length > 0, "says why");
            // A key that stands under another name is a word like any other there.
            Claim.That(!refused.Message.Contains("'key'", StringComparison.Ordinal) || !refused.Message.Contains("0c0d0e0f", StringComparison.Ordinal), "never shows a key");
        }
    }
}
