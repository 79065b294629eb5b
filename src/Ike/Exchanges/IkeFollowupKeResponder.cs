using Appliance.Ike.Children;
using Appliance.Ike.Keys;
using Appliance.Ike.Machine;
using Appliance.Ike.Messages;

namespace Appliance.Ike.Exchanges;

/// <summary>
/// IKE_FOLLOWUP_KE as the responder, once for each additional key exchange of a CREATE_CHILD_SA (RFC 9370 §2.2.4): <c>KEi(n), N(ADDITIONAL_KEY_EXCHANGE) → KEr(n)
/// [, N(ADDITIONAL_KEY_EXCHANGE)]</c>. The last one makes what was asked for.
/// </summary>
internal sealed class IkeFollowupKeResponder(IkeSa sa) : RespondedExchange(sa)
{
    private PendingFollowup? pending;
    private KeyExchangePayload? ours;

    /// <inheritdoc/>
    public override void Request(Step step, IReadOnlyList<Payload> payloads)
    {
        pending = Sa.TakeFollowup(payloads.Notify(NotifyType.AdditionalKeyExchange)!.Data);
        var theirs = payloads.First<KeyExchangePayload>()!;
        if (pending is null) Refuse(step, new(NotifyType.StateNotFound, "nothing with this link is here, or no longer"));
        else if (theirs.Method != (ushort)pending.Next) Refuse(step, new(NotifyType.InvalidSyntax, $"its KE payload is not of {AlgorithmNames.Of(pending.Next)}"));
        else step.Actions.Add(new AnswerKeyExchange(step.NewToken(this), pending.Next, theirs.Data));
    }

    /// <inheritdoc/>
    public override void Work(Step step, WorkDone result)
    {
        switch (result)
        {
            case SharedSecretComputed { Secret: { } secret } computed:
                ours = new KeyExchangePayload((ushort)pending!.Next, computed.PublicValue);
                pending.Add(step, secret);
                GoOn(step);
                break;
            case SharedSecretComputed:
                Refuse(step, new(NotifyType.InvalidSyntax, "the peer's key exchange value is not of the group"));
                break;
            case ChildInstalled installed:
                Answer(step, pending!.Making.Installed(step, installed));
                break;
            default:
                WorkResults.Discard(result);
                Refuse(step, new(NotifyType.TemporaryFailure, "too much work at the moment"));
                break;
        }
    }

    /// <inheritdoc/>
    public override void Release() => pending?.Dispose();

    private void GoOn(Step step)
    {
        if (!pending!.IsDone)
        {
            var next = pending;
            pending = null;
            Sa.Keep(step, next);
            Sa.Respond(step, [ours!, new NotifyPayload(NotifyType.AdditionalKeyExchange, next.Link)]);
            return;
        }

        var refusal = pending.Make(step, this);
        if (refusal is not null || !pending.Making.WaitsForHost) Answer(step, refusal);
    }

    private void Answer(Step step, ChildRefusal? refusal)
    {
        if (refusal is not null)
        {
            Refuse(step, refusal);
            return;
        }

        var making = pending!.Making;
        Sa.Respond(step, [ours!]);
        making.Answered(step);
    }

    private void Refuse(Step step, ChildRefusal refusal)
    {
        step.Log(IkeLogLevel.Information, Sa, LogKeys.Of(refusal.Notify), $"IKE_FOLLOWUP_KE request refused with {refusal.Notify}: {refusal.Why}");
        Sa.Respond(step, [refusal.Payload]);
    }
}
