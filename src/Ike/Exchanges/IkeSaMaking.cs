using Appliance.Crypto;
using Appliance.Ike.Children;
using Appliance.Ike.Machine;
using Appliance.Ike.Messages;

namespace Appliance.Ike.Exchanges;

/// <summary>An IKE SA that the peer makes in the place of this one; the children go over to it when the answer is out (RFC 7296 §1.3.2).</summary>
internal sealed class IkeSaMaking(IkeSa sa, ChosenProposal chosen, ulong localSpi, byte[] theirNonce, byte[] ourNonce) : SaMaking(sa)
{
    private IkeSa? made;

    /// <inheritdoc/>
    public override bool WaitsForHost => false;

    /// <inheritdoc/>
    public override ChildRefusal? Make(Step step, Exchange exchange, Secret? shared, params ReadOnlySpan<Secret> additional)
    {
        if (Sa.State is not (IkeSaState.Established or IkeSaState.Rekeying) || Sa.Successor is not null || Sa.PeerRekey is not null || step.Machine.Find(localSpi) is not null)
            return new(NotifyType.TemporaryFailure, "the IKE SA is being rekeyed or deleted");
        made = IkeSaReplacement.Make(step, Sa, isInitiator: false, localSpi, SpiOctets.ReadIke(chosen.Proposal.Spi)!.Value, chosen.ToIkeSuite(), shared!, theirNonce, ourNonce, additional);
        return null;
    }

    /// <inheritdoc/>
    public override void Answered(Step step)
    {
        if (Sa.State == IkeSaState.Rekeying) Sa.PeerRekey = new(made!, theirNonce, ourNonce);
        else IkeSaReplacement.Replace(step, Sa, made!);
    }
}
