using Appliance.Crypto;
using Appliance.Ike.Children;
using Appliance.Ike.Machine;
using Appliance.Ike.Messages;

namespace Appliance.Ike.Exchanges;

/// <summary>
/// CREATE_CHILD_SA of the peer for a child, new or in the place of another (RFC 7296 §1.3.1, §1.3.3): chosen → [shared secret →] installed → response. Both directions are
/// installed before the response goes; what replaces another child sends only when the peer surely has it (§2.8).
/// </summary>
internal sealed class CreateChildSaResponder(IkeSa sa) : RespondedExchange(sa)
{
    private const int NonceLength = 32;

    /// <summary>Children of one IKE SA at most: what a peer can make us keep is bounded.</summary>
    private const int MostChildren = 256;

    private byte[] theirNonce = [];
    private byte[] ourNonce = [];
    private ChildAnswer? answer;
    private ChildState? replaced;
    private ChildState? created;
    private byte[]? publicValue;

    /// <inheritdoc/>
    public override void Request(Step step, IReadOnlyList<Payload> payloads)
    {
        if (Obstacle(payloads) is { } obstacle)
        {
            Refuse(step, obstacle);
            return;
        }

        answer = ChildAnswer.Choose(step, Sa, payloads, inAuth: false, out var refusal, replaced);
        if (answer is null || payloads.First<NoncePayload>() is not { } nonce)
        {
            Refuse(step, refusal ?? new(NotifyType.InvalidSyntax, "no nonce"));
            return;
        }

        (theirNonce, ourNonce) = (nonce.Data, step.Entropy.Octets(NonceLength));
        var method = answer.Agreement.Chosen.Method;
        if (method == KeyExchangeMethod.None) Install(step, null);
        else step.Actions.Add(new AnswerKeyExchange(step.NewToken(this), method, payloads.First<KeyExchangePayload>()!.Data));
    }

    /// <inheritdoc/>
    public override void Work(Step step, WorkDone result)
    {
        switch (result)
        {
            case SharedSecretComputed { Secret: { } secret } computed:
                publicValue = computed.PublicValue;
                using (secret) Install(step, secret);
                break;
            case SharedSecretComputed:
                Refuse(step, new(NotifyType.InvalidSyntax, "the peer's key exchange value is not of the group"));
                break;
            case ChildInstalled installed when created is not null:
                Installed(step, installed, created);
                break;
            default:
                WorkResults.Discard(result);
                Refuse(step, new(NotifyType.TemporaryFailure, "too much work at the moment"));
                break;
        }
    }

    // RFC 7296 §2.25.
    private ChildRefusal? Obstacle(IReadOnlyList<Payload> payloads)
    {
        if (Sa.State != IkeSaState.Established || Sa.Successor is not null) return new(NotifyType.TemporaryFailure, "the IKE SA is being rekeyed or deleted");
        if (payloads.Notify(NotifyType.RekeySa) is not { } rekey) return Sa.Children.Count >= MostChildren ? new(NotifyType.NoAdditionalSas, $"{MostChildren} children are enough") : null;
        replaced = SpiOctets.Read(rekey.Spi) is { } spi && rekey.Protocol == ProtocolId.Esp ? Sa.Children.FirstOrDefault(c => c.Sa.OutboundSpi == spi) : null;
        return replaced switch
        {
            null => new(NotifyType.ChildSaNotFound, $"the peer wants to rekey a child that is not here: SPI {Convert.ToHexStringLower(rekey.Spi.AsSpan(0, Math.Min(rekey.Spi.Length, 8)))}") { Protocol = rekey.Protocol, Spi = rekey.Spi },
            { Stage: ChildStage.Established } => null,
            { Stage: ChildStage.Rekeying, PeerRekey: null } => null,
            _ => new(NotifyType.TemporaryFailure, $"child {replaced.Sa.Instance} is being replaced or deleted"),
        };
    }

    private void Install(Step step, Secret? shared) =>
        created = ChildInstall.Begin(step, this, Sa, answer!.Agreement, theirNonce, ourNonce, shared, weInitiated: false, activateOutbound: replaced is null);

    private void Installed(Step step, ChildInstalled installed, ChildState child)
    {
        if (!ChildInstall.Done(step, Sa, child, installed))
        {
            Refuse(step, new(NotifyType.TemporaryFailure, installed.Problem ?? "it was deleted meanwhile"));
            return;
        }

        if (replaced is not null) Replace(step, replaced, child);
        Payload[] own = publicValue is null ? [new NoncePayload(ourNonce)] : [new NoncePayload(ourNonce), new KeyExchangePayload((ushort)answer!.Agreement.Chosen.Method, publicValue)];
        Sa.Respond(step, answer!.Payloads(own));
    }

    private void Replace(Step step, ChildState old, ChildState child)
    {
        step.SetTimer(Sa, TimerKind.ActivateChild, ChildLifetimes.ActivationAtLatest, child.InboundSpi);
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

    private void Refuse(Step step, ChildRefusal refusal)
    {
        var level = refusal.Notify is NotifyType.TemporaryFailure or NotifyType.ChildSaNotFound or NotifyType.InvalidKePayload ? IkeLogLevel.Information : IkeLogLevel.Warning;
        step.Log(level, Sa, LogKeys.Of(refusal.Notify), $"CREATE_CHILD_SA request refused with {refusal.Notify}: {refusal.Why}");
        Sa.Respond(step, [refusal.Payload]);
    }
}
