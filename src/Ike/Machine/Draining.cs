using Appliance.Ike.Children;
using Appliance.Ike.Exchanges;
using Appliance.Ike.Messages;

namespace Appliance.Ike.Machine;

/// <summary>
/// The node goes out of service (RFC 5685). Nothing new begins here: who asks for an IKE SA is sent to <see cref="IkeConfiguration.RedirectTo"/> when it can be, and refused
/// else; we ask for none unless the operator does. What is there goes on, rekeying too, until its peer leaves; peers that can be redirected are asked to, once.
/// </summary>
internal static class Draining
{
    /// <summary>The node goes out of service, or stays after all.</summary>
    public static void Changed(Step step, bool draining)
    {
        step.Machine.Manager.IsDraining = draining;
        if (draining) foreach (var sa in step.Machine.All.ToArray()) Tell(step, sa);
        else step.Machine.Manager.LookAtAll(step);
    }

    /// <summary>Whether a peer can be sent elsewhere: it began the IKE SA, and said that it would go (RFC 5685 §3, §10).</summary>
    public static bool CanMove(IkeSa sa) => sa.Extensions.HasFlag(Extensions.Redirect) && !sa.Extensions.HasFlag(Extensions.BeganFirst);

    /// <summary>The notify of an answer of IKE_AUTH that sends the peer elsewhere, or null: it stays.</summary>
    public static NotifyPayload? InAuth(Step step, IkeSa sa) => step.Machine.Manager.IsDraining && CanMove(sa) && Target(step) is { } target ? new NotifyPayload(NotifyType.Redirect, target.Write()) : null;

    /// <summary>Answers IKE_SA_INIT without keeping anything (RFC 5685 §3). False: the node is in service.</summary>
    public static bool Refuses(Step step, in IkeHeader header, IReadOnlyList<Payload> payloads, System.Net.IPEndPoint local, System.Net.IPEndPoint remote)
    {
        if (!step.Machine.Manager.IsDraining) return false;
        var target = payloads.Has(NotifyType.RedirectSupported) || payloads.Has(NotifyType.RedirectedFrom) ? Target(step) : null;
        if (target is null) Unprotected.Reply(step, header, local, remote, new NotifyPayload(NotifyType.TemporaryFailure));
        else Unprotected.Reply(step, header, local, remote, new NotifyPayload(NotifyType.Redirect, (target with { Nonce = payloads.First<NoncePayload>()!.Data }).Write()));
        var outcome = target is not null ? $"redirected to {target}" : step.Configuration.RedirectTo is null ? "refused: there is no ike.redirect to send it to" : "refused: it cannot be redirected";
        step.Log(IkeLogLevel.Information, remote.Address.ToString(), "draining", $"this node drains: IKE_SA_INIT request from {remote} {outcome}");
        return true;
    }

    /// <summary>What an operator sees.</summary>
    public static IkeDrainStatus Status(IkeMachine machine)
    {
        var there = machine.All.Where(s => s.State is IkeSaState.Established or IkeSaState.Rekeying && s.Successor is null).ToArray();
        return new IkeDrainStatus(machine.Manager.IsDraining, machine.Configuration.RedirectTo, there.Count(s => s.AskedToMove), [.. there.Where(s => !s.AskedToMove).Select(s => s.PeerName).Distinct()]);
    }

    private static void Tell(Step step, IkeSa sa)
    {
        if (sa.State is not (IkeSaState.Established or IkeSaState.Rekeying) || sa.Successor is not null || sa.AskedToMove || !CanMove(sa) || Target(step) is not { } target) return;
        sa.AskedToMove = true;
        sa.Start(step, new RedirectPeer(sa, target));
    }

    private static GatewayIdentity? Target(Step step) => step.Configuration.RedirectTo is { } text ? GatewayIdentity.Of(text) : null;
}
