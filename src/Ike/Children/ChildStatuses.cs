using Appliance.Ike.Machine;
using Appliance.Machine;

namespace Appliance.Ike.Children;

/// <summary>What an operator sees of the children of an IKE SA.</summary>
internal static class ChildStatuses
{
    public static IReadOnlyList<ChildSaStatus> Of(IkeMachine machine, IkeSa sa, Instant now) => [.. sa.Children.Select(c => Of(machine, sa, c, now))];

    private static ChildSaStatus Of(IkeMachine machine, IkeSa sa, ChildState child, Instant now)
    {
        var due = machine.Timers.DueOf(new(sa.LocalSpi, TimerKind.RekeyChild, child.InboundSpi));
        return new(child.Sa, child.Stage.ToString().ToLowerInvariant(), (now - child.InstalledAt) / 1000, due is { } at ? Math.Max(0, (at - now) / 1000) : null);
    }
}
