using Appliance.Ike.Children;

namespace Appliance.Ike.Machine;

/// <summary>What an operator sees.</summary>
internal static class Statuses
{
    private static readonly Extensions[] Shown = [Extensions.Fragmentation, Extensions.Mobike, Extensions.Childless, Extensions.Redirect, Extensions.Intermediate, Extensions.Ppk, Extensions.Multipoint];

    public static IkeSaStatus Of(IkeMachine machine, IkeSa sa) => new()
    {
        Peer = sa.Peer?.Name ?? "",
        State = sa.State switch { IkeSaState.Connecting => "connecting", IkeSaState.Established => "established", IkeSaState.Rekeying => "rekeying", _ => "deleting" },
        IsInitiator = sa.IsInitiator,
        InitiatorSpi = sa.InitiatorSpi,
        ResponderSpi = sa.ResponderSpi,
        Local = sa.Local.ToString(),
        Remote = sa.Remote.ToString(),
        LocalIdentity = sa.LocalIdentity?.ToString() ?? "",
        RemoteIdentity = sa.RemoteIdentity?.ToString() ?? "",
        Suite = sa.Suite?.ToString() ?? "",
        Nat = sa.Nat switch { NatState.None => "none", NatState.Local => "local", NatState.Remote => "remote", _ => "both" },
        AgeSeconds = sa.Establishment is null ? (machine.Now - sa.EstablishedAt) / 1000 : 0,
        RekeySeconds = Until(machine, new TimerKey(sa.LocalSpi, TimerKind.RekeyIke)),
        Extensions = [.. Shown.Where(e => sa.Extensions.HasFlag(e)).Select(e => e.ToString().ToLowerInvariant())],
        Children = ChildStatuses.Of(machine, sa, machine.Now),
    };

    public static IkePeerStatus Of(IkeMachine machine, PeerRecord record)
    {
        var connecting = machine.Of(record.Peer.Name).Any(s => s.State == IkeSaState.Connecting);
        var next = connecting ? null : machine.Manager.Timers.DueOf(record.Peer.Name);
        var state = connecting ? "connecting" : record.Peer.Children.Count > 0 && record.Peer.Children.All(c => record.HeldDown.Contains(c.Name)) ? "down" : next is not null && record.Failures > 0 ? "waiting" : "idle";
        return new IkePeerStatus(record.Peer.Name, state, record.LastProblem, next is { } at ? Math.Max(0, at - machine.Now) / 1000 : null, record.Attempts);
    }

    private static long? Until(IkeMachine machine, TimerKey timer) => machine.Timers.DueOf(timer) is { } due ? Math.Max(0, due - machine.Now) / 1000 : null;
}
