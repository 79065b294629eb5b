using System.Buffers.Binary;
using Appliance.Fuzz.Engine;
using Appliance.Ike;
using Appliance.Ike.Groups;
using Appliance.Ike.Keys;
using Appliance.Ike.Machine;
using Appliance.Ike.Messages;

namespace Appliance.Fuzz.Targets;

/// <summary>What holds after every step of a machine, whatever came in.</summary>
internal sealed class IkeMachineClaims
{
    public const int HalfOpenMaximum = 16;
    private const int MostIkeSas = HalfOpenMaximum + 24;
    private const int MostChildren = 600;
    private const int MostActions = 2048;
    private const int MostContext = 128 * 1024;
    private readonly Dictionary<(ulong, ulong, ulong), byte[]> ivs = [];
    private readonly Dictionary<(string Key, uint SenderId), string> senders = [];
    private readonly HashSet<string> keys = [];
    private readonly HashSet<IkeKeys> known = [];
    private readonly List<string> texts = [];
    private bool knowsSenderIds = true;

    /// <summary>Kinds of lines that were logged.</summary>
    public HashSet<string> LogKeys { get; } = [];

    public void After(IkeMachine machine, IReadOnlyList<IkeAction> actions)
    {
        Claim.That(actions.Count <= MostActions, $"{actions.Count} actions of one step");
        Claim.That(machine.HalfOpen.Count <= HalfOpenMaximum, $"{machine.HalfOpen.Count} half-open IKE SAs");
        Claim.That(machine.All.Count <= MostIkeSas, $"{machine.All.Count} IKE SAs of two peers");
        Claim.That(machine.AllChildren.Count() <= MostChildren, "more children than anybody may have");
        foreach (var sa in machine.All)
        {
            Claim.That(sa.Waiting.Count() <= Tuning.MostWaiting, "too many exchanges wait");
            Claim.That(sa.State != IkeSaState.Dead, "a dead IKE SA is kept");
            Claim.That(sa.Children.All(c => machine.FindChild(c.InboundSpi) is { } found && found.Child == c), "a child that the machine does not find");
            if (sa.Keys is { } of && known.Add(of)) Know(of, sa);
        }

        foreach (var group in machine.Servers.Groups)
        {
            Claim.That(group.Sas.Count <= Tuning.MostGroupSas, $"{group.Sas.Count} SAs of a group");
            Claim.That(group.Members.Count <= MostIkeSas, $"{group.Members.Count} registrations");
            if (knowsSenderIds) foreach (var sa in group.Sas) Senders(group, sa);
        }

        foreach (var action in actions)
        {
            if (action is SendDatagram send) Sent(send.Octets);
            else if (action is WriteLog log)
            {
                texts.Add(log.Text);
                LogKeys.Add(log.Key);
            }
            else if (action is SaveContext save) Claim.That(save.Context.Length <= MostContext, $"a context of {save.Context.Length} octets");
            else if (action is InstallGroupSa group) keys.Add(Text(group.Key.Octets));
            else if (action is InstallChild install) keys.UnionWith([Text(install.InboundKey.Octets), Text(install.OutboundKey.Octets)]);
        }
    }

    /// <summary>No line of the log held the beginning of a key.</summary>
    public void AtTheEnd(params byte[][] shared)
    {
        keys.UnionWith(shared.Select(s => Text(s)));
        foreach (var text in texts.Where(t => t.Length > 16))
            Claim.That(!keys.Any(k => text.Contains(k, StringComparison.OrdinalIgnoreCase)), "a key in the log: " + text);
    }

    /// <summary>What an IKE SA sent counts no more.</summary>
    public void ForgetIvs(ulong spi)
    {
        foreach (var used in ivs.Keys.Where(k => k.Item1 == spi || k.Item2 == spi).ToArray()) ivs.Remove(used);
    }

    /// <summary>The kept state that says which are free was damaged.</summary>
    public void ForgetSenderIds() => knowsSenderIds = false;

    /// <summary>Under one key a Sender-ID belongs to one sender.</summary>
    private void Senders(ServedGroup group, MultiPointSa sa)
    {
        var key = Convert.ToHexString([.. sa.SkD.Octets, .. sa.Nonce]);
        keys.Add(Text(sa.SkD.Octets));
        foreach (var id in sa.OwnSenderIds) Claim.That(senders.TryAdd((key, id), "gateway") || senders[(key, id)] == "gateway", $"Sender-ID {id} is the gateway's and {senders[(key, id)]}'s");
        foreach (var member in group.Members)
        {
            var owner = member.Sa.RemoteIdentity!.ToString();
            foreach (var id in member.Of(sa.Number)?.SenderIds ?? []) Claim.That(senders.TryAdd((key, id), owner) || senders[(key, id)] == owner, $"Sender-ID {id} is {owner}'s and {senders[(key, id)]}'s");
        }
    }

    private void Know(IkeKeys of, IkeSa sa)
    {
        var exported = of.Export(sa.InitiatorSpi, sa.ResponderSpi);
        keys.UnionWith([Text(exported.EncryptionInitiator.Octets), Text(exported.EncryptionResponder.Octets)]);
        foreach (var secret in (Crypto.Secret[])[exported.EncryptionInitiator, exported.EncryptionResponder, exported.IntegrityInitiator, exported.IntegrityResponder]) secret.Dispose();
    }

    /// <summary>All suites here are AES-GCM: the same IV under the same keys may only be the same message again.</summary>
    private void Sent(byte[] octets)
    {
        Claim.That(HeaderCodec.TryRead(octets, out var header, out var error), $"a message of ours is malformed: {error.Detail}");
        if (header.NextPayload is not (PayloadType.Encrypted or PayloadType.EncryptedFragment)) return;
        var iv = BinaryPrimitives.ReadUInt64BigEndian(octets.AsSpan(IkeHeader.Size + (header.NextPayload == PayloadType.Encrypted ? 4 : 8)));
        var key = (header.InitiatorSpi, header.ResponderSpi, iv);
        if (!ivs.TryAdd(key, octets)) Claim.That(ivs[key].AsSpan().SequenceEqual(octets), "an IV twice under the same key");
    }

    private static string Text(ReadOnlySpan<byte> key) => Convert.ToHexStringLower(key[..6]);
}
