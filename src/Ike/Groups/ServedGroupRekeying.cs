using Appliance.Crypto;
using Appliance.Ike.Keys;
using Appliance.Ike.Machine;
using Appliance.Machine;

namespace Appliance.Ike.Groups;

/// <summary>Which rollover times a new SA has.</summary>
internal enum RekeyKind : byte
{
    /// <summary>The ordinary ones.</summary>
    Ordinary,

    /// <summary>The short ones: somebody who has the key of now is a member no more.</summary>
    Leave,
}

/// <summary>
/// When there is a new SA: at first; before the lifetime of the newest ends; when somebody wants it. Wishes come together: while the newest is younger than
/// <see cref="Tuning.GroupRekeyPause"/>, all that come are met by one more SA at its end; and while <see cref="Tuning.MostGroupSas"/> are in use, the next waits for the end of the oldest.
/// </summary>
internal sealed partial class ServedGroup
{
    private string? wanted, crowded;
    private RekeyKind wantedKind;
    private bool isMaking;
    private Instant notBefore;

    private Instant RekeyDue => isMaking ? Instant.Never : Later(RekeyAt, Later(notBefore, sas.Count < Tuning.MostGroupSas ? notBefore : sas[1].EndsOthersAt));

    private Instant RekeyAt =>
        Newest is not { } newest ? new Instant(0)
        : wanted is not null ? Earlier(LifetimeRekeyAt(newest), newest.CreatedAt.Plus(Tuning.GroupRekeyPause))
        : crowded is not null ? Earlier(LifetimeRekeyAt(newest), newest.CreatedAt.Plus(Tuning.GroupCrowdPause)) : LifetimeRekeyAt(newest);

    /// <summary>Seconds until it is rekeyed because of the lifetime or a wish.</summary>
    public long? RekeySeconds(Instant now) => Group is null ? null : Math.Max(0, RekeyAt - now) / 1000;

    /// <summary>There shall be a new SA. Several wishes at once are one; who is to be shut out hurries all.</summary>
    public void Want(Step step, string reason, RekeyKind kind)
    {
        if (wanted is null || kind > wantedKind) (wanted, wantedKind) = (reason, kind);
        if (kind == RekeyKind.Leave)
        {
            // A process that ends now is followed by one that finds other members than the key was given out by.
            rules = [];
            Save(step);
        }

        Log(step, IkeLogLevel.Information, "group-rekey-wanted", $"a new multi-point SA is wanted: {reason}");
    }

    /// <summary>There shall be a new SA, but because of a single member that asks for it again and again: not at once.</summary>
    private void Crowd(string reason) => crowded ??= reason;

    private void RekeyWhenDue(Step step)
    {
        if (RekeyDue > step.Now) return;
        isMaking = true;
        var prf = Server.Prf;
        step.Actions.Add(new MakeGroupKey(step.NewGroupToken((later, skD) => KeyMade(later, prf, skD)), Prf.OutputLength(prf)));
    }

    /// <summary>
    /// Everybody has the new one before the old one's lifetime ends: a ROLL2 and a tenth (a minute at most) before, but not in the first half of the lifetime.
    /// </summary>
    private Instant LifetimeRekeyAt(MultiPointSa sa)
    {
        var lifetime = sa.ExpiresAt - sa.CreatedAt;
        return sa.CreatedAt.Plus(Math.Max(lifetime / 2, lifetime - (Server.Rollover2Seconds * 1000L) - Math.Min(lifetime / 10, Tuning.GroupRekeyMargin)));
    }

    private void KeyMade(Step step, PrfAlgorithm prf, Secret? skD)
    {
        isMaking = false;
        if (skD is null || Group is null || prf != Server.Prf)
        {
            // No worker has time, or the configuration changed meanwhile: it is asked for again.
            notBefore = step.Now.Plus(Tuning.GroupRekeyPause);
            skD?.Dispose();
            return;
        }

        if (Newest is null) Make(step, skD, "", RekeyKind.Ordinary);
        else Make(step, skD, wanted ?? crowded ?? "lifetime", wanted is null ? RekeyKind.Ordinary : wantedKind);
    }

    private void Make(Step step, Secret skD, string reason, RekeyKind kind)
    {
        var (server, isFirst) = (Server, Newest is null);
        var roll1 = 1000L * (kind == RekeyKind.Leave ? server.LeaveRollover1Seconds : server.Rollover1Seconds);
        var roll2 = 1000L * (kind == RekeyKind.Leave ? server.LeaveRollover2Seconds : server.Rollover2Seconds);
        var sa = new MultiPointSa
        {
            Number = ++LastNumber, Spi = step.NewChildSpi(), Nonce = step.Entropy.Octets(Tuning.NonceLength), SkD = skD,
            Encryption = server.Encryption, Integrity = server.Integrity, Prf = server.Prf, SenderIdBits = SenderIdBitsOf(server),
            FirstSenderId = server.FirstSenderId, LastSenderId = LastSenderIdOf(server),
            CreatedAt = step.Now, ActivatesAt = step.Now.Plus(roll1), EndsOthersAt = step.Now.Plus(Math.Max(roll1, roll2)), ExpiresAt = step.Now.Plus(1000L * server.LifetimeSeconds),
        };
        sa.UsedUpTo(server.FirstSenderId);
        sas.Add(sa);
        (wanted, wantedKind, crowded) = (null, RekeyKind.Ordinary, null);
        if (!isFirst) (Rekeys, LastRekey) = (Rekeys + 1, reason);
        Log(step, IkeLogLevel.Information, "group-rekey", isFirst
            ? $"{sa} made: {AlgorithmNames.Of(sa.Encryption)}, lives {server.LifetimeSeconds} s"
            : $"rekeyed ({reason}): {sa}, {AlgorithmNames.Of(sa.Encryption)}, lives {server.LifetimeSeconds} s, sent by in {roll1 / 1000} s, the one before is dropped in {roll2 / 1000} s; {members.Count} members");
        Install(step, sa);
        rules = MemberRules.Digest(step.Machine, server, sa);
        BeginDistribution(step);
        Save(step);
    }
}
