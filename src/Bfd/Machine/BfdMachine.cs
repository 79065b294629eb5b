using Appliance.Machine;

namespace Appliance.Bfd;

/// <summary>
/// All sessions of the node: who wants which, which packet belongs to which (RFC 5880 §6.3, RFC 5881 §3, RFC 5883 §3), whose turn it is. A packet never makes a session: what others
/// can make us keep is nothing.
/// </summary>
public sealed class BfdMachine : IMachine<BfdEvent, BfdAction>
{
    /// <summary>Sessions at most; one more is refused.</summary>
    public const int MostSessions = 1024;

    private readonly Dictionary<uint, BfdSession> sessions = [];
    private readonly Dictionary<BfdPath, BfdSession> byPath = [];
    private readonly Dictionary<string, BfdSession> byKey = new(StringComparer.Ordinal);
    private readonly TimerQueue<uint> timers = new();
    private readonly long[] dropped = new long[Enum.GetValues<PacketProblem>().Length];

    /// <inheritdoc/>
    public Instant NextDue => timers.NextDue;

    /// <summary>Packets that were dropped for one reason.</summary>
    public long Dropped(PacketProblem problem) => dropped[(int)problem];

    /// <summary>All sessions.</summary>
    public IReadOnlyList<BfdSessionStatus> Status(Instant now) => [.. sessions.Values.Select(s => s.Status(now))];

    /// <inheritdoc/>
    public void Step(in StepContext context, BfdEvent e, ICollection<BfdAction> actions)
    {
        ArgumentNullException.ThrowIfNull(e);
        ArgumentNullException.ThrowIfNull(actions);
        switch (e)
        {
            case BfdPacketReceived packet:
                var problem = Receive(packet, context, actions);
                if (problem != PacketProblem.None) dropped[(int)problem]++;
                break;
            case BfdSessionWanted wanted:
                Want(wanted, context, actions);
                break;
            case BfdSessionUnwanted unwanted:
                Unwant(unwanted.Key, context, actions);
                break;
            case BfdTimePassed:
                TimePassed(context, actions);
                break;
            case BfdStopped:
                foreach (var session in sessions.Values.ToList())
                {
                    session.Stop(context, actions);
                    After(session, actions);
                }

                break;
        }
    }

    private void Want(BfdSessionWanted wanted, in StepContext context, ICollection<BfdAction> actions)
    {
        if (byKey.TryGetValue(wanted.Key, out var before) && before.Path != wanted.Path) Unwant(wanted.Key, context, actions);
        if (!wanted.Intervals.AreValid)
        {
            actions.Add(new BfdSessionRefused(wanted.Key, $"intervals are {BfdIntervals.Shortest} to {BfdIntervals.Longest} ms and the multiplier 1 to 255"));
            return;
        }

        if (byPath.TryGetValue(wanted.Path, out var session))
        {
            session.Want(wanted, context, actions);
        }
        else if (sessions.Count >= MostSessions)
        {
            actions.Add(new BfdSessionRefused(wanted.Key, $"there are {MostSessions} sessions already"));
            return;
        }
        else
        {
            session = new BfdSession(NewDiscriminator(context.Entropy), wanted.Path, wanted, context.Now);
            sessions.Add(session.Discriminator, session);
            byPath.Add(session.Path, session);
        }

        byKey[wanted.Key] = session;
        After(session, actions);
    }

    private void Unwant(string key, in StepContext context, ICollection<BfdAction> actions)
    {
        if (!byKey.Remove(key, out var session)) return;
        session.Unwant(key, context, actions);
        After(session, actions);
    }

    private PacketProblem Receive(BfdPacketReceived e, in StepContext context, ICollection<BfdAction> actions)
    {
        if (!e.Path.IsMultihop && e.Ttl != byte.MaxValue) return PacketProblem.Ttl;
        var problem = ControlPacket.TryRead(e.Octets.Span, out var packet);
        if (problem != PacketProblem.None) return problem;
        BfdSession? session;
        if (packet.YourDiscriminator != 0)
        {
            if (!sessions.TryGetValue(packet.YourDiscriminator, out session) || session.Path != e.Path) return PacketProblem.YourDiscriminator;
        }
        else if (packet.State is not (BfdState.Down or BfdState.AdminDown))
        {
            return PacketProblem.State;
        }
        else if (!byPath.TryGetValue(e.Path, out session))
        {
            return PacketProblem.Neighbor;
        }

        if (e.Ttl < session.MinimumTtl) return PacketProblem.Ttl;
        if (packet.IsAuthenticated) return PacketProblem.Authentication;
        session.Receive(packet, context, actions);
        After(session, actions);
        return PacketProblem.None;
    }

    // At this event alone: after a pause of the host, what waits in its sockets is heard before anybody is taken for dead.
    private void TimePassed(in StepContext context, ICollection<BfdAction> actions)
    {
        while (timers.TryTake(context.Now, out var due))
        {
            if (!sessions.TryGetValue(due, out var session)) continue;
            session.TimePassed(context, actions);
            After(session, actions);
        }
    }

    // Random, so that nobody guesses it, and unique (RFC 5880 §6.8.1).
    private uint NewDiscriminator(Entropy entropy)
    {
        uint discriminator;
        do discriminator = entropy.NextUInt32();
        while (discriminator == 0 || sessions.ContainsKey(discriminator));
        return discriminator;
    }

    private void After(BfdSession session, ICollection<BfdAction> actions)
    {
        if (!session.HasEnded)
        {
            if (session.NextDue == Instant.Never) timers.Stop(session.Discriminator);
            else timers.Set(session.Discriminator, session.NextDue);
            return;
        }

        foreach (var key in session.Keys) byKey.Remove(key);
        timers.Stop(session.Discriminator);
        sessions.Remove(session.Discriminator);
        byPath.Remove(session.Path);
        actions.Add(new BfdSessionEnded(session.Discriminator));
    }
}
