using Appliance.Ike.Children;
using Appliance.Ike.Keys;
using Appliance.Ike.Machine;
using Appliance.Ike.Messages;

namespace Appliance.Ike.Exchanges;

/// <summary>
/// IKE_AUTH as the responder (RFC 7296 §1.2): the PAD entry by identity and method → the peer's proof → ours → the child is chosen and installed → IDr, [CERT,] AUTH, child.
/// Who fails to prove itself learns only that (AUTHENTICATION_FAILED); why stands in our log.
/// </summary>
internal sealed class IkeAuthResponder(IkeSa sa) : RespondedExchange(sa)
{
    private IReadOnlyList<Payload> request = [];
    private IdentificationPayload? ours;
    private IdentificationPayload? theirs;
    private IkePeer? peer;
    private IkeKeys? mixed;
    private AuthenticationPayload? proof;
    private ChildAnswer? answer;
    private ChildState? child;
    private ChildRefusal? refusal;
    private NotifyPayload? redirect;

    public override void Request(Step step, IReadOnlyList<Payload> payloads)
    {
        request = payloads;
        Sa.Establishment!.AuthMessageId = Sa.ExpectedRequestId;
        theirs = payloads.OfType<IdentificationPayload>().Single(i => i.OfInitiator);
        var auth = payloads.First<AuthenticationPayload>()!;
        var askedFor = payloads.OfType<IdentificationPayload>().FirstOrDefault(i => !i.OfInitiator)?.ToIdentity();
        var sharedKey = auth.Method == AuthenticationMethod.SharedKey;
        peer = PeerDatabase.ByIdentity(Sa.Establishment.Candidates, theirs.ToIdentity(), askedFor, sharedKey, TakesSuite, out var why);
        if (peer is null)
        {
            Refuse(step, why);
            return;
        }

        Sa.RemoteIdentity = theirs.ToIdentity();
        if (!ChoosePpk(out auth, out why))
        {
            Refuse(step, $"{peer.Name}: {why}");
            return;
        }

        var right = Proofs.Check(step, this, peer, mixed ?? Sa.Keys!, theirs, auth, CertificateRequests.Received(payloads), out why);
        if (right is { } known) Checked(step, known, why);
    }

    public override void Work(Step step, WorkDone result)
    {
        switch (result)
        {
            case SignatureVerified verified:
                Checked(step, verified.Problem is null, verified.Problem ?? "");
                break;
            case SignatureMade { Data: { } data } made:
                proof = new AuthenticationPayload(made.Method, data);
                Proven(step);
                break;
            case SignatureMade made:
                Refuse(step, $"we cannot sign with {peer!.LocalCredential}: {made.Problem}");
                break;
            case ChildInstalled installed when child is not null:
                if (!ChildInstall.Done(step, Sa, child, installed)) (answer, refusal) = (null, new ChildRefusal(NotifyType.TemporaryFailure, installed.Problem ?? "it is gone"));
                End(step);
                break;
            default:
                WorkResults.Discard(result);
                Refuse(step, "no worker has time for IKE_AUTH");
                break;
        }
    }

    public override void Release() => mixed?.Dispose();

    /// <summary>IKE_SA_INIT chose among the proposals of all entries for the addresses; this entry has to take what was chosen.</summary>
    private bool TakesSuite(IkePeer candidate) =>
        ProposalSelection.Choose([Sa.Establishment!.Chosen!.Proposal], ProposalBuilder.OfIke(candidate.Proposals, []), out _) is not null;

    /// <summary>RFC 8784 §3: with the key when both have it, without it when neither insists.</summary>
    private bool ChoosePpk(out AuthenticationPayload auth, out string why)
    {
        (auth, why) = (request.First<AuthenticationPayload>()!, "");
        if (!request.Has(NotifyType.PpkIdentity))
        {
            why = "the peer uses no post-quantum preshared key, which the configuration requires";
            return peer!.Ppk is not { Mandatory: true };
        }

        if (PostQuantum.Names(request, peer!.Ppk))
        {
            mixed = PostQuantum.Mix(Sa.Keys!, peer.Ppk);
            return true;
        }

        why = "the peer's post-quantum preshared key is another one";
        if (peer.Ppk is { Mandatory: true } || PostQuantum.Fallback(request) is not { } fallback) return false;
        auth = fallback;
        return true;
    }

    private void Checked(Step step, bool right, string why)
    {
        if (!right)
        {
            Refuse(step, $"authentication of {Sa.RemoteIdentity} as {peer!.Name} failed: {why}");
            return;
        }

        Sa.Choose(step, peer!);
        ours = new IdentificationPayload(false, peer!.LocalIdentity.Type, peer.LocalIdentity.Data);
        proof = Proofs.Make(step, this, peer, mixed ?? Sa.Keys!, ours);
        if (proof is not null) Proven(step);
    }

    private void Proven(Step step)
    {
        Sa.LocalIdentity = peer!.LocalIdentity;
        AuthNotifies.Take(Sa, peer, request);
        Sa.UdpEncapsulation |= peer.ForceUdp;
        if (mixed is not null)
        {
            Sa.ReplaceKeys(mixed);
            Sa.Extensions |= Machine.Extensions.Ppk;
        }

        redirect = Draining.InAuth(step, Sa);
        if (redirect is not null || request.First<SecurityAssociationPayload>() is null)
        {
            End(step);
            return;
        }

        answer = ChildAnswer.Choose(step, Sa, request, inAuth: true, out refusal);
        if (answer is null) End(step);
        else child = ChildInstall.Begin(step, this, Sa, answer.Agreement, Sa.Establishment!.InitiatorNonce, Sa.Establishment.ResponderNonce, null, weInitiated: false, activateOutbound: true);
    }

    private void End(Step step)
    {
        List<Payload> payloads = [ours!, .. CertificateRequests.Chain(step.Configuration, peer!), proof!];
        if (mixed is not null) payloads.Add(new NotifyPayload(NotifyType.PpkIdentity));
        mixed = null;
        payloads.AddRange(AuthNotifies.Ours(step.Configuration, Sa, peer!));
        if (redirect is not null)
        {
            // RFC 5685 §6: no child; who is sent elsewhere deletes the IKE SA.
            payloads.Add(redirect);
            Sa.AskedToMove = true;
        }
        else if (answer is not null) payloads.AddRange(answer.Payloads());
        else if (refusal is not null)
        {
            step.Log(IkeLogLevel.Warning, Sa, LogKeys.Of(refusal.Notify), refusal.Why);
            payloads.Add(refusal.Payload);
        }

        Sa.Respond(step, payloads);
        Sa.Established(step, request.Has(NotifyType.InitialContact));
    }

    /// <summary>The response stays for a while, for a peer that did not get it.</summary>
    private void Refuse(Step step, string why)
    {
        step.Log(IkeLogLevel.Warning, Sa, "authentication-failed", $"IKE_AUTH request refused: {why}");
        Sa.Respond(step, [new NotifyPayload(NotifyType.AuthenticationFailed)]);
        Sa.State = IkeSaState.Refused;
    }
}
