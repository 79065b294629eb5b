using Appliance.Crypto;
using Appliance.Ike.Exchanges;
using Appliance.Ike.Machine;

namespace Appliance.Ike.Children;

/// <summary>From an agreement to a child in use: KEYMAT (RFC 7296 §2.17), installation, and what the end of it means.</summary>
internal static class ChildInstall
{
    /// <summary>
    /// Has the host install a child, inbound first; the result comes to the exchange. The child belongs to the IKE SA from now on, so that it goes when the IKE SA goes.
    /// </summary>
    /// <param name="step">The step.</param>
    /// <param name="exchange">The exchange that makes it; gets the <see cref="ChildInstalled"/>.</param>
    /// <param name="sa">IKE SA.</param>
    /// <param name="agreement">What was agreed on.</param>
    /// <param name="initiatorNonce">Ni of the exchange (in IKE_AUTH: of IKE_SA_INIT).</param>
    /// <param name="responderNonce">Nr.</param>
    /// <param name="shared">g^ir of its own key exchange, or null; stays the caller's.</param>
    /// <param name="weInitiated">We began the exchange.</param>
    /// <param name="activateOutbound">Send by it at once; else when the peer surely has it.</param>
    /// <param name="additional">Secrets of IKE_FOLLOWUP_KE (RFC 9370 §2.2.4); they stay the caller's.</param>
    public static ChildState Begin(Step step, Exchange exchange, IkeSa sa, ChildAgreement agreement, byte[] initiatorNonce, byte[] responderNonce, Secret? shared, bool weInitiated, bool activateOutbound,
        params ReadOnlySpan<Secret> additional)
    {
        var child = new ChildState(agreement.Child) { IsOurs = weInitiated, OutboundWaits = !activateOutbound, InstalledAt = step.Now };
        var (toResponder, toInitiator) = sa.Keys!.ChildKeys(initiatorNonce, responderNonce, shared, agreement.Chosen.KeyMaterialLength, additional);
        var (inbound, outbound) = weInitiated ? (toInitiator, toResponder) : (toResponder, toInitiator);
        sa.AddChild(step, child);
        step.Actions.Add(new InstallChild(step.NewToken(exchange), child.Sa, inbound, outbound, activateOutbound));
        return child;
    }

    /// <summary>The host answered. False: it could not; the child is forgotten and the log says why.</summary>
    public static bool Done(Step step, IkeSa sa, ChildState child, ChildInstalled result)
    {
        if (!sa.Children.Contains(child)) return false;
        if (result.Problem is { } problem)
        {
            sa.RemoveChild(step, child);
            step.Actions.Add(new RemoveChild(child.Sa.InboundSpi, child.Sa.OutboundSpi, 0, problem));
            step.Log(IkeLogLevel.Error, sa, "child-install", $"child {child.Sa.Instance} could not be installed: {problem}");
            return false;
        }

        child.Stage = ChildStage.Established;
        child.InstalledAt = step.Now;
        ChildTimers.Start(step, sa, child);
        sa.Save(step);
        step.Log(IkeLogLevel.Information, sa, "child-established", $"child {child.Sa.Instance} established: SPIs {child.Sa.InboundSpi:x8} in, {child.Sa.OutboundSpi:x8} out, {child.Sa.Mode}, "
            + $"{new SelectorPair(child.Sa.LocalSelectors, child.Sa.RemoteSelectors)}");
        return true;
    }

    /// <summary>The peer's answer to an offer of ours is not what we want, or a refusal: a line for the log, and where the peer has installed it, its deletion.</summary>
    public static void Refused(Step step, IkeSa sa, ChildOffer offer, ChildRefusal refusal)
    {
        step.Log(IkeLogLevel.Warning, sa, LogKeys.Of(refusal.Notify), refusal.Why);
        if (refusal.PeerHasIt) sa.Start(step, new DeleteSpis(sa, [offer.InboundSpi]));
    }
}
