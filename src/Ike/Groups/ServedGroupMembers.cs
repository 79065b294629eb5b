using Appliance.Ike.Machine;
using Appliance.Machine;

namespace Appliance.Ike.Groups;

/// <summary>
/// Who is in the group: IKE SAs whose PAD entry is a member's and whose identity is not excluded. Who is shut out is what the configuration says, not who is there: somebody who is away at the moment
/// has the key too.
/// </summary>
internal sealed partial class ServedGroup
{
    private readonly HashSet<ServedMember> members = [];

    /// <summary>Identities whose departure had everybody rekeyed a short time ago.</summary>
    private readonly Dictionary<string, Instant> hurried = new(StringComparer.Ordinal);
    private MemberRules allowed = MemberRules.None;
    private byte[] rules = [];

    /// <summary>Registrations, also of members that have pairwise SAs alone.</summary>
    public IReadOnlyCollection<ServedMember> Members => members;

    /// <summary>What the newest SA's key was given out by: a digest of the configuration's members, made with that key.</summary>
    public byte[] Rules { get => rules; set => rules = value; }

    /// <summary>An IKE SA is in use: when it is a member's, that is its registration.</summary>
    public void Register(Step step, IkeSa sa, GroupRegistration? earlier = null)
    {
        if (!allowed.Takes(sa) || sa.Served.Any(m => m.Group == this)) return;
        var member = new ServedMember(this, sa) { RegisteredAt = earlier is null ? step.Now : step.Now.Plus(-earlier.AgeMilliseconds) };
        members.Add(member);
        sa.Join(member);
        Classify(member);
        sa.Save(step);
        if (member.State != MemberState.Served)
        {
            Log(step, IkeLogLevel.Information, "group-member", $"{sa.PeerName} ({sa.RemoteIdentity}) is {member.State.ToString().ToLowerInvariant()}: {member.Problem}");
            return;
        }

        if (earlier is not null) Continue(step, member, earlier);
        else if (Server.RekeyOnJoin) Join(step, member);
        Enqueue(member);
    }

    /// <summary>The IKE SA of a member is gone. What the member has it keeps; it registers anew with its next IKE SA.</summary>
    public void Unregister(Step step, ServedMember member)
    {
        members.Remove(member);
        underWay.Remove(member);
        Arrived(step, member);
    }

    /// <summary>A member has deleted its IKE SA and has no other: it leaves.</summary>
    public void Departed(Step step, ServedMember member)
    {
        if (Server.RekeyOnLeave != GroupLeave.Departure || member.Told.Length == 0) return;
        var reason = $"departure of {member.Sa.PeerName}";
        if (MayHurry(step, member.Sa.RemoteIdentity?.ToString() ?? "")) Want(step, reason, RekeyKind.Leave);
        else Crowd(reason);
    }

    /// <summary>Who comes and goes has everybody rekeyed at once only now and then. It may come back at any time, so it loses nothing by what it learns until the next SA.</summary>
    private bool MayHurry(Step step, string identity)
    {
        foreach (var old in hurried.Where(h => h.Value.Plus(Tuning.GroupCrowdPause) <= step.Now).Select(h => h.Key).ToArray()) hurried.Remove(old);
        return hurried.TryAdd(identity, step.Now);
    }

    /// <summary>The IKE SA of a member is rekeyed: the registration goes over to the new one, with what it lacks.</summary>
    public void Moved(Step step, ServedMember member)
    {
        member.IsTold = false;
        underWay.Remove(member);
        if (member.State == MemberState.Served) Enqueue(member);
    }

    /// <summary>Takes the members of a configuration. Who is one no more goes, and the rest get a new key.</summary>
    private void TakeMembers(Step step, bool isFirst)
    {
        var (before, now) = (allowed, MemberRules.Of(step.Machine, Server));
        allowed = now;
        var rekeys = Server.RekeyOnLeave != GroupLeave.Never && Newest is not null;
        if (isFirst && rekeys && !MemberRules.Digest(step.Machine, Server, Newest!).AsSpan().SequenceEqual(rules)) Want(step, "restart with other members", RekeyKind.Leave);
        if (!isFirst && rekeys && now.Removed(before) is { Length: > 0 } removed) Want(step, $"removal of {removed}", RekeyKind.Leave);
        foreach (var gone in members.Where(m => !allowed.Takes(m.Sa)).ToArray()) gone.Sa.Close(step, $"its peer is no member of group {Name} any more");
        foreach (var sa in step.Machine.All.Where(s => s.Successor is null && s.State is IkeSaState.Established or IkeSaState.Rekeying).ToArray()) Register(step, sa, sa.TakeRegistration(Name));
        if (Newest is not { } newest) return;
        if (wantedKind != RekeyKind.Leave) rules = MemberRules.Digest(step.Machine, Server, newest);
        Save(step);
        if (!isFirst) return;
        // A rekey that the process before this one had begun.
        foreach (var member in members.Where(m => m.State == MemberState.Served && !m.Has(newest.Number))) awaited.Add(member);
        isDistributing = awaited.Count > 0;
    }

    /// <summary>What a member can use at all.</summary>
    private void Classify(ServedMember member)
    {
        var (needsSenderIds, extensions) = (Keys.MultipointKeys.NeedsSenderIds(Server.Encryption), member.Sa.Extensions);
        (member.State, member.Problem) = !extensions.HasFlag(Machine.Extensions.Multipoint)
            ? (MemberState.Pairwise, "it does not know multi-point SAs")
            : needsSenderIds && !extensions.HasFlag(Machine.Extensions.SenderIds)
                ? (MemberState.Pairwise, $"it knows multi-point SAs without Sender-IDs alone, and {Keys.AlgorithmNames.Of(Server.Encryption)} is not safe without (RFC 6054); AES-CBC with HMAC would serve it")
                : needsSenderIds && member.Sa.GroupSenders == 0
                    ? (MemberState.Refused, $"it asked for no Sender-ID (GROUP_SENDER), and {Keys.AlgorithmNames.Of(Server.Encryption)} needs one for each of its workers")
                    : (MemberState.Served, "");
    }

    /// <summary>Who joins gets nothing that was in use before (backward secrecy): the newest SA when nobody sends by it yet or nobody else has it, else the next, which is made for it.</summary>
    private void Join(Step step, ServedMember member)
    {
        var isFresh = Newest is { } newest && (!newest.IsActivated || !newest.WasTold);
        member.Since = isFresh ? LastNumber : LastNumber + 1;
        if (!isFresh) Want(step, $"join of {member.Sa.PeerName}", RekeyKind.Ordinary);
    }

    /// <summary>A registration with the process before this one: what was told stays told, and no Sender-ID of it is free.</summary>
    private void Continue(Step step, ServedMember member, GroupRegistration earlier)
    {
        member.Since = Math.Min(earlier.Since, LastNumber + 1);
        if (member.Since > LastNumber && Newest is not null) Want(step, $"join of {member.Sa.PeerName}", RekeyKind.Ordinary);
        foreach (var told in earlier.Told)
        {
            if (sas.Find(s => s.Number == told.Number && s.Spi == told.Spi) is not { } sa) continue;
            member.Set(told);
            if (told.SenderIds.Length > 0) sa.UsedUpTo(told.SenderIds.Max() + 1UL);
        }
    }
}
