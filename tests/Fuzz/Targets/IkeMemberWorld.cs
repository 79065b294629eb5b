using System.Net;
using Appliance.Crypto;
using Appliance.Fuzz.Engine;
using Appliance.Ike;
using Appliance.Ike.Machine;
using Appliance.Ike.Messages;
using Appliance.Ike.Recording;
using Appliance.Machine;
using static Appliance.Fuzz.Targets.IkeMachineTargets;

namespace Appliance.Fuzz.Targets;

/// <summary>A member of a group whose gateway is hostile. After every step: no Sender-ID is put to use twice under one key, nothing is sent by what is not there, what is kept is bounded, no timer fires for ever.</summary>
internal sealed class IkeMemberWorld
{
    public static readonly (EncryptionChoice, IntegrityTransform, PrfAlgorithm)[] Ciphers =
    [
        (new(EncryptionTransform.AesGcm16, 256), IntegrityTransform.None, PrfAlgorithm.HmacSha256),
        (new(EncryptionTransform.AesGcm16, 128), IntegrityTransform.None, PrfAlgorithm.HmacSha1),
        (new(EncryptionTransform.ChaCha20Poly1305, 0), IntegrityTransform.None, PrfAlgorithm.HmacSha512),
        (new(EncryptionTransform.AesCbc, 256), IntegrityTransform.HmacSha256Bits128, PrfAlgorithm.HmacSha384),
    ];

    private const int MostContext = 64 * 1024;
    private static readonly long[] Times = [1, 500, 1000, 5000, 10_000, 30_000, 61_000, 600_000, 3_600_000];
    private static readonly Entropy Entropy = new(new byte[Entropy.SeedLength]);
    private readonly IkeMachineNode member, gateway;
    private readonly Dictionary<(string Group, uint Spi), GroupSa> plane = [];
    private readonly Dictionary<(string Group, uint Spi), string> keys = [];
    private readonly HashSet<(string Key, uint Id)> used = [];
    private readonly HashSet<ulong> cancelled = [];
    private int configuration;
    private bool isDamaged;

    public IkeMemberWorld()
    {
        var agreements = new Agreements();
        member = new IkeMachineNode("member", IPAddress.Parse("192.0.2.1"), agreements, (_, actions) => After(actions));
        gateway = new IkeMachineNode("gateway", IPAddress.Parse("198.51.100.1"), agreements);
        gateway.Restart(new IkeConfiguration { Peers = [Peer(gateway, member)], Groups = [new IkeGroup { Name = "elsewhere", Gateways = ["nobody"] }] }, keeps: false);
        member.Restart(Configuration(), keeps: false);
        member.Step(new OperatorAsked(1, OperatorVerb.Up, "gateway"));
        Settle();
        Claim.That(Sa is not null, "there is no IKE SA to begin with");
    }

    private IkeSa? Sa => gateway.Machine.All.FirstOrDefault(s => s is { State: IkeSaState.Established, Successor: null, Keys: not null });

    public static MpsaPut Put(uint spi, byte key, EncryptionChoice encryption, IntegrityTransform integrity, PrfAlgorithm prf, uint[] senderIds, string? group, uint life, uint first, uint second) => new()
    {
        Spi = spi, Encryption = encryption, Integrity = integrity, Prf = prf, Nonce = [.. Enumerable.Repeat(key, 32)], SkD = new Secret([.. Enumerable.Repeat(key, Prf.OutputLength(prf))]),
        SenderIdBits = senderIds.Length > 0 ? 20 : 0, SenderIds = senderIds, Group = group, LifetimeSeconds = life, Rollover1Seconds = first, Rollover2Seconds = second,
    };

    /// <summary>One thing happens.</summary>
    public void Happen(ref StoryReader story)
    {
        switch (story.Next() % 8)
        {
            case 0:
                Hand(ref story);
                break;
            case 1:
                Pass(Times[story.Next() % Times.Length]);
                break;
            case 2:
                var (which, hard) = (story.Next(), (story.Next() & 1) != 0);
                member.Step(new GroupExpires((which & 0x80) == 0 ? "mesh" : "second", plane.Keys.Select(k => k.Spi).Order().ElementAtOrDefault(which % 8), hard));
                break;
            case 3:
                configuration = story.Next();
                member.Step(new ConfigurationChanged(Configuration()));
                break;
            case 4:
                Restart(story.Next(), story.Next());
                break;
            case 5:
                member.HoldsWork = !member.HoldsWork;
                break;
            case 6:
                Work(story.Next());
                break;
            default:
                Say([new NotifyPayload((ProtocolId)story.Next(), story.Take(4), NotifyType.MpsaPut, story.Take(story.Next()))]);
                break;
        }

        Settle();
    }

