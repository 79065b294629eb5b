using Appliance.Crypto;
using Appliance.Ike.Children;
using Appliance.Ike.Machine;
using Appliance.Ike.Messages;

namespace Appliance.Ike.Exchanges;

/// <summary>
/// CREATE_CHILD_SA of the peer for a child, new or in the place of another (RFC 7296 §1.3.1, §1.3.3): chosen → [shared secret →] installed → response. With additional key
/// exchanges the response goes first, and the child is made at their end (<see cref="IkeFollowupKeResponder"/>, RFC 9370 §2.2.4).
/// </summary>
internal sealed class CreateChildSaResponder(IkeSa sa) : RespondedExchange(sa)
{
    private const int NonceLength = 32;

    private byte[] theirNonce = [];
    private byte[] ourNonce = [];
    private ChildAnswer? answer;
    private ChildState? replaced;
    private ChildMaking? making;
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

        if (replaced is { Stage: ChildStage.Rekeying } && answer.Agreement.Chosen.Additional.Count > 0)
        {
            Refuse(step, new(NotifyType.TemporaryFailure, $"both sides rekey child {replaced.Sa.Instance}, with additional key exchanges"));
            return;
        }

        (theirNonce, ourNonce) = (nonce.Data, step.Entropy.Octets(NonceLength));
        making = new ChildMaking(Sa, answer.Agreement, theirNonce, ourNonce, replaced);
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
                using (secret) Computed(step, secret);
                break;
            case SharedSecretComputed:
                Refuse(step, new(NotifyType.InvalidSyntax, "the peer's key exchange value is not of the group"));
                break;
            case ChildInstalled installed:
                if (making!.Installed(step, installed) is { } refusal) Refuse(step, refusal);
                else Respond(step);
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
        var most = payloads.Has(NotifyType.RekeySa) ? 2 * Tuning.ChildrenOfIkeSa : Tuning.ChildrenOfIkeSa;
        if (Sa.Children.Count >= most) return new(NotifyType.NoAdditionalSas, $"{most} children are enough");
        if (payloads.Notify(NotifyType.RekeySa) is not { } rekey) return null;
        replaced = SpiOctets.Read(rekey.Spi) is { } spi && rekey.Protocol == ProtocolId.Esp ? Sa.Children.FirstOrDefault(c => c.Sa.OutboundSpi == spi) : null;
        return replaced switch
        {
            null => new(NotifyType.ChildSaNotFound, $"the peer wants to rekey a child that is not here: SPI {Convert.ToHexStringLower(rekey.Spi.AsSpan(0, Math.Min(rekey.Spi.Length, 8)))}") { Protocol = rekey.Protocol, Spi = rekey.Spi },
            _ when Sa.Current is RekeyChildInitiator { IsFollowingUp: true } ours && ours.Child == replaced => new(NotifyType.TemporaryFailure, $"child {replaced.Sa.Instance} is being rekeyed"),
            { Stage: ChildStage.Established } => null,
            { Stage: ChildStage.Rekeying, PeerRekey: null } => null,
            _ => new(NotifyType.TemporaryFailure, $"child {replaced.Sa.Instance} is being replaced or deleted"),
        };
    }

    private void Computed(Step step, Secret secret)
    {
        if (answer!.Agreement.Chosen.Additional is not { Count: > 0 } methods)
        {
            Install(step, secret);
            return;
        }

        var pending = new PendingFollowup(methods, secret, making!, step);
        Sa.Keep(step, pending);
        Respond(step, new NotifyPayload(NotifyType.AdditionalKeyExchange, pending.Link));
    }

    private void Install(Step step, Secret? shared)
    {
        if (making!.Make(step, this, shared) is { } refusal) Refuse(step, refusal);
    }

    private void Respond(Step step, params Payload[] more)
    {
        Payload[] own = publicValue is null ? [new NoncePayload(ourNonce)] : [new NoncePayload(ourNonce), new KeyExchangePayload((ushort)answer!.Agreement.Chosen.Method, publicValue)];
        Sa.Respond(step, [.. answer!.Payloads(own), .. more]);
    }

    private void Refuse(Step step, ChildRefusal refusal)
    {
        var level = refusal.Notify is NotifyType.TemporaryFailure or NotifyType.ChildSaNotFound or NotifyType.InvalidKePayload ? IkeLogLevel.Information : IkeLogLevel.Warning;
        step.Log(level, Sa, LogKeys.Of(refusal.Notify), $"CREATE_CHILD_SA request refused with {refusal.Notify}: {refusal.Why}");
        Sa.Respond(step, [refusal.Payload]);
    }
}
