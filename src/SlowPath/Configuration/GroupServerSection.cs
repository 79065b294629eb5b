using System.Globalization;
using Appliance.Crypto;
using Appliance.Ike;
using Appliance.Ike.Messages;

namespace Appliance.SlowPath.Configuration;

/// <summary>Reads <c>serve:</c> of a group: how a gateway hands out the multi-point SA.</summary>
internal sealed class GroupServerSection(ConfigurationErrors errors)
{
    private const int ShortestLifetime = 10, LongestLifetime = 30 * 86400, LongestRollover = 86400;
    private static readonly string[] OfCounterModes = ["sender_id_bits", "sender_ids"];

    private static readonly (string Word, (EncryptionChoice Encryption, IntegrityTransform Integrity) Value)[] Ciphers =
    [
        .. ProposalWords.Encryption.Where(e => e.Value.Transform is EncryptionTransform.AesGcm16 or EncryptionTransform.ChaCha20Poly1305).Select(e => (e.Word, (e.Value, default(IntegrityTransform)))),
        .. ProposalWords.Encryption.Where(e => e.Value.Transform == EncryptionTransform.AesCbc)
            .SelectMany(e => ProposalWords.Integrity.Where(i => i.Value != IntegrityTransform.HmacSha1Bits96).Select(i => ($"{e.Word}/{i.Word}", (e.Value, i.Value)))),
    ];

    /// <summary>Where the members are named.</summary>
    public IReadOnlyList<YamlText> Members { get; private set; } = [];

    /// <summary>The section; null where there is none. <paramref name="own"/>: Sender-IDs that the gateway itself needs.</summary>
    public GroupServer? Read(YamlNode? node, int own)
    {
        if (node is null) return null;
        var map = new MapReader(node, "serve", errors);
        map.Required("members", "name the PAD entries whose peers are members: members: [sites]");
        Members = map.Texts("members");
        if (map.Node("members") is YamlList { Items.Count: 0 }) map.Wrong("members", "a group without members", "name PAD entries: members: [sites]");
        Once(Members, "members", errors);
        var defaults = new GroupServer();
        var (encryption, integrity) = map.Choice("cipher", (defaults.Encryption, defaults.Integrity), Ciphers);
        var bits = map.Number("sender_id_bits", defaults.SenderIdBits, 8, 24, "bits");
        if (encryption.Transform == EncryptionTransform.AesCbc)
            foreach (var key in OfCounterModes)
                if (map.Node(key) is not null)
                    map.Wrong(key, $"'{key}' with AES-CBC", "its IVs need no Sender-IDs: remove it, or write another cipher");
        var lifetime = map.Seconds("lifetime", defaults.LifetimeSeconds, ShortestLifetime, LongestLifetime);
        if (lifetime == 0) map.Wrong("lifetime", "a multi-point SA without an end", "write 10s to 30d: a short life is what limits a key that many share");
        var (ids, rollover, leave) = (SenderIds(map, bits, own), Rollover(map, "rollover", (defaults.Rollover1Seconds, defaults.Rollover2Seconds), lifetime),
            Rollover(map, "leave_rollover", (defaults.LeaveRollover1Seconds, defaults.LeaveRollover2Seconds), lifetime));
        var server = new GroupServer
        {
            Members = [.. Members.Select(m => m.Text)],
            Excluded = [.. map.Texts("excluded").Select(new IdentityReader(errors).Theirs).OfType<IdentityPattern>()],
            Encryption = encryption,
            Integrity = integrity,
            Prf = map.Choice("prf", defaults.Prf, ("sha256", PrfAlgorithm.HmacSha256), ("sha384", PrfAlgorithm.HmacSha384), ("sha512", PrfAlgorithm.HmacSha512)),
            LifetimeSeconds = lifetime,
            Rollover1Seconds = rollover.First,
            Rollover2Seconds = rollover.Second,
            LeaveRollover1Seconds = leave.First,
            LeaveRollover2Seconds = leave.Second,
            RekeyOnLeave = map.Choice("rekey_on_leave", defaults.RekeyOnLeave, ("never", GroupLeave.Never), ("removal", GroupLeave.Removal), ("departure", GroupLeave.Departure)),
            RekeyOnJoin = map.Flag("rekey_on_join", false),
            SenderIdBits = bits,
            FirstSenderId = ids.First,
            LastSenderId = ids.Last,
        };
        if (server.RekeyOnLeave == GroupLeave.Never) errors.Warn(map.PositionOf("rekey_on_leave"), "a member that is removed keeps the key until the SA's lifetime ends", "write rekey_on_leave: removal");
        map.Done();
        return server;
    }

    /// <summary>Notes a name that stands twice.</summary>
    public static void Once(IReadOnlyList<YamlText> names, string key, ConfigurationErrors errors)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var name in names)
            if (!seen.Add(name.Text))
                errors.Add(name.At, $"'{key}' has '{Spelling.Shorten(name.Text)}' twice", "remove one");
    }

    /// <summary>ROLL1 and ROLL2: sent by after the one, and no longer taken in after the other, which is later (draft-yamaya-ipsecme-mpsa-04 §3.3.1).</summary>
    private (int First, int Second) Rollover(MapReader map, string key, (int First, int Second) otherwise, int lifetime)
    {
        var texts = map.Texts(key);
        var (first, second) = otherwise;
        if (texts.Count is 1 or > 2) map.Wrong(key, $"'{key}' must be two times", $"write {key}: [{otherwise.First}s, {otherwise.Second}s]: send by the new SA after the first, drop the old after the second");
        if (texts.Count == 2) (first, second) = (map.SecondsOf(texts[0], key, first, 0, LongestRollover), map.SecondsOf(texts[1], key, second, 1, LongestRollover));
        var at = texts.Count == 2 ? texts[1].At : map.PositionOf("lifetime");
        if (first >= second) errors.Add(at, $"'{key}': the old SA is gone after {second}s, the new one is used after {first}s", "the second time is the longer one: packets by the old SA are still on their way");
        else if (lifetime > 0 && second >= lifetime) errors.Add(at, $"'{key}': {second}s is not within the lifetime of {lifetime}s", "the old SA is dropped before the new one ends: lower it, or raise 'lifetime'");
        return (first, second);
    }

    private (uint First, uint Last) SenderIds(MapReader map, int bits, int own)
    {
        var most = (1u << bits) - 1;
        if (map.Text("sender_ids") is not { } text) return (1, 0);
        var parts = text.Text.Split('-');
        if (parts.Length != 2 || !Number(parts[0], out var first) || !Number(parts[1], out var last) || first == 0 || first > last)
        {
            errors.Add(text.At, $"'sender_ids: {Spelling.Shorten(text.Text)}' is no range of Sender-IDs", $"write sender_ids: 1-{most}");
            return (1, 0);
        }

        if (last > most) errors.Add(text.At, $"Sender-ID {last} has more than {bits} bits", $"up to {most}, or raise 'sender_id_bits'");
        else if (last - first + 1 < (uint)own + 1) errors.Add(text.At, $"{last - first + 1} Sender-IDs: this gateway itself needs {own}, one for each worker and outer family", "widen the range: members need as many each, and new ones whenever they register");
        return (first, last);
    }

    private static bool Number(string text, out uint number) => uint.TryParse(text.Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out number);
}
