using System.Net;
using Appliance.Machine;

namespace Appliance.Bgp;

/// <summary>
/// The session with one neighbour: the FSM of RFC 4271 §8, with up to two connections until one is established. Idle, Connect and Active are states of the session itself; from OpenSent on
/// the state is that of the connection that came farthest.
/// </summary>
internal sealed partial class Session
{
    private readonly List<Connection> connections = [];
    private SessionState waiting = SessionState.Idle;
    private bool isAttempting;
    private int failures;
    private int connectFailures;
    private bool isFinal;

    public Session(int id, NeighborConfiguration configuration, DynamicNeighbors? range, Instant now)
    {
        (Id, Configuration, Range, Since) = (id, configuration, range, now);
        Families = [.. configuration.Families.Select(f => new FamilyState(f))];
    }

    /// <summary>Number of the session, from 1; the RIB knows the neighbour by it.</summary>
    public int Id { get; }

    /// <summary>What is wanted of it.</summary>
    public NeighborConfiguration Configuration { get; private set; }

    /// <summary>The range that a dynamic neighbour came from; null for a configured one.</summary>
    public DynamicNeighbors? Range { get; set; }

    /// <summary>Name of the neighbour.</summary>
    public string Name => Configuration.Name;

    /// <summary>State.</summary>
    public SessionState State { get; private set; }

    /// <summary>Since when.</summary>
    public Instant Since { get; private set; }

    /// <summary>Why.</summary>
    public string Reason { get; private set; } = "";

    /// <summary>The last NOTIFICATION, either way.</summary>
    public string LastNotification { get; private set; } = "";

    /// <summary>The connection that is established, or null.</summary>
    public Connection? Established { get; private set; }

    /// <summary>The operator took it out of service.</summary>
    public bool IsDisabledByOperator { get; private set; }

    /// <summary>It is not to be started.</summary>
    public bool IsDisabled => Configuration.Disabled || IsDisabledByOperator;

    /// <summary>Configured families.</summary>
    public IReadOnlyList<FamilyState> Families { get; private set; }

    /// <summary>How often it was established.</summary>
    public int TimesEstablished { get; private set; }

    /// <summary>Messages of this process's life.</summary>
    public SessionCounters Counters { get; } = new();

    /// <summary>What the operator is told about it.</summary>
    public NoticeLimit Notices { get; } = new();

    /// <summary>What the operator is told of its UPDATEs: many errors leave room for the rest.</summary>
    public NoticeLimit UpdateNotices { get; } = new();

    /// <summary>Whether BFD is up; null: not watched, or nothing was said yet.</summary>
    public bool? BfdUp { get; private set; }

    /// <summary>All connections.</summary>
    public IReadOnlyList<Connection> Connections => connections;

    /// <summary>What the RIB gave and that is not written yet.</summary>
    public ExportBatch? Unwritten { get; set; }

    /// <summary>The RIB had more than was written.</summary>
    public bool HasExports { get; set; }

    /// <summary>How a family is spoken now, or null.</summary>
    public FamilyState? Of(Family family)
    {
        foreach (var state in Families)
            if (state.Family == family) return state;
        return null;
    }

    /// <summary>AS that we are towards the neighbour.</summary>
    public uint LocalAs(BgpConfiguration configuration) => Configuration.LocalAs != 0 ? Configuration.LocalAs : configuration.LocalAs;

    /// <summary>Whether it is of another AS; a neighbour that did not say its AS yet counts as one.</summary>
    public bool IsExternal(BgpConfiguration configuration) => RemoteAs != LocalAs(configuration);

    /// <summary>Its AS: as configured, else as it said; 0 for not known.</summary>
    public uint RemoteAs => Configuration.RemoteAs != 0 ? Configuration.RemoteAs : Established?.Negotiated.RemoteAs ?? 0;

    /// <summary>The state changed: for the log, once for each change.</summary>
    private void Enter(BgpStep step, string reason)
    {
        var state = waiting;
        foreach (var connection in connections)
            if (connection.State > state) state = connection.State;
        if (state == State) return;
        var before = State;
        (State, Since, Reason) = (state, step.Now, reason);
        step.Actions.Add(new SessionChanged(Name, before, state, reason));
    }
}

/// <summary>Messages that went each way in this process's life.</summary>
internal sealed class SessionCounters
{
    private readonly long[] received = new long[6];
    private readonly long[] sent = new long[6];

    /// <summary>UPDATEs with errors that did not end the session.</summary>
    public long Malformed { get; set; }

    /// <summary>A message of a type (RFC 4271 §4.1) came.</summary>
    public void Received(MessageType type) => received[(int)type]++;

    /// <summary>So many messages of a type went out.</summary>
    public void Sent(MessageType type, int count = 1) => sent[(int)type] += count;

    /// <summary>For tables.</summary>
    public (MessageCounts Received, MessageCounts Sent) Counts => (Of(received), Of(sent));

    private static MessageCounts Of(long[] counts) => new()
    {
        Opens = counts[(int)MessageType.Open],
        Updates = counts[(int)MessageType.Update],
        Notifications = counts[(int)MessageType.Notification],
        Keepalives = counts[(int)MessageType.Keepalive],
        Refreshes = counts[(int)MessageType.RouteRefresh],
    };
}
