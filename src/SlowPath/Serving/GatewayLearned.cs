using Appliance.Policy;
using Appliance.Shared;
using Appliance.SlowPath.Tables;
using Microsoft.Extensions.Logging;

namespace Appliance.SlowPath.Serving;

/// <summary>Routes that a routing protocol learned: beside the plan, so that neither looks at the other.</summary>
internal sealed partial class Gateway
{
    private readonly NextHopWatch nextHops, egress;
    private readonly LearnedKernel learnedKernel;
    private bool learnedRoom = true;

    /// <summary>Says which next hops are reachable.</summary>
    public INextHops NextHops => nextHops;

    /// <summary>Says which ends of tunnels are reachable: in the underlay alone, whatever was learned.</summary>
    public INextHops Egress => egress;

    /// <summary>Learned routes will come, so what an earlier process left of them stays until <see cref="LearnedComplete"/>. To be set before <see cref="StartAsync"/>.</summary>
    public bool ExpectsLearned { get; set; }

    /// <summary>How long the kernel is left alone between two looks at what it should know of learned routes, in milliseconds.</summary>
    public long KernelRestMilliseconds
    {
        get => learnedKernel.RestMilliseconds;
        set => learnedKernel.RestMilliseconds = value;
    }

    /// <summary>How many prefixes have a learned route.</summary>
    public int LearnedRoutes => tables.LearnedRoutes;

    /// <summary>
    /// Takes changes of learned routes over, in their order; packets follow them when it returns, or before <see cref="StartAsync"/> with the first tables. What finds no room is tried again every
    /// second and named in <see cref="Problems"/>.
    /// </summary>
    public void Learn(IReadOnlyList<LearnedChange> changes)
    {
        if (!tables.Learn(changes)) SetRoom(false);
        foreach (var neighbour in tables.TakeNewNeighbours()) AskForPath(neighbour);
        learnedKernel.See(changes);
    }

    /// <summary>Before what an earlier process left goes: the last moment to say something in its place.</summary>
    public event Action? Completing;

    /// <summary>All learned routes are there; nothing of an earlier process stands any more.</summary>
    public bool IsLearnedComplete => learnedKernel.IsComplete;

    /// <summary>All learned routes are there: what an earlier process left and was not learned again goes.</summary>
    public void LearnedComplete()
    {
        if (plan is null) Recompute();
        Completing?.Invoke();
        tables.DropStale();
        left = [];
        isRememberedDue = true;
        learnedKernel.IsComplete = true;
        WriteMulticast();
        learnedKernel.Due();
        dirty = true;
    }

    /// <summary>Learned routes inside these prefixes are told to the kernel, for the machine itself.</summary>
    public void TellKernel(IReadOnlyList<IpPrefix> prefixes) => learnedKernel.Use(prefixes);

    /// <summary>The slow path ends in order: nothing learned stays in the kernel. (One that is killed leaves it to its successor.)</summary>
    public void ForgetLearnedInKernel() => learnedKernel.RemoveAll(mirror);

    private void SettleLearned()
    {
        if (tables.HopsChanged)
        {
            learnedKernel.Due();
            tables.HopsChanged = false;
            nextHops.Settle();
        }

        if (tables.UnderlayChanged)
        {
            tables.UnderlayChanged = false;
            egress.Settle();
        }

        if (plan is not null) learnedKernel.Settle(mirror, plan, WithInnerAddresses.Vpn);
    }

    /// <summary>The learned route of exactly this prefix, in force or not; null when there is none.</summary>
    public LearnedTarget? LearnedAt(IpPrefix prefix) => tables.LearnedAt(prefix);

    /// <inheritdoc cref="TableWriter.LearnedInForce"/>
    public IEnumerable<(IpPrefix Prefix, IReadOnlyList<NextHop> Hops)> LearnedInForce => tables.LearnedInForce();

    /// <inheritdoc cref="TableWriter.RouteTo"/>
    public (IpPrefix Prefix, IReadOnlyList<NextHop> Hops, bool IsLearned)? RouteTo(IpAddress address) => tables.RouteTo(address);

    /// <summary>Port and neighbour that outer packets to a member of a group leave by; null for no way.</summary>
    public AdjacencyKey? WayTo(IpAddress member) => plan?.WayTo(member);

    /// <summary>The group whose tunnel it is; null for any other tunnel.</summary>
    public string? GroupOf(string tunnel) => tunnels.Configured(tunnel)?.Group;

    private Func<IpAddress, HopState> ThroughRoutes()
    {
        var resolver = tables.Resolver();
        return address => resolver.Resolve(address) is var found ? new HopState(found.IsReachable, found.Metric) : default;
    }

    private Func<IpAddress, HopState> ThroughUnderlay() => address => plan?.MetricTo(address) is { } metric ? new HopState(true, metric) : default;

    private void SetRoom(bool room)
    {
        if (!room && learnedRoom) log.LogError("no room for all learned routes: raise region: ipv4_groups, ipv6_nodes or next_hops");
        learnedRoom = room;
    }

    private void RetryLearned()
    {
        if (!learnedRoom) SetRoom(tables.PlaceWaiting());
    }
}
