using Appliance.Machine;

namespace Appliance.Bfd;

/// <summary>One session: its state variables (RFC 5880 §6.8.1), reception (§6.8.6), transmission (§6.8.7) and end (§6.8.16). Asynchronous mode, active role, no echo.</summary>
internal sealed class BfdSession
{
    // Packets beside the periodic ones (answers to polls, news of a state) may come in a burst, and then one each so many milliseconds (§6.8.7: no more than what is advertised).
    private const int ExtraBurst = 10, MillisecondsPerExtra = BfdIntervals.Shortest;
    private readonly IntervalNegotiation intervals;
    private readonly Dictionary<string, BfdSessionWanted> wanted = new(StringComparer.Ordinal);
    private uint remoteDiscriminator;
    private BfdDiagnostic diagnostic, remoteDiagnostic;
    private BfdState remoteState = BfdState.Down;
    private bool remoteDemand, remoteIndependent, hasHeard;
    private Instant transmitAt, expiresAt = Instant.Never, endsAt = Instant.Never, lastSent, changedAt, extrasAt;
    private long pace;
    private int extras = ExtraBurst;
    private long sent, received, ups, downs;

    /// <summary>A session that is down; its first packet goes at once.</summary>
    public BfdSession(uint discriminator, BfdPath path, BfdSessionWanted first, Instant now)
    {
        Discriminator = discriminator;
        Path = path;
        wanted.Add(first.Key, first);
        intervals = new IntervalNegotiation(first.Intervals);
        transmitAt = extrasAt = changedAt = lastSent = now;
        pace = intervals.TransmitMilliseconds;
    }

    /// <summary>bfd.LocalDiscr.</summary>
    public uint Discriminator { get; }

    /// <summary>Between which addresses.</summary>
    public BfdPath Path { get; }

    /// <summary>bfd.SessionState.</summary>
    public BfdState State { get; private set; } = BfdState.Down;

    /// <summary>Who wants it.</summary>
    public IEnumerable<string> Keys => wanted.Keys;

    /// <summary>Least TTL of its packets.</summary>
    public int MinimumTtl => Path.IsMultihop ? wanted.Values.Select(w => w.MinimumTtl).DefaultIfEmpty().Max() : byte.MaxValue;

    /// <summary>Nobody wants it and the other side had its time to hear so.</summary>
    public bool HasEnded { get; private set; }

    /// <summary>When <see cref="TimePassed"/> wants to be called.</summary>
    public Instant NextDue => Earliest(transmitAt, Earliest(expiresAt, endsAt));

    /// <summary>Adds somebody who wants the session, or changes what one wants.</summary>
    public void Want(BfdSessionWanted by, in StepContext context, ICollection<BfdAction> actions)
    {
        var isNew = !wanted.ContainsKey(by.Key);
        wanted[by.Key] = by;
        Settle();
        if (State == BfdState.AdminDown)
        {
            endsAt = Instant.Never;
            Enter(BfdState.Down, BfdDiagnostic.None, context.Now);
            Announce(context, actions);
        }
        else if (isNew && State == BfdState.Up)
        {
            actions.Add(new BfdSessionChanged(by.Key, true, diagnostic, false));
        }

        Pace(context);
    }

    /// <summary>Somebody wants it no longer. The last one to go leaves it AdminDown for as long as the other side needs to hear so.</summary>
    public void Unwant(string key, in StepContext context, ICollection<BfdAction> actions)
    {
        if (!wanted.Remove(key, out var last)) return;
        if (wanted.Count > 0)
        {
            Settle();
            Pace(context);
            return;
        }

        Enter(BfdState.AdminDown, BfdDiagnostic.AdministrativelyDown, context.Now);
        endsAt = context.Now.Plus(hasHeard ? intervals.RemoteDetectionMilliseconds : 0);
        Announce(context, actions);
        Pace(context);
        if (!hasHeard) HasEnded = true;
    }

    /// <summary>The process ends.</summary>
    public void Stop(in StepContext context, ICollection<BfdAction> actions)
    {
        Enter(BfdState.AdminDown, BfdDiagnostic.AdministrativelyDown, context.Now);
        if (hasHeard) Transmit(context, actions, isFinal: false);
        HasEnded = true;
    }

    /// <summary>A packet that belongs to this session and was authenticated, which here means that it has no authentication section.</summary>
    public void Receive(in ControlPacket packet, in StepContext context, ICollection<BfdAction> actions)
    {
        received++;
        hasHeard = true;
        remoteDiscriminator = packet.MyDiscriminator;
        (remoteState, remoteDiagnostic, remoteDemand, remoteIndependent) = (packet.State, packet.Diagnostic, packet.IsDemand, packet.IsControlPlaneIndependent);
        intervals.Heard(packet);
        if (State == BfdState.AdminDown)
        {
            Pace(context);
            return;
        }

        var before = State;
        var (next, why) = Transition(State, packet.State);
        if (next != before) Enter(next, why ?? (next == BfdState.Up ? BfdDiagnostic.None : diagnostic), context.Now);
        expiresAt = context.Now.Plus(intervals.DetectionMilliseconds);
        Pace(context);
        if (packet.IsPoll && TakeExtra(context.Now)) Transmit(context, actions, isFinal: true);
        if (next != before) Announce(context, actions);
        Tell(before, actions);
    }

    /// <summary>What is due: the other side was silent for too long, a packet goes out, the session ends.</summary>
    public void TimePassed(in StepContext context, ICollection<BfdAction> actions)
    {
        if (endsAt <= context.Now)
        {
            HasEnded = true;
            return;
        }

        if (expiresAt <= context.Now) Expire(context, actions);
        if (transmitAt <= context.Now) Transmit(context, actions, isFinal: false);
    }

