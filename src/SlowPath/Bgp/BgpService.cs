using System.Net;
using Appliance.Bgp;
using Appliance.Machine;
using Appliance.SlowPath.Api;
using Appliance.SlowPath.Bfd;
using Appliance.SlowPath.Configuration;
using Appliance.SlowPath.Sas;
using Appliance.SlowPath.Serving;
using Microsoft.Extensions.Logging;

namespace Appliance.SlowPath.Bgp;

/// <summary>BGP as the rest of the slow path sees it: started once, told of configurations, asked by operators. Nothing runs before there is a <c>bgp:</c> section. Loop.</summary>
internal sealed class BgpService : IDisposable
{
    private const int PatienceSeconds = 60;
    private readonly BgpMachine machine = new();
    private readonly BgpHost host;
    private readonly BgpTransport transport;
    private readonly BgpNextHops hops, ends;
    private readonly BfdWatch watch;
    private readonly BestRoutes routes;
    private readonly IRouteIntake intake;
    private readonly VrfRoutes vrfs;
    private readonly SessionTimes times = new();
    private readonly ILogger log;
    private bool started;

    /// <summary>Makes machine and transport; no socket is opened before <see cref="Start"/>. <paramref name="egress"/>: the same as next hops, but in the underlay alone.</summary>
    public BgpService(EventLoop loop, INextHops nextHops, INextHops egress, IBfdSessions bfd, IRouteIntake intake, VrfRoutes vrfs, ILogger log)
    {
        this.log = log;
        this.intake = intake;
        this.vrfs = vrfs;
        var inbox = new BgpInbox(loop.Wake);
        transport = new BgpTransport(inbox, Counters, log);
        routes = new BestRoutes(intake, vrfs, Counters);
        host = new BgpHost(machine, inbox, transport, loop.Wake, action => Actions!.Execute(action), log);
        hops = new BgpNextHops(nextHops, states => host.Raise(new NextHopsResolved(states)));
        ends = new BgpNextHops(egress, states => host.Raise(new EgressResolved(states)));
        watch = new BfdWatch(bfd, host.Raise);
        Actions = new BgpActions(transport, hops, ends, watch, routes, new BgpLog(log), times);
    }

    /// <summary>What was counted.</summary>
    public BgpCounters Counters { get; } = new();

    /// <summary>Whether there is a <c>bgp:</c> section, or was one.</summary>
    public bool IsRunning => started;

    /// <summary>This, when it runs.</summary>
    /// <exception cref="RefusedException">It does not.</exception>
    public BgpService Running => started ? this : throw new RefusedException("BGP does not run", "the configuration has no 'bgp' section", 404);

    /// <summary>The configuration in force.</summary>
    public BgpConfiguration Configuration { get; private set; } = new();

    /// <summary>Where it listens.</summary>
    public IEnumerable<IPEndPoint> Listening => transport.Listening;

    /// <summary>Connections at present, of whatever state.</summary>
    public int Connections => transport.Connections;

    /// <summary>Next hops and ends of tunnels that are watched.</summary>
    public int NextHops => hops.Count + ends.Count;

    /// <summary>Neighbours and tables at present.</summary>
    public BgpSummary Summary => machine.Summary(Now);

    /// <summary>What is wrong with sockets and VRFs, one sentence each.</summary>
    public IEnumerable<string> Problems => started ? transport.Problems.Concat(vrfs.Problems) : [];

    /// <summary>Neighbours that should be established and are not, for longer than a minute.</summary>
    public IEnumerable<NeighborStatus> Missing =>
        started ? Summary.Neighbors.Where(n => n is { IsDisabled: false, IsDynamic: false } && n.State != SessionState.Established && times.SecondsWithout(n.Name, Environment.TickCount64) >= PatienceSeconds) : [];

    private BgpActions? Actions { get; }

    private static Instant Now => new(Environment.TickCount64);

    /// <summary>The loop's turn, see <see cref="EventLoop.Turns"/>.</summary>
    public long Turn()
    {
        if (!started) return long.MaxValue;
        var next = host.Turn();
        return vrfs.Turn() ? 0 : next;
    }

    /// <summary>The first configuration, or null without BGP. <paramref name="restarted"/>: an earlier process left routes in the region (RFC 4724 §4.1).</summary>
    public void Start(BgpConfiguration? configuration, bool restarted)
    {
        if (configuration is null)
        {
            // Nobody will say the routes again that an earlier process may have left.
            intake.Complete();
            return;
        }

        log.LogInformation("bgp: AS {As}, router {Router}, {Neighbors} neighbours, {Ranges} ranges of neighbours, {Vrfs} VRFs{Restarted}", configuration.LocalAs, BgpView.Identifier(configuration.RouterId),
            configuration.Neighbors.Count, configuration.Dynamic.Count, configuration.Vrfs.Count, restarted ? "; routes of an earlier process stand until the neighbours have said theirs" : "");
        Use(configuration, restarted);
    }

    /// <summary>Another configuration is in force.</summary>
    public void Use(BgpConfiguration? configuration)
    {
        if (configuration is not null || started) Use(configuration ?? new BgpConfiguration(), restarted: false);
    }

    /// <summary>Called every second: tries again what could not be opened.</summary>
    public void SecondPassed()
    {
        if (!started) return;
        transport.Retry();
        vrfs.Retry();
    }

    /// <summary>One neighbour by name or address.</summary>
    /// <exception cref="RefusedException">There is none.</exception>
    public NeighborStatus Neighbor(string name) => machine.Neighbor(name, Now) ?? throw Unknown(name);

    /// <summary>Prefixes of a table with their paths: all, or those inside a prefix. To be enumerated at once.</summary>
    public IEnumerable<RouteStatus> Routes(string vrf, Family family, Prefix? within) => machine.Routes(vrf, family, within);

    /// <summary>An operator asks something of a neighbour, or of all ("*").</summary>
    /// <exception cref="RefusedException">There is no such neighbour.</exception>
    public void Ask(BgpVerb verb, string neighbor)
    {
        if (neighbor != "*" && machine.Neighbor(neighbor, Now) is null) throw Unknown(neighbor);
        log.LogInformation("bgp: an operator asks to {Verb} {Neighbor}", verb, neighbor == "*" ? "all neighbours" : neighbor);
        if (verb == BgpVerb.Enable) times.Begin(machine.Neighbor(neighbor, Now)?.Name, Environment.TickCount64);
        host.Step(new BgpOperatorAsked(verb, neighbor));
    }

    /// <summary>This process ends for good: neighbours are told, a moment at most.</summary>
    public void Stop()
    {
        if (started) host.Step(new BgpShutdownAsked());
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        watch.Dispose();
        hops.Dispose();
        ends.Dispose();
        transport.Dispose();
    }

    private void Use(BgpConfiguration configuration, bool restarted)
    {
        var again = !routes.Use(configuration) && started;
        started = true;
        Configuration = configuration;
        times.Use(configuration.Neighbors.Where(n => !n.Disabled).Select(n => n.Name), Environment.TickCount64);
        host.Step(new BgpConfigured(configuration, restarted));
        if (!again) return;
        log.LogWarning("bgp: the sub-type of the Security Gateway Identity changed: all sessions begin anew");
        host.Step(new BgpOperatorAsked(BgpVerb.Clear, "*"));
    }

    private static RefusedException Unknown(string name) => new($"there is no BGP neighbour '{Spelling.Shorten(name)}'", "GET /bgp shows all", 404);
}
