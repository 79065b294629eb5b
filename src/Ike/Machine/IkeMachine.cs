using Appliance.Ike.Children;
using Appliance.Ike.Exchanges;
using Appliance.Ike.Groups;
using Appliance.Machine;

namespace Appliance.Ike.Machine;

/// <summary>IKEv2 (RFC 7296) of one node: its IKE SAs, their children, and the peers that it shall have IKE SAs with. One thread steps it.</summary>
public sealed class IkeMachine(IkeMachineOptions options) : IMachine<IkeEvent, IkeAction>
{
    private readonly Dictionary<ulong, IkeSa> sas = [];
    private readonly Dictionary<uint, (ChildState Child, IkeSa Sa)> children = [];
    private readonly Dictionary<string, HashSet<IkeSa>> byPeer = [];
    private readonly Dictionary<ulong, Exchange> awaited = [];
    private readonly Dictionary<ulong, Action<Step, WorkDone>> groupWork = [];
    private readonly Dictionary<ulong, Type> asked = [];
    private ulong lastToken;

    /// <inheritdoc/>
    public Instant NextDue
    {
        get
        {
            var due = Timers.NextDue;
            if (Manager.NextDue is var manager && manager < due) due = manager;
            if (Members.NextDue is var members && members < due) due = members;
            return Servers.NextDue is var servers && servers < due ? servers : due;
        }
    }

    /// <summary>What an operator sees of the IKE SAs. Read between steps.</summary>
    public IEnumerable<IkeSaStatus> Sas => sas.Values.Where(s => s.Establishment is null || s.IsInitiator || s.RemoteIdentity is not null).Select(s => Statuses.Of(this, s));

    /// <summary>What an operator sees of the PAD entries that have no IKE SA in use. Read between steps.</summary>
    public IEnumerable<IkePeerStatus> Peers => Manager.Records.Where(r => !Of(r.Peer.Name).Any(s => s.State == IkeSaState.Established)).Select(r => Statuses.Of(this, r));

    /// <summary>Whether this node is on its way out of service, and who is still there. Read between steps.</summary>
    public IkeDrainStatus Drain => Draining.Status(this);

    /// <summary>What an operator sees of the groups. Read between steps.</summary>
    public IEnumerable<GroupStatus> Groups => Servers.Groups.Where(g => g.Group is not null).Select(g => ServedGroupStatuses.Of(g, Now)).Concat(Members.Statuses(Now));

    /// <summary>What an operator sees of the members of a group, at its gateway; none elsewhere. Read between steps.</summary>
    public IEnumerable<GroupMemberStatus> GroupMembers(string group) => Servers.Find(group)?.Members.Select(m => ServedGroupStatuses.Of(m, Now)) ?? [];

    /// <summary>What the host decided.</summary>
    internal IkeMachineOptions Options { get; } = options;

    /// <summary>The configuration in force.</summary>
    internal IkeConfiguration Configuration { get; set; } = new();

    /// <summary>When the last step was.</summary>
    internal Instant Now { get; private set; }

    /// <summary>This machine's addresses.</summary>
    internal IReadOnlyList<System.Net.IPAddress> Addresses { get; set; } = [];

    /// <summary>What is wanted of the peers.</summary>
    internal PeerManager Manager { get; } = new();

    /// <summary>Responders' IKE SAs that nobody has proven yet.</summary>
    internal HalfOpenTable HalfOpen { get; } = new();

    /// <summary>IKE SAs by who their peers are.</summary>
    internal IdentityIndex Identities { get; } = new();

    /// <summary>Cookies.</summary>
    internal Cookies Cookies { get; } = new();

    /// <summary>Answers outside of IKE SAs.</summary>
    internal RateLimit UnprotectedLimit { get; } = new(Tuning.UnprotectedPerSecond);

    /// <summary>Groups that this node is member of.</summary>
    internal MemberGroups Members { get; } = new();

    /// <summary>Groups that this node is gateway of.</summary>
    internal GroupServers Servers { get; } = new();

    /// <summary>Numbers of instances of shared tunnels.</summary>
    internal InstanceNumbers Instances { get; } = new();

    /// <summary>Numbers of the contexts that groups keep: of 32 bits, so that no IKE SA has them.</summary>
    internal InstanceNumbers GroupContexts { get; } = new();

    /// <summary>Timers of all IKE SAs.</summary>
    internal TimerQueue<TimerKey> Timers { get; } = new();

    /// <summary>Inner addresses given to clients.</summary>
    internal AddressLeases Leases { get; } = new();

    /// <summary>All IKE SAs, also those that are not established yet.</summary>
    internal IReadOnlyCollection<IkeSa> All => sas.Values;

