using Appliance.Ike.Exchanges;
using Appliance.Ike.Messages;

namespace Appliance.Ike.Machine;

/// <summary>
/// Signs that one side lost its state (RFC 7296 §2.4, §2.21.4): never protected, so each leads to a question or to a new IKE SA that proves itself, never to the end of one
/// that may live. After a crash both sides are together again within seconds instead of after all retransmissions.
/// </summary>
internal static class CrashHints
{
    /// <summary>
    /// INVALID_IKE_SPI in the clear: the peer is asked whether it lives. When it says so again after our question was sent a second time, a new IKE SA is made beside this one,
    /// which takes its place when the peer has proven itself.
    /// </summary>
    public static void InvalidSpi(Step step, IkeSa sa, in IkeHeader header, byte[] datagram)
    {
        if (header is not { IsResponse: true, NextPayload: PayloadType.Notify } || sa.State != IkeSaState.Established) return;
        if (!PayloadReader.TryRead(header.NextPayload, datagram.AsSpan(IkeHeader.Size), out var payloads, out _)) return;
        if (!payloads.OfType<NotifyPayload>().Any(n => n.NotifyType == NotifyType.InvalidIkeSpi)) return;
        if (sa.Current is null) sa.Start(step, new Liveness(sa));
        else if (sa.Retransmissions > 0) step.Machine.Manager.Recover(step, sa);
    }

    /// <summary>ESP came for an SPI that we do not have: a peer of ours believes in an IKE SA that we lost.</summary>
    public static void UnknownSpi(Step step, UnknownSpiSeen seen) => step.Machine.Manager.Revive(step, seen.Source);
}