    /// <summary>Everything that lives ends at the latest with its lifetime, and no context is left of it.</summary>
    public void CheckAtTheEnd()
    {
        member.HoldsWork = false;
        while (member.Held.Count > 0) Work(1);
        Settle();
        member.Step(new ConfigurationChanged(Configuration() with { Groups = [] }));
        Claim.That(plane.Count == 0 || isDamaged, "an SA of no group is left");
        Claim.That(!member.Contexts.Keys.Any(k => k <= uint.MaxValue), "a context of no group is left");
    }

    private void Hand(ref StoryReader story)
    {
        var (which, key, ids, kind, life, first, second) = (story.Next(), story.Next(), story.Next(), story.Next(), story.Next(), story.Next(), story.Next());
        var (encryption, integrity, prf) = Ciphers[(kind >> 2) % Ciphers.Length];
        using var put = Put(0x1000 + (which & 15u), (byte)((which & 15) + (16 * (key & 7))), encryption, integrity, prf, (kind & 0x80) != 0 ? [] : [ids, ids + 1u],
            (which >> 4) switch { 1 => "mesh", 2 => "second", 3 => "other", _ => null }, life * 10u, first, second);
        Say([MpsaPutCodec.Write(put)]);
    }

    private void Say(IReadOnlyList<Payload> payloads)
    {
        if (Sa is not { } sa || member.Machine.Find(sa.RemoteSpi) is not { } theirs) return;
        var header = new IkeHeader(sa.InitiatorSpi, sa.ResponderSpi, 0, IkeHeader.Version2, ExchangeType.Informational, sa.IsInitiator ? HeaderFlags.Initiator : 0, theirs.ExpectedRequestId, 0);
        var inside = PayloadWriter.Write(payloads, out var type);
        member.Step(new DatagramReceived(new IPEndPoint(member.Address, 4500), new IPEndPoint(gateway.Address, 4500), sa.Keys!.Seal(sa.IsInitiator, header, type, inside, Entropy)));
        if (!sa.AwaitsResponse) sa.NextRequestId = theirs.ExpectedRequestId;
    }

    private void Work(byte kind)
    {
        if (member.Held.Count == 0) return;
        var work = member.Held[kind % member.Held.Count];
        member.Held.Remove(work);
        if (work is InstallGroupSa install && (kind % 3 == 0 || cancelled.Contains(install.Token)))
        {
            install.Key.Dispose();
            member.Step(kind % 2 == 0 ? new WorkRefused(work.Token) : new GroupInstalled(work.Token, "the fuzzer does not want it"));
            return;
        }

        Installing(work);
        member.Step(member.Result(work));
    }

    /// <summary>The member's process dies and another one finds what was kept, perhaps damaged.</summary>
    private void Restart(byte at, byte value)
    {
        if (value > 1 && member.Contexts.FirstOrDefault(c => c.Key <= uint.MaxValue) is { Value: { Length: > 0 } context, Key: var id })
        {
            if ((value & 1) != 0) context = context[..(at % context.Length)];
            else context[at % context.Length] ^= value;
            member.Contexts[id] = context;
            // What is damaged may say anything: from then on nothing is claimed but that nothing is thrown and all is bounded.
            isDamaged = true;
        }

        // What had ended was known to the process alone.
        used.RemoveWhere(u => !keys.ContainsValue(u.Key));
        member.Restart(Configuration(), keeps: true);
    }