    /// <inheritdoc/>
    public void Step(in StepContext context, IkeEvent e, ICollection<IkeAction> actions)
    {
        var done = new List<IkeAction>();
        var step = new Step(this, context, done);
        Now = context.Now;
        if (e is WorkDone result) TakeWork(step, result);
        else EventTable.Dispatch(step, e);
        while (Timers.TryTake(step.Now, out var timer))
            if (Find(timer.Sa) is { } sa) TimerTable.Fire(step, sa, timer);
        Members.Fire(step);
        Manager.Fire(step);
        Servers.Fire(step);
        // State first, then the datagrams that rest on it: a process that ends in between is not asked about what it does not know.
        foreach (var group in step.ChangedGroups) if (group.Context(step) is { } kept) actions.Add(kept);
        foreach (var sa in step.Changed) if (sa.Context(step) is { } kept) actions.Add(kept);
        foreach (var action in done)
        {
            if (action is WorkAction work) asked[work.Token] = work.GetType();
            actions.Add(action);
        }
    }

    /// <summary>A token for work of an exchange.</summary>
    internal ulong NewToken(Exchange exchange)
    {
        awaited.Add(++lastToken, exchange);
        return lastToken;
    }

    /// <summary>A token for the installation of a multi-point SA.</summary>
    internal ulong NewGroupToken(Action<Step, GroupInstalled> done)
    {
        groupWork.Add(++lastToken, (step, result) => done(step, result as GroupInstalled ?? new GroupInstalled(result.Token, "no worker has time for it")));
        return lastToken;
    }

    /// <summary>A token for the key of a multi-point SA.</summary>
    internal ulong NewGroupToken(Action<Step, Crypto.Secret?> done)
    {
        groupWork.Add(++lastToken, (step, result) => done(step, (result as GroupKeyMade)?.SkD));
        return lastToken;
    }

    /// <summary>The IKE SA with an SPI of ours, or null.</summary>
    internal IkeSa? Find(ulong localSpi) => sas.GetValueOrDefault(localSpi);

    /// <summary>The IKE SAs of a PAD entry.</summary>
    internal IReadOnlyList<IkeSa> Of(string peer) => byPeer.TryGetValue(peer, out var list) ? [.. list] : [];

    /// <summary>Whether the peer of an IKE SA has another one with us that is in use.</summary>
    internal bool HasOther(IkeSa sa) => sa.Peer is { } peer && byPeer.TryGetValue(peer.Name, out var list) && list.Any(o => o != sa && o.State is IkeSaState.Established or IkeSaState.Rekeying);

    /// <summary>The PAD entry of an IKE SA is known.</summary>
    internal void Index(IkeSa sa, string peer)
    {
        if (!byPeer.TryGetValue(peer, out var list)) byPeer.Add(peer, list = []);
        list.Add(sa);
    }

    /// <summary>The child with an inbound SPI and its IKE SA, or null.</summary>
    internal (ChildState Child, IkeSa Sa)? FindChild(uint inboundSpi) => children.TryGetValue(inboundSpi, out var found) ? found : null;

    /// <summary>All children with their IKE SAs.</summary>
    internal IEnumerable<(ChildState Child, IkeSa Sa)> AllChildren => children.Values;

    /// <summary>Takes an IKE SA into the table.</summary>
    internal void Add(IkeSa sa) => sas.Add(sa.LocalSpi, sa);

    /// <summary>Takes an IKE SA out of the table.</summary>
    internal void Remove(IkeSa sa)
    {
        sas.Remove(sa.LocalSpi);
        if (sa.Peer is not { } peer || !byPeer.TryGetValue(peer.Name, out var list)) return;
        list.Remove(sa);
        if (list.Count == 0) byPeer.Remove(peer.Name);
    }

    /// <summary>A child is found by its inbound SPI from now on.</summary>
    internal void Register(ChildState child, IkeSa sa) => children[child.InboundSpi] = (child, sa);

    /// <summary>A child is found no more.</summary>
    internal void Forget(ChildState child) => children.Remove(child.InboundSpi);

    private void TakeWork(Step step, WorkDone done)
    {
        var fits = asked.Remove(done.Token, out var work) && WorkResults.Answers(work, done);
        if (groupWork.Remove(done.Token, out var group))
        {
            if (!fits) WorkResults.Discard(done);
            group(step, fits ? done : new WorkRefused(done.Token));
            return;
        }

        if (!awaited.Remove(done.Token, out var exchange) || exchange.Sa.State == IkeSaState.Dead || !exchange.Sa.Runs(exchange))
        {
            WorkResults.Discard(done);
            return;
        }

        if (!fits)
        {
            // The host's fault: nothing came of the work.
            step.Log(IkeLogLevel.Error, exchange.Sa, "wrong-work", $"{done.GetType().Name} is no result of {work?.Name}: a fault of this program, please report it");
            WorkResults.Discard(done);
            done = new WorkRefused(done.Token);
        }

        exchange.Work(step, done);
    }
}
