using Appliance.Ike.Machine;
using Appliance.Machine;

namespace Appliance.Ike.Groups;

/// <summary>
/// A group that this node is gateway of. Its parts: who is in it (<c>ServedGroupMembers</c>), when there is a new SA (<c>ServedGroupRekeying</c>), how members come to know
/// (<c>ServedGroupDistribution</c>), our own sending and receiving (<c>ServedGroupRollover</c>), what a successor finds (<see cref="ServedGroupContext"/>).
/// </summary>
internal sealed partial class ServedGroup(string name, uint contextId) : IGroupContext
{
    private readonly List<MultiPointSa> sas = [];
    private readonly Queue<uint> ended = new();

    /// <summary>Its name.</summary>
    public string Name { get; } = name;

    /// <summary>Number of its context.</summary>
    public uint ContextId { get; } = contextId;

    /// <summary>The configuration; null for one that a successor found, until there is a configuration.</summary>
    public IkeGroup? Group { get; private set; }

    /// <summary>The gateway's part of it.</summary>
    public GroupServer Server => Group!.Server!;

    /// <summary>Its SAs in use, the oldest first.</summary>
    public IReadOnlyList<MultiPointSa> Sas => sas;

    /// <summary>The newest SA; null before the first.</summary>
    public MultiPointSa? Newest => sas.Count > 0 ? sas[^1] : null;

    /// <summary>The SA that we send by; null: none.</summary>
    public MultiPointSa? Sending => sas.FindLast(s => s is { IsActivated: true, IsInstalled: true });

    /// <summary>SPIs of those that ended last.</summary>
    public IReadOnlyCollection<uint> Ended => ended;

    /// <summary>The number of the SA that was made last.</summary>
    public ulong LastNumber { get; private set; }

    /// <summary>Rekeys since the process began.</summary>
    public ulong Rekeys { get; private set; }

    /// <summary>Why the last one was made.</summary>
    public string LastRekey { get; private set; } = "";

    /// <summary>What is wrong; empty when nothing is.</summary>
    public string Problem => string.Join("; ", ((string[])[installProblem, distributionProblem]).Where(p => p.Length > 0));

    /// <summary>When there is something to do.</summary>
    public Instant NextDue
    {
        get
        {
            if (Group is null) return Instant.Never;
            var due = Instant.Never;
            foreach (var sa in sas) due = Earlier(due, RolloverDue(sa));
            return Earlier(Earlier(due, DistributionDue), RekeyDue);
        }
    }

    /// <summary>Takes over what an earlier process kept.</summary>
    public void Restored(IEnumerable<MultiPointSa> found, IEnumerable<uint> over)
    {
        foreach (var spi in over.TakeLast(Tuning.MostGroupSas)) ended.Enqueue(spi);
        sas.AddRange(found.OrderBy(s => s.Number));
        LastNumber = Newest?.Number ?? 0;
    }

    /// <summary>A configuration, the first or another one.</summary>
    public void Configure(Step step, IkeGroup group)
    {
        var before = Group;
        Group = group;
        if (before is null) Resume(step);
        TakeMembers(step, before is null);
        if (Newest is { } newest && (!IsOf(newest, group) || before is not null && before.ReplayWindow != group.ReplayWindow)) Want(step, "configuration", RekeyKind.Ordinary);
        foreach (var sa in sas.Where(s => s.Token == 0 && (!s.IsInstalled || s.NeedsSenderIds && s.OwnSenderIds.Count != group.Senders)).ToArray()) Install(step, sa);
    }

    /// <summary>Time passed, or something happened.</summary>
    public void Fire(Step step)
    {
        if (NextDue > step.Now || step.Machine.Manager.IsShutDown) return;
        RekeyWhenDue(step);
        RollOver(step);
        Distribute(step);
    }

    /// <summary>This node is its gateway no more, or stops: nothing of it stays here. Members keep what they have until its lifetime ends.</summary>
    public void Close(Step step, string why)
    {
        foreach (var sa in sas.ToArray()) End(step, sa, why);
        foreach (var member in members) member.Sa.Leave(member);
        members.Clear();
        Group = null;
        step.Actions.Add(new ForgetContext(ContextId));
        step.Machine.GroupContexts.Give(ContextId);
    }

    /// <inheritdoc/>
    public SaveContext? Context(Step step) => Group is null ? null : ServedGroupContext.Write(step, this);

    /// <summary>Its state is kept with this step, before anything that rests on it goes out.</summary>
    private void Save(Step step) => step.Keep(this);

    private void Log(Step step, IkeLogLevel level, string key, string text) => step.Log(level, Name, key, $"group {Name}: {text}");

    private static Instant Earlier(Instant a, Instant b) => a < b ? a : b;

    private static Instant Later(Instant a, Instant b) => a < b ? b : a;

    /// <summary>Whether an SA is as a configuration wants it.</summary>
    private static bool IsOf(MultiPointSa sa, IkeGroup group) =>
        (sa.Encryption, sa.Integrity, sa.Prf, sa.SenderIdBits, sa.ExpiresAt - sa.CreatedAt) == (group.Server!.Encryption, group.Server.Integrity, group.Server.Prf, SenderIdBitsOf(group.Server), 1000L * group.Server.LifetimeSeconds)
        && (!sa.NeedsSenderIds || (sa.FirstSenderId, sa.LastSenderId) == (group.Server.FirstSenderId, LastSenderIdOf(group.Server)));

    private static int SenderIdBitsOf(GroupServer server) => Keys.MultipointKeys.NeedsSenderIds(server.Encryption) ? server.SenderIdBits : 0;

    private static uint LastSenderIdOf(GroupServer server) => server.LastSenderId == 0 ? (1u << server.SenderIdBits) - 1 : server.LastSenderId;
}
