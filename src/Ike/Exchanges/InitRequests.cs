using System.Buffers.Binary;
using System.Net;
using Appliance.Ike.Children;
using Appliance.Ike.Keys;
using Appliance.Ike.Machine;
using Appliance.Ike.Messages;

namespace Appliance.Ike.Exchanges;

/// <summary>
/// Requests of IKE_SA_INIT before there is an IKE SA, in this order: seen already → payloads → cookie → room → PAD → proposal → key exchange method → <see cref="IkeSaInitResponder"/>.
/// Nothing is kept until all of that fits.
/// </summary>
internal static class InitRequests
{
    /// <summary>Takes a request.</summary>
    public static void Receive(Step step, in IkeHeader header, byte[] datagram, IPEndPoint local, IPEndPoint remote)
    {
        var name = remote.Address.ToString();
        if (header is not { FromInitiator: true, MessageId: 0, ResponderSpi: 0 }) return;
        var key = HalfOpenKey.Of(header.InitiatorSpi, remote.Address, datagram);
        if (step.Machine.HalfOpen.Find(key) is { } seen)
        {
            foreach (var response in seen.FirstResponse) step.Actions.Add(new SendDatagram(local, remote, response));
            return;
        }

        if (!PayloadReader.TryRead(header.NextPayload, datagram.AsSpan(IkeHeader.Size), out var payloads, out var error))
        {
            step.Log(IkeLogLevel.Debug, name, "malformed", $"IKE_SA_INIT request from {remote} dropped: {error.Detail}");
            if (error.Notify == NotifyType.UnsupportedCriticalPayload) Unprotected.Reply(step, header, local, remote, new NotifyPayload(NotifyType.UnsupportedCriticalPayload, [(byte)error.Payload]));
            return;
        }

        if (ExchangeRules.Check(ExchangeType.IkeSaInit, false, payloads) is { } broken)
        {
            step.Log(IkeLogLevel.Debug, name, "malformed", $"IKE_SA_INIT request from {remote} dropped: {broken.Detail}");
            return;
        }

        if (!HasCookie(step, header, payloads, local, remote)) return;
        if (!step.Machine.HalfOpen.HasRoom(remote.Address, step.Configuration.HalfOpenMaximum))
        {
            step.Log(IkeLogLevel.Warning, name, "half-open", $"IKE_SA_INIT request from {remote} dropped: {step.Machine.HalfOpen.Count} IKE SAs are half open");
            return;
        }

        Negotiate(step, header, datagram, payloads, local, remote, key);
    }

    /// <summary>Above the threshold, who asks has to show first that it has its address (RFC 7296 §2.6).</summary>
    private static bool HasCookie(Step step, in IkeHeader header, List<Payload> payloads, IPEndPoint local, IPEndPoint remote)
    {
        if (step.Machine.HalfOpen.Count < step.Configuration.CookieThreshold) return true;
        var (cookies, nonce) = (step.Machine.Cookies, payloads.First<NoncePayload>()!.Data);
        if (payloads.Notify(NotifyType.Cookie) is { } cookie && cookies.Check(step.Now, step.Entropy, cookie.Data, nonce, remote.Address, header.InitiatorSpi)) return true;
        var datagram = new IkeHeader(header.InitiatorSpi, 0, PayloadType.None, IkeHeader.Version2, ExchangeType.IkeSaInit, HeaderFlags.Response, 0, 0);
        // Shorter than what it answers, and no state is kept: not limited, so that a flood does not keep the honest from their cookies.
        step.Actions.Add(new SendDatagram(local, remote, MessageWriter.Write(datagram,
            [new NotifyPayload(NotifyType.Cookie, cookies.Make(step.Now, step.Entropy, nonce, remote.Address, header.InitiatorSpi))])));
        return false;
    }

    private static void Negotiate(Step step, in IkeHeader header, byte[] datagram, List<Payload> payloads, IPEndPoint local, IPEndPoint remote, in HalfOpenKey key)
    {
        var name = remote.Address.ToString();
        var candidates = PeerDatabase.ByAddresses(step.Configuration, local.Address, remote.Address);
        if (candidates.Count == 0)
        {
            step.Log(IkeLogLevel.Warning, name, "no-peer", $"IKE_SA_INIT request from {remote} to {local} refused: no peer of the configuration has these addresses");
            Unprotected.Reply(step, header, local, remote, new NotifyPayload(NotifyType.NoProposalChosen));
            return;
        }

        if (Draining.Refuses(step, header, payloads, local, remote)) return;
        var ours = ProposalBuilder.OfIke(candidates.SelectMany(p => p.Proposals), []);
        if (ProposalSelection.Choose(payloads.First<SecurityAssociationPayload>()!.Proposals, ours, out var refusal) is not { } chosen)
        {
            step.Log(IkeLogLevel.Warning, name, "no-proposal-chosen", $"IKE_SA_INIT request from {remote} refused: {refusal}");
            Unprotected.Reply(step, header, local, remote, new NotifyPayload(NotifyType.NoProposalChosen));
            return;
        }

        if (chosen.Additional.Count > 0 && !payloads.Has(NotifyType.IntermediateExchangeSupported))
        {
            step.Log(IkeLogLevel.Warning, name, "no-proposal-chosen", $"IKE_SA_INIT request from {remote} refused: it has additional key exchanges ({chosen}), but not INTERMEDIATE_EXCHANGE_SUPPORTED");
            Unprotected.Reply(step, header, local, remote, new NotifyPayload(NotifyType.NoProposalChosen));
            return;
        }

        var exchange = payloads.First<KeyExchangePayload>()!;
        if (exchange.Method != (ushort)chosen.Method)
        {
            var method = new byte[2];
            BinaryPrimitives.WriteUInt16BigEndian(method, (ushort)chosen.Method);
            step.Log(IkeLogLevel.Debug, name, "invalid-ke", $"{remote} sent a KE payload of method {exchange.Method}; {AlgorithmNames.Of(chosen.Method)} is asked for");
            Unprotected.Reply(step, header, local, remote, new NotifyPayload(NotifyType.InvalidKePayload, method));
            return;
        }

        var sa = new IkeSa(step.NewIkeSpi(), false, local, remote) { RemoteSpi = header.InitiatorSpi };
        sa.Establishment = new Establishment { StartedAt = step.Now, Candidates = candidates, Chosen = chosen, Request = datagram, InitiatorNonce = payloads.First<NoncePayload>()!.Data };
        step.Machine.Add(sa);
        sa.IsHalfOpen(step, key);
        sa.Answer(step, new IkeSaInitResponder(sa), ExchangeType.IkeSaInit, payloads);
    }
}
