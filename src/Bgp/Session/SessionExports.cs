namespace Appliance.Bgp;

/// <summary>When a neighbour is told our routes.</summary>
internal sealed partial class Session
{
    private bool hadTimeForTargets;

    /// <summary>
    /// Routes of families are sent as soon as they may be: after a restart of ours, when they were decided on; those of VPNs, when the neighbour said which it wants (RFC 4684 §6), or did not
    /// for a while.
    /// </summary>
    public void StartExports(BgpStep step)
    {
        if (Established is null) return;
        var knowsTargets = hadTimeForTargets || Of(Family.RouteTarget) is not { Negotiated: not null, EndOfRibReceived: false };
        foreach (var state in Families)
        {
            if (state.IsExported || state.Negotiated is null || (state.Family.IsVpn && !knowsTargets) || !step.Machine.Deferral.IsCompleteFor(Configuration.Vrf, state.Family)) continue;
            state.IsExported = true;
            step.Machine.PeerRoutes.Start(this, state.Family);
        }
    }

    private void TargetTimeOver(BgpStep step)
    {
        hadTimeForTargets = true;
        StartExports(step);
    }
}
