using System.Net;
using Appliance.Ike.Children;
using Appliance.Ike.Exchanges;
using Appliance.Ike.Messages;
using Appliance.Machine;

namespace Appliance.Ike.Machine;

/// <summary>
/// Sees to it that what is wanted is there: children of <c>start: always</c>, children for packets that wait, what the operator asks for. One rule does it all,
/// <see cref="Ensure"/>: what is wanted and not there is negotiated, on the IKE SA that there is or on a new one, not before the back-off is over.
/// </summary>
internal sealed partial class PeerManager
{
    private readonly Dictionary<string, PeerRecord> records = [];

    /// <summary>Who may begin an IKE SA now.</summary>
    private readonly AttemptPacing pacing = new();

    /// <summary>When there is something to do.</summary>
    public Instant NextDue => Timers.NextDue <= pacing.NextDue ? Timers.NextDue : pacing.NextDue;

    /// <summary>When a peer is looked at again.</summary>
    public TimerQueue<string> Timers { get; } = new();

    /// <summary>This process ends: nothing begins any more.</summary>
    public bool IsShutDown { get; set; }

    /// <summary>All records in the order of the configuration.</summary>
    public IEnumerable<PeerRecord> Records => records.Values;

    /// <summary>A peer's record, or null.</summary>
    public PeerRecord? Find(string peer) => records.GetValueOrDefault(peer);

    /// <summary>Time passed.</summary>
    public void Fire(Step step)
    {
        while (Timers.TryTake(step.Now, out var name))
            if (Find(name) is { } record) Ensure(step, record);
        while (pacing.TryNext(step.Now, out var next))
            if (Find(next) is { } record) Ensure(step, record);
    }

    /// <summary>The child that IKE_AUTH shall negotiate, or null for none: nobody wants one and the peer takes IKE SAs without (RFC 6023).</summary>
    public ChildWish? FirstWish(IkePeer peer, bool mayBeChildless)
    {
        var wishes = Find(peer.Name) is { } record ? Missing(record) : [];
        var wish = wishes.FirstOrDefault() ?? (mayBeChildless && peer.Childless || peer.Children.Count == 0 ? null : new ChildWish(peer, peer.Children[0]));
        if (wish is not null && Find(peer.Name) is { } known) known.Pending.Add(wish.Template.Name);
        return wish;
    }

    /// <summary>An IKE SA is in use.</summary>
    public void Established(Step step, IkeSa sa, bool initialContact)
    {
        pacing.End(sa);
        if (sa.Peer is not { } peer || Find(peer.Name) is not { } record) return;
        (record.Failures, record.LastProblem, record.NotBefore, record.WantsIkeSa) = (0, "", step.Now, false);
        Uniqueness.Apply(step, sa, initialContact);
        Moved(step, peer.Name);
        foreach (var wait in record.Operators.Where(o => o.Tunnels.Count == 0 && o.Problem is null).ToArray()) Answer(step, record, wait);
        // The peer that began it is about to ask for its children: two of each would come to be if we asked at once.
        Timers.Set(peer.Name, step.Now.Plus(sa.IsInitiator ? 0 : Tuning.ResponderWaits));
    }

    /// <summary>A child that was wished for is there, or why not.</summary>
    public void Settled(Step step, ChildWish wish, string? problem)
    {
        if (Find(wish.Peer.Name) is not { } record) return;
        record.Pending.Remove(wish.Template.Name);
        record.Wishes.Remove(wish.Template.Name);
        if (problem is null) record.HeldDown.Remove(wish.Template.Name);
        else Failed(step, record, problem, IsAlways(wish.Template));
        foreach (var wait in record.Operators.Where(o => o.Tunnels.Remove(wish.Template.Name)).ToArray())
        {
            wait.Problem ??= problem is null ? null : $"{wish.Template.Name}: {problem}";
            if (wait.Tunnels.Count == 0) Answer(step, record, wait);
        }

        Look(step, record);
    }

    /// <summary>A child went without being replaced.</summary>
    public void Lost(Step step, IkeSa sa, string tunnel, string why)
    {
        if (sa.Peer is not { } peer || Find(peer.Name) is not { } record) return;
        record.LastProblem = $"{tunnel}: {why}";
        Look(step, record);
    }

    /// <summary>An IKE SA is gone. One that we began and that was never established is a failed attempt.</summary>
    public void Ended(Step step, IkeSa sa, IkeSaState before, IReadOnlyList<string> tunnels, string why)
    {
        pacing.End(sa);
        var level = before == IkeSaState.Deleting ? IkeLogLevel.Information : IkeLogLevel.Warning;
        if (before != IkeSaState.Connecting || sa is { IsInitiator: true, MovesTo: null }) step.Log(level, sa, before == IkeSaState.Connecting ? "not-established" : "ended", $"IKE SA {(before == IkeSaState.Connecting ? "not established" : "ended")}: {why}");
        if (sa.Peer is not { } peer || Find(peer.Name) is not { } record) return;
        if (before == IkeSaState.Connecting && sa is { IsInitiator: true, MovesTo: null })
        {
            NotMoved(step, peer.Name);
            record.Pending.Clear();
            record.AddressesFailed = (record.AddressesFailed + 1) % Math.Max(1, record.Peer.Remote.Count);
            Failed(step, record, why, record.Peer.Children.Any(IsAlways));
            foreach (var wait in record.Operators.ToArray())
            {
                wait.Problem = why;
                Answer(step, record, wait);
            }

            // A packet that waited for this attempt asks again.
            record.Wishes.Clear();
            record.WantsIkeSa = false;
        }
        else if (tunnels.Count > 0)
        {
            record.LastProblem = why;
        }

        Look(step, record);
    }