    private void After(IReadOnlyList<IkeAction> actions)
    {
        foreach (var action in actions)
        {
            switch (action)
            {
                case InstallGroupSa install when !member.HoldsWork:
                    Installing(install);
                    break;
                case ActivateGroupSa activate:
                    Claim.That(plane.ContainsKey((activate.Group, activate.Spi)) || isDamaged, "sent by what is not there");
                    break;
                case RemoveGroupSa remove:
                    plane.Remove((remove.Group, remove.Spi));
                    keys.Remove((remove.Group, remove.Spi));
                    // What is removed while it is installed is not installed.
                    cancelled.UnionWith(member.Held.OfType<InstallGroupSa>().Where(i => i.Sa.Group == remove.Group && i.Sa.Spi == remove.Spi).Select(i => i.Token));
                    break;
                case SaveContext { Id: <= uint.MaxValue } save:
                    Claim.That(save.Context.Length <= MostContext, $"a context of {save.Context.Length} octets");
                    break;
            }
        }

        Claim.That(plane.Count <= 4 * Tuning.MostSasOfGateway, $"{plane.Count} SAs of one gateway");
    }

    private void Installing(WorkAction work)
    {
        if (work is not InstallGroupSa install || install.Key.IsDisposed) return;
        var key = Convert.ToHexString(install.Key.Octets);
        install.Key.Dispose();
        var isSame = plane.TryGetValue((install.Sa.Group, install.Sa.Spi), out var present) && present.SenderIds.SequenceEqual(install.Sa.SenderIds);
        Claim.That(install.Sa.LifetimeMilliseconds > 0 && (install.Sa.SenderIds.Count >= 2 || install.Sa.Encryption.Transform == EncryptionTransform.AesCbc), "an SA that cannot be used");
        foreach (var id in install.Sa.SenderIds) Claim.That(used.Add((key, id)) || isSame || isDamaged, $"Sender-ID {id} twice under one key");
        plane[(install.Sa.Group, install.Sa.Spi)] = install.Sa;
        keys[(install.Sa.Group, install.Sa.Spi)] = key;
    }

    private void Pass(long milliseconds)
    {
        var end = member.Now.Plus(milliseconds);
        for (var count = 0; ; count++)
        {
            Claim.That(count < 5000, "timers fire without end");
            var due = member.Machine.NextDue <= gateway.Machine.NextDue ? member.Machine.NextDue : gateway.Machine.NextDue;
            if (due > end) break;
            if (due > member.Now) (member.Now, gateway.Now) = (due, due);
            foreach (var node in (IkeMachineNode[])[member, gateway]) if (node.Machine.NextDue <= node.Now) node.Step(TimePassed.Event);
            Settle();
        }

        (member.Now, gateway.Now) = (end, end);
    }

    private void Settle()
    {
        for (var count = 0; member.Outbox.Count + gateway.Outbox.Count > 0; count++)
        {
            Claim.That(count < 2000, "they never stop to talk");
            if (member.Outbox.TryDequeue(out var sent)) gateway.Step(new DatagramReceived(sent.Remote, sent.Local, sent.Octets));
            if (gateway.Outbox.TryDequeue(out sent)) member.Step(new DatagramReceived(sent.Remote, sent.Local, sent.Octets));
        }
    }

    private IkeConfiguration Configuration() => new()
    {
        Peers = [Peer(member, gateway)],
        Groups = (configuration % 4) switch
        {
            0 => [Group("mesh"), Group("second")],
            1 => [Group("mesh") with { Senders = 3 }],
            2 => [Group("second")],
            _ => [Group("mesh") with { Gateways = ["nobody", "gateway"] }],
        },
    };

    private static IkeGroup Group(string name) => new() { Name = name, Gateways = ["gateway"], Senders = 2 };

    private static IkePeer Peer(IkeMachineNode self, IkeMachineNode other) => new()
    {
        Name = "gateway", Local = [self.Address], Remote = [other.Address], LocalIdentity = Identity.Fqdn($"{self.Address}.example"), RemoteIdentity = IdentityPattern.Exactly(Identity.Fqdn($"{other.Address}.example")),
        SharedKey = StandIns.Key(1), Childless = true, RekeySeconds = 0,
        Proposals = [new() { Encryption = [new(EncryptionTransform.AesGcm16, 256)], Prf = [PrfAlgorithm.HmacSha256], KeyExchange = [KeyExchangeMethod.Curve25519] }],
    };
}
