using Appliance.Crypto;
using Appliance.Ike.Children;
using Appliance.Ike.Keys;
using Appliance.Ike.Machine;
using Appliance.Ike.Messages;

namespace Appliance.Ike.Exchanges;

/// <summary>
/// CREATE_CHILD_SA of the peer that replaces the IKE SA (RFC 7296 §1.3.2): chosen → shared secret → response [→ additional key exchanges, RFC 9370]; then the children go over to
/// the new one.
/// </summary>
internal sealed class RekeyIkeSaResponder(IkeSa sa) : RespondedExchange(sa)
{
    private const int NonceLength = 32;

    private ChosenProposal? chosen;
    private byte[] theirNonce = [];

    /// <inheritdoc/>
    public override void Request(Step step, IReadOnlyList<Payload> payloads)
    {
        if (Obstacle(step) is { } obstacle)
        {
            Refuse(step, new(NotifyType.TemporaryFailure, obstacle));
            return;
        }

        var ours = ProposalBuilder.OfIke(Sa.Peer!.Proposals, []);
        chosen = ProposalSelection.Choose(payloads.First<SecurityAssociationPayload>()?.Proposals ?? [], ours, out var why);
        var theirs = payloads.First<KeyExchangePayload>();
        if (chosen is null || !chosen.ToIkeSuite().IsSupported) Refuse(step, new(NotifyType.NoProposalChosen, why));
        else if (SpiOctets.ReadIke(chosen.Proposal.Spi) is null || payloads.First<NoncePayload>() is not { } nonce) Refuse(step, new(NotifyType.InvalidSyntax, "no new SPI or no nonce"));
        else if (chosen.Additional.Count > 0 && Sa.State == IkeSaState.Rekeying) Refuse(step, new(NotifyType.TemporaryFailure, "both sides rekey it, with additional key exchanges"));
        else if (theirs?.Method != (ushort)chosen.Method) Refuse(step, OtherMethod(chosen.Method, theirs));
        else
        {
            theirNonce = nonce.Data;
            step.Actions.Add(new AnswerKeyExchange(step.NewToken(this), chosen.Method, theirs.Data));
        }
    }

    /// <inheritdoc/>
    public override void Work(Step step, WorkDone result)
    {
        switch (result)
        {
            case SharedSecretComputed { Secret: { } secret } computed:
                using (secret) Create(step, secret, computed.PublicValue);
                break;
            case SharedSecretComputed:
                Refuse(step, new(NotifyType.InvalidSyntax, "the peer's key exchange value is not of the group"));
                break;
            default:
                WorkResults.Discard(result);
                Refuse(step, new(NotifyType.TemporaryFailure, "too much work at the moment"));
                break;
        }
    }

    // RFC 7296 §2.25.
    private string? Obstacle(Step step) => Sa switch
    {
        { Successor: not null } or { State: IkeSaState.Deleting } => "the IKE SA is on its way out",
        { PeerRekey: not null } => "it is being rekeyed already",
        { Current: RekeyIkeSaInitiator { IsFollowingUp: true } } => "its rekeying is under way",
        { Current: ChildCreation or DeleteChild or DeleteSpis } => "a child is being created, rekeyed or deleted",
        _ => step.Machine.Identities.Replaced(Sa) >= Tuning.ReplacedOfIdentity ? $"{Tuning.ReplacedOfIdentity} IKE SAs that were rekeyed wait for their deletion by the peer" : null,
    };

    private static ChildRefusal OtherMethod(KeyExchangeMethod method, KeyExchangePayload? theirs) =>
        new(NotifyType.InvalidKePayload, $"key exchange is to be {AlgorithmNames.Of(method)}, the peer sent {AlgorithmNames.Of((KeyExchangeMethod)(theirs?.Method ?? 0))}")
        {
            Data = [(byte)((ushort)method >> 8), (byte)method],
        };

    private void Create(Step step, Secret secret, byte[] publicValue)
    {
        var (localSpi, nonce) = (step.NewIkeSpi(), step.Entropy.Octets(NonceLength));
        var making = new IkeSaMaking(Sa, chosen!, localSpi, theirNonce, nonce);
        Payload[] payloads = [new SecurityAssociationPayload([chosen!.Answer(SpiOctets.OfIke(localSpi))]), new NoncePayload(nonce), new KeyExchangePayload((ushort)chosen.Method, publicValue)];
        if (chosen.Additional.Count > 0)
        {
            var pending = new PendingFollowup(chosen.Additional, secret, making, step);
            Sa.Keep(step, pending);
            Sa.Respond(step, [.. payloads, new NotifyPayload(NotifyType.AdditionalKeyExchange, pending.Link)]);
        }
        else if (making.Make(step, this, secret) is { } refusal)
        {
            Refuse(step, refusal);
        }
        else
        {
            Sa.Respond(step, payloads);
            making.Answered(step);
        }
    }

    private void Refuse(Step step, ChildRefusal refusal)
    {
        var level = refusal.Notify is NotifyType.TemporaryFailure or NotifyType.InvalidKePayload ? IkeLogLevel.Information : IkeLogLevel.Warning;
        step.Log(level, Sa, LogKeys.Of(refusal.Notify), $"rekeying of the IKE SA refused with {refusal.Notify}: {refusal.Why}");
        Sa.Respond(step, [refusal.Payload]);
    }
}
