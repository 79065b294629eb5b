using Appliance.Ike.Children;
using Appliance.Ike.Groups;
using Appliance.Ike.Machine;
using Appliance.Ike.Messages;

namespace Appliance.Ike.Exchanges;

/// <summary>INFORMATIONAL of the peer (RFC 7296 §1.4): deletions, news of addresses (RFC 4555), multi-point SAs (draft-yamaya-ipsecme-mpsa-04), errors, or nothing but a sign of life. Every request is answered.</summary>
internal sealed class InformationalResponder(IkeSa sa) : RespondedExchange(sa)
{
    /// <inheritdoc/>
    public override void Request(Step step, IReadOnlyList<Payload> payloads)
    {
        if (payloads.OfType<DeletePayload>().Any(d => d.Protocol == ProtocolId.Ike))
        {
            DeleteIke(step);
            return;
        }

        var answer = new List<Payload>();
        var deleted = payloads.OfType<DeletePayload>().Where(d => d.Protocol == ProtocolId.Esp).SelectMany(d => d.Spis).Distinct().ToArray();
        if (deleted.Length > 0 && DeleteChildren(step, deleted) is { Count: > 0 } ours) answer.Add(new DeletePayload(ProtocolId.Esp, ours));
        foreach (var refusal in payloads.OfType<NotifyPayload>().Where(n => n.NotifyType == NotifyType.MpsaRefused)) GroupServers.Refused(step, Sa, refusal);
        foreach (var error in payloads.OfType<NotifyPayload>().Where(n => n.IsError && n.NotifyType != NotifyType.MpsaRefused))
            step.Log(IkeLogLevel.Warning, Sa, LogKeys.Of(error.NotifyType), $"the peer reports {error.NotifyType}");
        answer.AddRange(Mobility.Answer(step, Sa, payloads, Sa.RequestLocal, Sa.RequestRemote));
        // RFC 4555 §3.7: whoever asks for it gets its cookie back.
        if (payloads.Notify(NotifyType.Cookie2) is { } cookie) answer.Add(cookie);
        if (payloads.OfType<NotifyPayload>().Where(n => n.NotifyType == NotifyType.MpsaPut).ToArray() is { Length: > 0 } puts)
            MpsaPuts.Take(step, Sa, puts, later => End(later, payloads, answer));
        else End(step, payloads, answer);
    }

    private void End(Step step, IReadOnlyList<Payload> payloads, List<Payload> answer)
    {
        if (!Sa.Runs(this)) return;
        Sa.Respond(step, answer);
        if (payloads.Notify(NotifyType.Redirect) is { } redirect) step.Machine.Manager.Leave(step, Sa, redirect);
        // RFC 7296 §2.21.2: our own proof did not convince the initiator, who has nothing of this IKE SA.
        if (payloads.Has(NotifyType.AuthenticationFailed)) Sa.Destroy(step, "the peer does not take who we say we are, or our proof (AUTHENTICATION_FAILED); its log says why");
    }

    /// <summary>
    /// RFC 7296 §1.4.1, §2.25.2. The answer is empty. When we were rekeying the IKE SA and the peer had rekeyed it too without noticing, its new one takes over.
    /// </summary>
    private void DeleteIke(Step step)
    {
        if (Sa.PeerRekey is { Sa.State: IkeSaState.Established } theirs && Sa.Successor is null) IkeSaReplacement.Replace(step, Sa, theirs.Sa);
        GroupServers.Departed(step, Sa);
        Sa.State = IkeSaState.Deleting;
        Sa.Respond(step, []);
        Sa.Destroy(step, Sa.Successor is null ? "the peer deleted it" : "rekeyed");
    }

    /// <summary>Our SPIs of the children that the peer deletes. Of those that we are deleting too nothing is said: our own request says it (RFC 7296 §1.4.1).</summary>
    private List<uint> DeleteChildren(Step step, uint[] outboundSpis)
    {
        var ours = new List<uint>();
        foreach (var spi in outboundSpis)
        {
            // Children may have gone over to the IKE SA that replaces this one.
            var holder = Sa.Children.Any(c => c.Sa.OutboundSpi == spi) ? Sa : Sa.Successor;
            if (holder?.Children.FirstOrDefault(c => c.Sa.OutboundSpi == spi) is not { } child) continue;
            if (child.Stage != ChildStage.Deleting) ours.Add(child.InboundSpi);
            var isLost = child.IsCurrent && child.Successor is null;
            ChildRemoval.Remove(step, holder, child, "the peer deleted it");
            if (isLost) ChildLosses.Lost(step, holder, child, "the peer deleted it");
        }

        return ours;
    }
}