    /// <summary>What an operator sees.</summary>
    public BfdSessionStatus Status(Instant now) => new()
    {
        Keys = [.. wanted.Keys], Path = Path, State = State, Diagnostic = diagnostic, RemoteState = remoteState, RemoteDiagnostic = remoteDiagnostic,
        Discriminator = Discriminator, RemoteDiscriminator = remoteDiscriminator, IsRemoteControlPlaneIndependent = remoteIndependent,
        TransmitMilliseconds = intervals.TransmitMilliseconds, DetectionMilliseconds = intervals.DetectionMilliseconds,
        DetectMult = intervals.DetectMult, RemoteDetectMult = intervals.RemoteDetectMult, IsPolling = intervals.IsPolling,
        Sent = sent, Received = received, Ups = ups, Downs = downs, MillisecondsInState = now - changedAt,
    };

    // §6.8.6. A diagnostic of null leaves the one that is there, or clears it when the session comes up.
    private static (BfdState Next, BfdDiagnostic? Why) Transition(BfdState state, BfdState remote) => (state, remote) switch
    {
        (BfdState.Init or BfdState.Up, BfdState.AdminDown) => (BfdState.Down, BfdDiagnostic.NeighborSignaledDown),
        (BfdState.Down, BfdState.Down) => (BfdState.Init, null),
        (BfdState.Down, BfdState.Init) => (BfdState.Up, null),
        (BfdState.Init, BfdState.Init or BfdState.Up) => (BfdState.Up, null),
        (BfdState.Up, BfdState.Down) => (BfdState.Down, BfdDiagnostic.NeighborSignaledDown),
        _ => (state, null),
    };

    private static Instant Earliest(Instant a, Instant b) => a < b ? a : b;

    private void Settle() => intervals.Want(wanted.Values.Select(w => w.Intervals).Aggregate((a, b) => a.With(b)));

    // §6.8.4, and §6.8.1 for the discriminator, which is forgotten in every state.
    private void Expire(in StepContext context, ICollection<BfdAction> actions)
    {
        expiresAt = Instant.Never;
        remoteDiscriminator = 0;
        var before = State;
        if (State is not (BfdState.Init or BfdState.Up)) return;
        Enter(BfdState.Down, BfdDiagnostic.DetectionTimeExpired, context.Now);
        Pace(context);
        Announce(context, actions);
        Tell(before, actions);
    }

    private void Enter(BfdState next, BfdDiagnostic why, Instant now)
    {
        if (next == BfdState.Up) ups++;
        if (State == BfdState.Up) downs++;
        (State, diagnostic, changedAt) = (next, why, now);
        intervals.SetUp(next == BfdState.Up);
    }

    private void Tell(BfdState before, ICollection<BfdAction> actions)
    {
        if ((before == BfdState.Up) == (State == BfdState.Up)) return;
        foreach (var key in wanted.Keys) actions.Add(new BfdSessionChanged(key, State == BfdState.Up, diagnostic, State != BfdState.Up && remoteState == BfdState.AdminDown));
    }

    // A change goes out between the periodic packets (§6.8.7), unless there was too much of that.
    private void Announce(in StepContext context, ICollection<BfdAction> actions)
    {
        if (intervals.TransmitMilliseconds == 0 && State != BfdState.AdminDown) return;
        if (TakeExtra(context.Now)) Transmit(context, actions, isFinal: false);
        else transmitAt = Earliest(transmitAt, context.Now.Plus(MillisecondsPerExtra));
    }

    private bool TakeExtra(Instant now)
    {
        var fresh = (now - extrasAt) / MillisecondsPerExtra;
        if (extras + fresh >= ExtraBurst) (extras, extrasAt) = (ExtraBurst, now);
        else (extras, extrasAt) = (extras + (int)fresh, extrasAt.Plus(fresh * MillisecondsPerExtra));
        if (extras == 0) return false;
        extras--;
        return true;
    }

    // The schedule stands until the interval, or whether there is one, changes; a shorter one counts from the last packet (§6.8.3).
    private void Pace(in StepContext context)
    {
        var isQuiet = remoteDemand && State == BfdState.Up && remoteState == BfdState.Up && !intervals.IsPolling;
        var next = isQuiet ? 0 : intervals.TransmitMilliseconds;
        if (next == pace) return;
        pace = next;
        Schedule(context);
    }

    private void Schedule(in StepContext context)
    {
        var at = pace == 0 ? Instant.Never : lastSent.Plus(Jittered(context.Entropy));
        transmitAt = at < context.Now ? context.Now : at;
    }

    // 75 to 100 % of the interval, with a multiplier of 1 to 90 % (§6.8.7).
    private long Jittered(Entropy entropy)
    {
        var least = (pace * 75 + 99) / 100;
        var most = intervals.DetectMult == 1 ? pace * 90 / 100 : pace;
        return least + entropy.Below(most - least + 1);
    }

    private void Transmit(in StepContext context, ICollection<BfdAction> actions, bool isFinal)
    {
        var packet = new ControlPacket
        {
            Diagnostic = diagnostic, State = State, IsPoll = intervals.IsPolling && !isFinal, IsFinal = isFinal, DetectMult = intervals.DetectMult,
            MyDiscriminator = Discriminator, YourDiscriminator = remoteDiscriminator,
            DesiredMinTxInterval = intervals.DesiredMinTxInterval, RequiredMinRxInterval = intervals.RequiredMinRxInterval,
        };
        var octets = new byte[ControlPacket.Octets];
        packet.Write(octets);
        sent++;
        actions.Add(new BfdSend(Discriminator, Path, octets));
        if (isFinal) return;
        lastSent = context.Now;
        Schedule(context);
    }
}
