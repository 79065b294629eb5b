using System.Net;
using Appliance.Machine;

namespace Appliance.Bgp;

/// <summary>
/// BGP (RFC 4271) of one node: the sessions with its neighbours and the routes between them. One thread steps it. A step: 1. the event; 2. timers that are due; 3. the decision for what
/// changed, at most so much; 4. what neighbours are to be told, at most so much; 5. octets are handed over. What is left over is done in steps that <see cref="NextDue"/> asks for at once.
/// </summary>
public sealed class BgpMachine : IMachine<BgpEvent, BgpAction>
{
    private Instant now;
    private bool hasMore;

    /// <summary>A machine that does nothing before <see cref="BgpConfigured"/>.</summary>
    public BgpMachine()
    {
        Intake = new RouteIntake(Rib);
        PeerRoutes = new PeerRoutes(Rib);
        Export = new RouteExport(Rib);
        Selection = new RouteSelection(Rib);
    }

    /// <inheritdoc/>
    public Instant NextDue => hasMore ? now : Timers.NextDue;

    /// <summary>The configuration in force.</summary>
    internal BgpConfiguration Configuration { get; set; } = new();

    /// <summary>This process ends: nobody is served any more.</summary>
    internal bool IsStopped { get; private set; }

    /// <summary>All sessions.</summary>
    internal SessionTable Sessions { get; } = new();

    /// <summary>All connections by the host's numbers.</summary>
    internal Dictionary<ulong, Connection> Connections { get; } = [];

    /// <summary>All timers.</summary>
    internal TimerQueue<TimerKey> Timers { get; } = new();

    /// <summary>Connections with octets that were not handed over yet.</summary>
    internal List<Connection> Unflushed { get; } = [];

    /// <summary>All routes.</summary>
    internal Rib Rib { get; } = new();

    /// <summary>UPDATEs to the RIB.</summary>
    internal RouteIntake Intake { get; }

    /// <summary>What sessions mean for routes.</summary>
    internal PeerRoutes PeerRoutes { get; }

    /// <summary>The RIB to UPDATEs.</summary>
    internal RouteExport Export { get; }

    /// <summary>Decisions, and what the host is told of them.</summary>
    internal RouteSelection Selection { get; }

    /// <summary>Our own restart.</summary>
    internal Deferral Deferral { get; } = new();

    /// <summary>What an operator sees, at a moment of the host's clock. Asked between steps.</summary>
    public BgpSummary Summary(Instant at) => Statuses.Summary(this, at);

    /// <summary>One neighbour by name or address, or null. Asked between steps.</summary>
    public NeighborStatus? Neighbor(string nameOrAddress, Instant at) => Sessions.Named(nameOrAddress) is [var session, ..] ? Statuses.Of(this, session, at) : null;

    /// <summary>A table, prefix by prefix, in the order in which the prefixes came. To be read to its end, or left, before the next step.</summary>
    /// <param name="vrf">Name of the VRF; empty for the global table.</param>
    /// <param name="family">The family.</param>
    /// <param name="within">Prefixes inside of this one alone; null for all.</param>
    public IEnumerable<RouteStatus> Routes(string vrf, Family family, Prefix? within = null) => Rib.RoutesOf(vrf, family, within);

    /// <summary>What a neighbour was told in a family, with the attributes as they went out; empty where there is no such neighbour. Read like <see cref="Routes"/>.</summary>
    public IEnumerable<(Nlri Nlri, PathAttributes Attributes)> Advertised(string nameOrAddress, Family family) =>
        Sessions.Named(nameOrAddress) is [var session, ..] ? Rib.Told(session.Id, family) : [];

    /// <inheritdoc/>
    public void Step(in StepContext context, BgpEvent e, ICollection<BgpAction> actions)
    {
        now = context.Now;
        var step = new BgpStep(this, context, actions);
        Dispatch(step, e);
        while (Timers.TryTake(now, out var timer))
        {
            if (timer.Kind == SessionTimer.Deferral) Deferral.TimeOver(step);
            else Sessions.Find(timer.Session)?.Fire(step, timer);
        }

        hasMore = Selection.Run(step);
        hasMore |= Export.Run(step);
        foreach (var connection in Unflushed) connection.HandOver(step);
        Unflushed.Clear();
        Sessions.ForgetGone(step);
    }

    private void Dispatch(BgpStep step, BgpEvent e)
    {
        switch (e)
        {
            case MessagesReceived received when Connections.TryGetValue(received.Connection, out var connection):
                connection.Session.Receive(step, connection, received.Octets.Span);
                break;
            case OctetsSent sent when Connections.TryGetValue(sent.Connection, out var connection):
                connection.Sent(step, sent.Octets);
                break;
            case ConnectionOpened opened:
                Neighbors.Opened(step, opened);
                break;
            case ConnectionFailed failed:
                Sessions.Find(failed.Neighbor)?.ConnectionFailed(step, failed.Why);
                break;
            case ConnectionClosed closed when Connections.TryGetValue(closed.Connection, out var connection):
                connection.Session.ConnectionClosed(step, connection, closed.Why);
                break;
            case BfdChanged changed:
                Sessions.Find(changed.Neighbor)?.BfdChanged(step, changed);
                break;
            case NextHopsResolved resolved:
                Selection.Resolved(resolved.Hops, isEgress: false);
                break;
            case EgressResolved resolved:
                Selection.Resolved(resolved.Endpoints, isEgress: true);
                break;
            case BgpConfigured configured when !IsStopped:
                Configurator.Apply(step, configured);
                break;
            case BgpOperatorAsked asked:
                OperatorVerbs.Do(step, asked);
                break;
            case BgpShutdownAsked:
                IsStopped = true;
                foreach (var session in Sessions.All.ToArray())
                    session.Stop(step, NotificationMessage.Shutdown(CeaseReason.AdministrativeShutdown, "this router stops"), "ManualStop: this process stops", final: true);
                break;
        }
    }
}
