using System.Security.Cryptography;
using Appliance.Ike.Keys;
using Appliance.Ike.Machine;
using Appliance.Ike.Messages;

namespace Appliance.Ike.Groups;

/// <summary>
/// From an MPSA_PUT to an SA in use: 1. KEYMAT, 2. is it the one that we have, with the Sender-IDs that we have or fresh ones? 3. the host installs it (or renews its lifetime), 4. the SAs before it
/// get their end. An SA that cannot be installed changes nothing: what there is goes on.
/// </summary>
internal static class MpsaInstall
{
    /// <summary>Has the host install it; <paramref name="done"/> is called when it has, or why not.</summary>
    public static void Begin(Step step, IkeSa sa, MpsaPut put, MemberGroup group, Action<Step, MpsaError> done)
    {
        var key = MultipointKeys.Derive(put);
        var digest = SHA256.HashData(key.Octets);
        var gateway = group.Gateways.First(g => g.Name == sa.ConfiguredName);
        var described = Describe(step, put, group.Group!, gateway.Name);
        var found = gateway.Sas.Find(s => s.Sa.Spi == put.Spi);
        var member = found ?? new MemberSa(described, digest) { InstalledAt = step.Now, ActivatesAt = step.Now.Plus(put.Rollover1Seconds * 1000L), ExpiresAt = step.Now.Plus(described.LifetimeMilliseconds) };
        if (found is null) member.UsedSenderIds.UnionWith(step.Machine.Members.Ended.Of(digest));
        if (Obstacle(gateway, member, described, digest) is { Reason: not MpsaRefusal.None } error)
        {
            key.Dispose();
            MemberGroups.Refuse(step, sa, group, error, done);
            return;
        }

        if (found is null) gateway.Sas.Add(member);
        var times = (Activates: step.Now.Plus(put.Rollover1Seconds * 1000L), EndsOthers: step.Now.Plus(Math.Max(put.Rollover1Seconds, put.Rollover2Seconds) * 1000L), Expires: step.Now.Plus(described.LifetimeMilliseconds));
        member.UsedSenderIds.UnionWith(described.SenderIds);
        step.Actions.Add(new InstallGroupSa(step.NewGroupToken((later, installed) =>
        {
            if (installed.Problem is { } problem)
            {
                // Nothing was sent under them.
                member.UsedSenderIds.ExceptWith(described.SenderIds.Except(member.Sa.SenderIds));
                Failed(later, sa, group, gateway, member, problem, done);
            }
            else
            {
                member.EndsOthersAt = times.EndsOthers;
                (member.ActivatesAt, member.ExpiresAt) = (times.Activates < member.ActivatesAt ? times.Activates : member.ActivatesAt, times.Expires);
                Installed(later, group, gateway, member, described);
                done(later, default);
            }
        }), described, key));
        MemberGroup.Keep(step, gateway);
    }

    private static GroupSa Describe(Step step, MpsaPut put, IkeGroup group, string gateway)
    {
        var isCounter = MultipointKeys.NeedsSenderIds(put.Encryption);
        return new GroupSa
        {
            Group = group.Name, Gateway = gateway, Spi = put.Spi, Encryption = put.Encryption, Integrity = put.Integrity, SenderIds = isCounter ? put.SenderIds : [],
            SenderIdBits = isCounter ? put.SenderIdBits : 0, ReplayWindow = isCounter ? group.ReplayWindow : 0, LifetimeMilliseconds = put.LifetimeSeconds * 1000L,
        };
    }

    private static MpsaError Obstacle(MemberGateway gateway, MemberSa found, GroupSa described, byte[] digest)
    {
        var isNew = !gateway.Sas.Contains(found);
        if (isNew && gateway.Sas.Count >= Tuning.MostSasOfGateway) return new(MpsaRefusal.NoRoom, $"{gateway.Name} has handed out {gateway.Sas.Count} SAs that all live");
        if (!CryptographicOperations.FixedTimeEquals(found.Digest, digest) || found.Sa.Encryption != described.Encryption || found.Sa.SenderIdBits != described.SenderIdBits)
            return new(MpsaRefusal.SpiInUse, $"{found} came before with another key");
        if (!isNew && found.Sa.SenderIds.SequenceEqual(described.SenderIds)) return default;
        if (described.SenderIds.Any(found.UsedSenderIds.Contains)) return new(MpsaRefusal.SenderIdsUsed, $"{found} came with a Sender-ID that we used before under the same key: IVs would repeat (RFC 6054)");
        return found.UsedSenderIds.Count + described.SenderIds.Count <= Tuning.MostSenderIdsUsed ? default : new(MpsaRefusal.SenderIdsUsed, $"{found} came with other Sender-IDs too often");
    }

    private static void Installed(Step step, MemberGroup group, MemberGateway gateway, MemberSa member, GroupSa described)
    {
        if (!gateway.Sas.Contains(member))
        {
            step.Actions.Add(new RemoveGroupSa(group.Name, member.Sa.Spi, "it ended while it was installed"));
            return;
        }

        var isFresh = !member.Sa.SenderIds.SequenceEqual(described.SenderIds);
        var isFirst = !member.IsInstalled;
        (member.Sa, member.IsInstalled) = (described, true);
        if (isFirst) member.InstalledAt = step.Now;
        if (isFirst || isFresh) MemberRegistration.Brought(gateway);
        if (isFresh || described.SenderIds.Count == 0) (member.WantsSenderIds, member.IsExhausted) = (false, false);
        group.Problem = "";
        if (isFirst || isFresh)
            step.Log(IkeLogLevel.Information, gateway.Name, "group-sa", $"group {group.Name}: {member} of {gateway.Name} {(isFirst ? "installed" : "has fresh Sender-IDs")}: {AlgorithmNames.Of(described.Encryption)}, "
                + $"{described.SenderIds.Count} Sender-IDs, sent by in {Math.Max(0, member.ActivatesAt - step.Now) / 1000} s, lives for {(member.ExpiresAt - step.Now) / 1000} s");
        foreach (var before in gateway.Sas.TakeWhile(s => s != member)) before.EndsAt = before.EndsAt < member.EndsOthersAt ? before.EndsAt : member.EndsOthersAt;
        // The records with the fresh Sender-IDs take the place of the earlier ones.
        if (group.Sending == member && isFresh) step.Actions.Add(new ActivateGroupSa(group.Name, member.Sa.Spi));
        step.Machine.Members.Update(step, group);
        MemberGroup.Keep(step, gateway);
    }

    private static void Failed(Step step, IkeSa sa, MemberGroup group, MemberGateway gateway, MemberSa member, string problem, Action<Step, MpsaError> done)
    {
        if (!member.IsInstalled && gateway.Sas.Contains(member)) group.End(step, gateway, member, "it could not be installed");
        MemberRegistration.Lacks(step, gateway);
        step.Machine.Members.Update(step, group);
        MemberGroups.Refuse(step, sa, group, new(MpsaRefusal.NoRoom, $"{member} could not be installed: {problem}; what there is goes on"), done);
    }
}
