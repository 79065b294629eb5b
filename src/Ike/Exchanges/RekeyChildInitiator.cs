using Appliance.Ike.Children;
using Appliance.Ike.Machine;
using Appliance.Ike.Messages;

namespace Appliance.Ike.Exchanges;

/// <summary>
/// A child in the place of another (RFC 7296 §1.3.3, §2.8): <c>N(REKEY_SA), SA, Ni, [KEi,] TSi, TSr → SA, Nr, [KEr,] TSi, TSr</c>, then the old one is deleted. When the peer
/// rekeys it too, the exchange with the lowest nonce loses (§2.8.1).
/// </summary>
internal sealed class RekeyChildInitiator(IkeSa sa, ChildState child) : ChildCreation(sa)
{
    /// <summary>The child that is replaced.</summary>
    public ChildState Child { get; } = child;

    /// <inheritdoc/>
    protected override ChildOffer? MakeOffer(Step step)
    {
        if (!Sa.Children.Contains(Child) || Child.Stage != ChildStage.Established) return null;
        if (Sa.State != IkeSaState.Established)
        {
            ChildTimers.RetryRekey(step, Sa, Child);
            return null;
        }

        if (ChildTimers.Template(Sa, Child) is not { } template)
        {
            Sa.Start(step, new DeleteChild(Sa, Child, $"tunnel {Child.Sa.Tunnel} is no longer configured"));
            return null;
        }

        Child.Stage = ChildStage.Rekeying;
        return ChildOffer.Make(step, Sa, new ChildWish(Sa.Peer!, template, Worker: Child.Sa.Worker), inAuth: false, Child);
    }

    /// <inheritdoc/>
    protected override bool IsMoot => Child.PeerRekey is not null || !Sa.Children.Contains(Child);

    /// <inheritdoc/>
    protected override bool ActivatesOutbound() => !Loses;

    /// <inheritdoc/>
    protected override void Created(Step step, ChildState child, bool resources)
    {
        if (Loses)
        {
            // The peer's exchange made the one that stays; ours is for us to delete, the old one for the peer.
            (child.Stage, child.Successor) = (ChildStage.Replaced, Child.PeerRekey!.Child);
            (Child.Stage, Child.Successor) = (ChildStage.Replaced, Child.PeerRekey.Child);
            Sa.Start(step, new DeleteChild(Sa, child, "both sides rekeyed; this one is redundant"));
            return;
        }

        if (Child.PeerRekey is { } redundant) (redundant.Child.Stage, redundant.Child.Successor) = (ChildStage.Replaced, child);
        Child.Successor = child;
        if (!Sa.Children.Contains(Child)) return;
        Child.Stage = ChildStage.Replaced;
        Sa.Start(step, new DeleteChild(Sa, Child, "rekeyed"));
    }

    /// <inheritdoc/>
    protected override void NotCreated(Step step, ChildRefusal refusal)
    {
        if (!Sa.Children.Contains(Child) || Child.Stage != ChildStage.Rekeying) return;
        if (Child.PeerRekey is { } peer)
        {
            // RFC 7296 §2.8.1: the peer's rekeying did it.
            (Child.Stage, Child.Successor) = (ChildStage.Replaced, peer.Child);
            return;
        }

        Child.Stage = ChildStage.Established;
        if (refusal.Notify == NotifyType.ChildSaNotFound) ChildLosses.UnknownToPeer(step, Sa, Child);
        else ChildTimers.RetryRekey(step, Sa, Child);
    }

    private bool Loses => Child.PeerRekey is { } peer && NonceOrder.FirstIsLowest((InitiatorNonce, ResponderNonce), (peer.InitiatorNonce, peer.ResponderNonce));
}
