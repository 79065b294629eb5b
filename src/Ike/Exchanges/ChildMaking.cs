using Appliance.Crypto;
using Appliance.Ike.Children;
using Appliance.Ike.Machine;
using Appliance.Ike.Messages;

namespace Appliance.Ike.Exchanges;

/// <summary>
/// A child that the peer asked for, new or in the place of another. Both directions are installed before the answer goes; what replaces another child sends only when the
/// peer surely has it (RFC 7296 §2.8).
/// </summary>
internal sealed class ChildMaking(IkeSa sa, ChildAgreement agreement, byte[] theirNonce, byte[] ourNonce, ChildState? replaced) : SaMaking(sa)
{
    private ChildState? created;

    /// <inheritdoc/>
    public override bool WaitsForHost => true;

    /// <inheritdoc/>
    public override ChildRefusal? Make(Step step, Exchange exchange, Secret? shared, params ReadOnlySpan<Secret> additional)
    {
        if (additional.Length > 0 && (Sa.State != IkeSaState.Established || Sa.Successor is not null)) return new(NotifyType.TemporaryFailure, "the IKE SA is being rekeyed or deleted");
        if (replaced is not null and not { Stage: ChildStage.Established } and not { Stage: ChildStage.Rekeying, PeerRekey: null }) return new(NotifyType.TemporaryFailure, $"child {replaced.Sa.Instance} is being replaced or deleted");
        created = ChildInstall.Begin(step, exchange, Sa, agreement, theirNonce, ourNonce, shared, weInitiated: false, activateOutbound: replaced is null, additional);
        return null;
    }

    /// <inheritdoc/>
    public override ChildRefusal? Installed(Step step, ChildInstalled installed)
    {
        if (!ChildInstall.Done(step, Sa, created!, installed)) return new(NotifyType.TemporaryFailure, installed.Problem ?? "it was deleted meanwhile");
        if (replaced is not null) Replace(step, replaced, created!);
        return null;
    }

    private void Replace(Step step, ChildState old, ChildState child)
    {
        step.SetTimer(Sa, TimerKind.ActivateChild, ChildLifetimes.ActivationPoll, child.InboundSpi);
        if (old.Stage == ChildStage.Rekeying)
        {
            old.PeerRekey = new(child, theirNonce, ourNonce);
            old.Successor = child;
            return;
        }

        old.Successor = child;
        if (Sa.Children.Contains(old)) old.Stage = ChildStage.Replaced;
        else ChildRemoval.Activate(step, Sa, child);
    }
}