    /// <summary>What is wanted and not there is begun.</summary>
    private void Ensure(Step step, PeerRecord record)
    {
        var missing = Missing(record).Where(w => !record.Pending.Contains(w.Template.Name) && !IsThere(step, w)).ToArray();
        foreach (var there in record.Wishes.Values.Where(w => IsThere(step, w) && !record.Pending.Contains(w.Template.Name)).ToArray()) Settled(step, there, null);
        if (IsShutDown || (missing.Length == 0 && !record.WantsIkeSa)) return;
        if (record.NotBefore > step.Now)
        {
            Timers.Set(record.Peer.Name, record.NotBefore);
            return;
        }

        var sas = step.Machine.Of(record.Peer.Name);
        if (sas.FirstOrDefault(s => s is { State: IkeSaState.Established, MovesTo: null }) is { } sa)
        {
            foreach (var wish in missing)
            {
                record.Pending.Add(wish.Template.Name);
                sa.Start(step, new CreateChildSaInitiator(sa, wish));
            }
        }
        else if (IsDraining && record.Operators.Count == 0)
        {
            // A packet asks again.
            record.Wishes.Clear();
        }
        else if (!sas.Any(s => s is { IsInitiator: true, State: IkeSaState.Connecting, MovesTo: null }))
        {
            if (pacing.HasRoom) Initiate(step, record);
            else pacing.Wait(record.Peer.Name, record.Wishes.Count > 0 || record.Operators.Count > 0);
        }
    }

    private void Initiate(Step step, PeerRecord record)
    {
        var peer = record.Peer;
        record.Attempts++;
        var remote = peer.Remote.Count == 0 ? null : peer.Remote[record.AddressesFailed % peer.Remote.Count];
        var local = remote is null ? null : peer.Local.Concat(step.Machine.Addresses).FirstOrDefault(a => a.IsV4() == remote.IsV4());
        if (remote is null || local is null)
        {
            GiveUp(step, record, remote is null ? "the configuration has no address of the peer" : $"this machine has no address to reach {remote} from");
            return;
        }

        Begin(step, record, local, remote, redirectedFrom: null);
    }

    private void Begin(Step step, PeerRecord record, IPAddress local, IPAddress remote, IPAddress? redirectedFrom)
    {
        var sa = new IkeSa(step.NewIkeSpi(), true, new IPEndPoint(local, IkeSa.IkePort), new IPEndPoint(remote, IkeSa.IkePort));
        step.Machine.Add(sa);
        sa.Choose(step, record.Peer);
        pacing.Begin(sa, step.Now);
        sa.Start(step, new IkeSaInitInitiator(sa, record.Peer, redirectedFrom));
    }

    private static void GiveUp(Step step, PeerRecord record, string problem)
    {
        step.Log(IkeLogLevel.Warning, record.Peer.Name, "no-address", problem);
        Failed(step, record, problem, record.Peer.Children.Any(IsAlways));
        record.Wishes.Clear();
        record.WantsIkeSa = false;
        foreach (var wait in record.Operators.ToArray())
        {
            wait.Problem = problem;
            Answer(step, record, wait);
        }

        if (record.Peer.Children.Any(IsAlways)) step.Machine.Manager.Look(step, record);
    }

    /// <summary>Back-off: doubles with each failure, ± a quarter by chance, so that many peers do not come back at once.</summary>
    private static void Failed(Step step, PeerRecord record, string problem, bool always)
    {
        (record.LastProblem, record.Failures) = (problem, Math.Min(record.Failures + 1, 16));
        var wait = Math.Min((long)Tuning.AttemptFirst << (record.Failures - 1), always ? Tuning.AttemptLongest : Tuning.AttemptLongestOnDemand);
        record.NotBefore = step.Now.Plus(wait - wait / 4 + step.Entropy.Below(wait / 2 + 1));
    }

    private void Look(Step step, PeerRecord record) => Timers.Set(record.Peer.Name, record.NotBefore > step.Now ? record.NotBefore : step.Now);

    private static IEnumerable<ChildWish> Missing(PeerRecord record) => record.Wishes.Values.Concat(
        record.Peer.Children.Where(c => IsAlways(c) && !record.HeldDown.Contains(c.Name) && !record.Wishes.ContainsKey(c.Name)).Select(c => new ChildWish(record.Peer, c)));

    private static bool IsAlways(ChildTemplate template) => template.Start == ChildStart.Always && !template.IsTemplate;

    /// <summary>Whether a child does what is wished for: of the tunnel, and where a packet waits with selectors that take it.</summary>
    private static bool IsThere(Step step, ChildWish wish)
    {
        var present = step.Machine.Of(wish.Peer.Name).Where(s => s.MovesTo is null && s.State is IkeSaState.Established or IkeSaState.Rekeying).SelectMany(s => s.Children)
            .Where(c => c.IsCurrent && c.Sa.Tunnel == wish.Template.Name).ToArray();
        return present.Length >= Tuning.ChildrenOfTunnel || present.Any(c => Takes(c.Sa.LocalSelectors, wish.Source) && Takes(c.Sa.RemoteSelectors, wish.Destination));
    }

    private static bool Takes(IReadOnlyList<TrafficSelector> selectors, TrafficSelector? packet) => packet is null || SelectorNarrowing.CoversAll(selectors, [packet]);

    private static void Answer(Step step, PeerRecord record, OperatorWait wait)
    {
        record.Operators.Remove(wait);
        step.Actions.Add(new AnswerOperator(wait.Request, wait.Problem));
    }
}
