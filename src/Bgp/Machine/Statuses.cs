using Appliance.Machine;

namespace Appliance.Bgp;

/// <summary>What an operator sees.</summary>
internal static class Statuses
{
    /// <summary>Everything in short.</summary>
    public static BgpSummary Summary(BgpMachine machine, Instant at) => new(machine.Configuration.LocalAs, machine.Configuration.RouterId, machine.Deferral.IsActive,
        [.. machine.Sessions.All.OrderBy(s => s.Name, StringComparer.Ordinal).Select(s => Of(machine, s, at))],
        [.. machine.Rib.Tables().Select(t => t with { IsComplete = machine.Deferral.IsCompleteFor(t.Vrf, t.Family) })]);

    /// <summary>One neighbour.</summary>
    public static NeighborStatus Of(BgpMachine machine, Session session, Instant at)
    {
        var connection = session.Established ?? (session.Connections.Count > 0 ? session.Connections[0] : null);
        var negotiated = connection?.Negotiated ?? Negotiated.Nothing;
        var (received, sent) = session.Counters.Counts;
        return new NeighborStatus
        {
            Name = session.Name,
            Address = session.Configuration.Address,
            LocalAddress = connection?.Local.Address,
            Vrf = session.Configuration.Vrf,
            RemoteAs = session.RemoteAs,
            LocalAs = session.LocalAs(machine.Configuration),
            RouterId = negotiated.RemoteId,
            IsExternal = session.IsExternal(machine.Configuration),
            IsDynamic = session.Range is not null,
            IsDisabled = session.IsDisabled,
            IsReflectorClient = session.Configuration.ReflectorClient,
            State = session.State,
            SecondsInState = Math.Max(0, (at - session.Since) / 1000),
            TimesEstablished = session.TimesEstablished,
            LastReason = session.Reason,
            LastNotification = session.LastNotification,
            SecondsToRetry = session.Connections.Count > 0 ? null : Until(machine, session, at),
            HoldSeconds = negotiated.HoldSeconds,
            KeepaliveSeconds = negotiated.HoldSeconds / 3,
            Capabilities = Common(negotiated),
            RemoteCapabilities = negotiated.RemoteWords,
            BfdUp = session.Configuration.Bfd is null ? null : session.BfdUp ?? false,
            OctetsUnsent = connection?.Waiting ?? 0,
            Received = received,
            Sent = sent,
            MalformedUpdates = session.Counters.Malformed,
            Families = [.. session.Families.Select(f => Of(machine, session, f))],
        };
    }

    private static NeighborFamilyStatus Of(BgpMachine machine, Session session, FamilyState state)
    {
        var counts = machine.Rib.Counts(session.Id, state.Family);
        return new NeighborFamilyStatus
        {
            Family = state.Family,
            IsNegotiated = state.Negotiated is not null,
            Received = counts.Received,
            Accepted = counts.Accepted,
            Sent = counts.Sent,
            Stale = counts.Stale,
            MaximumPrefixes = state.Configuration.MaximumPrefixes,
            Import = state.Configuration.Import?.Name ?? "",
            Export = state.Configuration.Export?.Name ?? "",
            EndOfRibReceived = state.EndOfRibReceived,
            EndOfRibSent = state.EndOfRibSent,
            AddPathReceive = state.Negotiated?.AddPathReceive ?? false,
            AddPathSend = state.Negotiated?.AddPathSend ?? false,
        };
    }

    private static long? Until(BgpMachine machine, Session session, Instant at)
    {
        var due = machine.Timers.DueOf(new TimerKey(session.Id, session.State == SessionState.Idle ? SessionTimer.IdleHold : SessionTimer.ConnectRetry));
        return due is { } moment ? Math.Max(0, (moment - at + 999) / 1000) : null;
    }

    private static List<string> Common(Negotiated negotiated)
    {
        var words = new List<string>(negotiated.Families.Select(f => f.Family.ToString()));
        if (negotiated.RouteRefresh) words.Add("route-refresh");
        if (negotiated.EnhancedRefresh) words.Add("enhanced-refresh");
        if (negotiated.ExtendedMessages) words.Add("extended-message");
        if (negotiated.FourOctetAs) words.Add("4-octet-as");
        if (negotiated.Restart is { } restart) words.Add($"graceful-restart {restart.Seconds} s");
        foreach (var family in negotiated.Families)
        {
            if (family.ExtendedNextHop) words.Add($"extended-next-hop {family.Family}");
            if (family.AddPathReceive) words.Add($"add-path {family.Family} receive");
            if (family.AddPathSend) words.Add($"add-path {family.Family} send");
        }

        return words;
    }
}
