using Appliance.Ike.Children;
using Appliance.Ike.Keys;
using Appliance.Ike.Machine;
using Appliance.Ike.Messages;

namespace Appliance.Ike.Exchanges;

/// <summary>
/// IKE_AUTH as the initiator (RFC 7296 §1.2): our proof [, with and without the PPK] → IDi, [CERT,] [CERTREQ,] [IDr,] AUTH, child → IDr, [CERT,] AUTH, child → the peer's
/// proof is checked → the child is installed → established. A child that comes to nothing leaves the IKE SA as it is.
/// </summary>
internal sealed class IkeAuthInitiator(IkeSa sa, IkePeer peer) : InitiatedExchange(sa)
{
    private readonly IdentificationPayload ours = new(true, peer.LocalIdentity.Type, peer.LocalIdentity.Data);
    private readonly List<AuthenticationPayload> proofs = [];
    private IkeKeys? mixed;
    private ChildWish? wish;
    private bool resources;
    private ChildOffer? offer;
    private ChildState? child;
    private IReadOnlyList<Payload> answer = [];
    private bool peerHasPpk;

    public override ExchangeType Type => ExchangeType.IkeAuth;

    public override void Begin(Step step)
    {
        Sa.Establishment!.AuthMessageId = Sa.NextRequestId;
        if (Sa.Establishment.UsesPpk) mixed = PostQuantum.Mix(Sa.Keys!, peer.Ppk);
        else if (peer.Ppk is { Mandatory: true })
        {
            Sa.Destroy(step, "the peer does not know post-quantum preshared keys (RFC 8784), which the configuration requires");
            return;
        }

        Prove(step);
    }

    public override void Work(Step step, WorkDone result)
    {
        switch (result)
        {
            case SignatureMade { Data: { } data } made:
                proofs.Add(new AuthenticationPayload(made.Method, data));
                Prove(step);
                break;
            case SignatureMade made:
                Sa.Destroy(step, $"we cannot sign with {peer.LocalCredential}: {made.Problem}");
                break;
            case SignatureVerified verified:
                Checked(step, verified.Problem is null, verified.Problem ?? "");
                break;
            case ChildInstalled installed when child is not null:
                // What is not here after all is deleted with the peer, which has installed it.
                if (!ChildInstall.Done(step, Sa, child, installed)) Sa.Start(step, new DeleteSpis(Sa, [child.InboundSpi]));
                End(step, installed.Problem);
                if (resources && installed.Problem is null) ResourceChildren.Start(step, Sa, wish!);
                break;
            default:
                WorkResults.Discard(result);
                Sa.Destroy(step, "no worker has time for IKE_AUTH");
                break;
        }
    }

    public override void Response(Step step, IReadOnlyList<Payload> payloads)
    {
        answer = payloads;
        if (payloads.First<AuthenticationPayload>() is not { } auth || payloads.First<IdentificationPayload>() is not { } theirs)
        {
            var error = payloads.Error();
            Sa.Destroy(step, error?.NotifyType == NotifyType.AuthenticationFailed
                ? $"the peer refused our identity {peer.LocalIdentity} or its proof (AUTHENTICATION_FAILED); its log says why"
                : $"the peer refused IKE_AUTH: {error?.NotifyType.ToString() ?? "no AUTH payload"}");
            return;
        }

        peerHasPpk = mixed is not null && payloads.Has(NotifyType.PpkIdentity);
        if (peer.Ppk is { Mandatory: true } && !peerHasPpk)
        {
            Refuse(step, "the peer does not have the post-quantum preshared key, which the configuration requires");
            return;
        }

        var identity = theirs.ToIdentity();
        if (!peer.Takes(identity))
        {
            Refuse(step, $"the peer says to be {identity}, which the configuration does not take");
            return;
        }

        Sa.RemoteIdentity = identity;
        var right = Proofs.Check(step, this, peer, peerHasPpk ? mixed! : Sa.Keys!, theirs, auth, CertificateRequests.Received(payloads), out var why);
        if (right is { } known) Checked(step, known, why);
    }

    public override void Failed(Step step, string why)
    {
        if (Sa.State != IkeSaState.Dead) Sa.Destroy(step, why);
    }

    public override void Release() => mixed?.Dispose();

    /// <summary>Our proof, with the PPK first; without it too unless it is mandatory (RFC 8784 §3).</summary>
    private void Prove(Step step)
    {
        while (proofs.Count < (mixed is null || peer.Ppk!.Mandatory ? 1 : 2))
        {
            if (Proofs.Make(step, this, peer, proofs.Count == 0 && mixed is not null ? mixed : Sa.Keys!, ours) is not { } proof) return;
            proofs.Add(proof);
        }

        Send(step);
    }

    private void Send(Step step)
    {
        List<Payload> payloads = [ours, .. CertificateRequests.Chain(step.Configuration, peer)];
        if (!step.Machine.HasOther(Sa) && step.Machine.Manager.Find(peer.Name) is not { IsReplicated: true }) payloads.Add(new NotifyPayload(NotifyType.InitialContact));
        if (CertificateRequests.Request(step.Configuration, [peer]) is { } request) payloads.Add(request);
        if (PeerDatabase.OnlyIdentity(peer.RemoteIdentity) is { } expected) payloads.Add(new IdentificationPayload(false, expected.Type, expected.Data));
        payloads.Add(proofs[0]);
        if (mixed is not null) payloads.Add(PostQuantum.Identity(peer.Ppk!));
        if (proofs.Count > 1) payloads.Add(new NotifyPayload(NotifyType.NoPpkAuth, proofs[1].Data));
        payloads.AddRange(AuthNotifies.Ours(step.Configuration, Sa, peer));
        wish = step.Machine.Manager.FirstWish(peer, Sa.Extensions.HasFlag(Machine.Extensions.Childless));
        if (wish is not null)
        {
            offer = ChildOffer.Make(step, Sa, wish, inAuth: true);
            payloads.AddRange(offer.Payloads());
        }

        Sa.SendRequest(step, payloads);
    }

    private void Checked(Step step, bool right, string why)
    {
        if (!right)
        {
            Refuse(step, $"authentication of {Sa.RemoteIdentity} failed: {why}");
            return;
        }

        if (peerHasPpk)
        {
            Sa.ReplaceKeys(mixed!);
            mixed = null;
            Sa.Extensions |= Machine.Extensions.Ppk;
        }

        Sa.LocalIdentity = peer.LocalIdentity;
        AuthNotifies.Take(Sa, peer, answer);
        if (answer.Notify(NotifyType.Redirect) is { } redirect)
        {
            Redirected(step, redirect);
            return;
        }

        if (offer is null)
        {
            End(step, null);
            return;
        }

        if (offer.Accept(step, Sa, answer, out var refusal) is { } agreement)
        {
            resources = agreement.Resources;
            child = ChildInstall.Begin(step, this, Sa, agreement, Sa.Establishment!.InitiatorNonce, Sa.Establishment.ResponderNonce, null, weInitiated: true, activateOutbound: true);
            return;
        }

        ChildInstall.Refused(step, Sa, offer, refusal!);
        End(step, refusal!.Why);
    }

    /// <summary>RFC 7296 §2.21.2: the peer believes that all is well, so it is told.</summary>
    private void Refuse(Step step, string why)
    {
        Sa.SendLast(step, ExchangeType.Informational, [new NotifyPayload(NotifyType.AuthenticationFailed)]);
        Sa.Destroy(step, why);
    }

    /// <summary>RFC 5685 §6: the gateway has proven who it is, and there is no child; the IKE SA is deleted, the next one begins elsewhere.</summary>
    private void Redirected(Step step, NotifyPayload redirect)
    {
        var why = "it names no gateway";
        if (wish is not null) step.Machine.Manager.Find(peer.Name)?.Pending.Remove(wish.Template.Name);
        if (GatewayIdentity.TryRead(redirect.Data, out var gateway) && step.Machine.Manager.Follow(step, Sa, gateway, out why))
        {
            Sa.Establishment = null;
            Sa.Start(step, new DeleteIkeSa(Sa, $"redirected to {gateway}"));
            Sa.Finish(step, this);
            return;
        }

        Sa.SendLast(step, ExchangeType.Informational, [new DeletePayload(ProtocolId.Ike, [])]);
        Sa.Destroy(step, $"the peer sends us to another gateway, we do not go: {why}");
    }

    private void End(Step step, string? problem)
    {
        Sa.Established(step, initialContact: false);
        if (wish is not null) step.Machine.Manager.Settled(step, wish, problem);
        Sa.Finish(step, this);
    }
}
