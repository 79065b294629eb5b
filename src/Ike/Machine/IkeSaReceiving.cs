using System.Net;
using System.Security.Cryptography;
using Appliance.Ike.Exchanges;
using Appliance.Ike.Messages;

namespace Appliance.Ike.Machine;

/// <summary>
/// Messages as they come in: window → keys → fragments → payloads → table of exchanges → handler. Nothing is changed before a message has proven that the peer sent it
/// (RFC 7296 §2.21.4); a datagram that has not is dropped.
/// </summary>
internal sealed partial class IkeSa
{
    private FragmentAssembly? requestFragments;
    private FragmentAssembly? responseFragments;
    private EarlyRequest? early;

    /// <summary>A datagram for this IKE SA whose header was read.</summary>
    public void Receive(Step step, in IkeHeader header, byte[] datagram, IPEndPoint local, IPEndPoint remote)
    {
        if (header.FromInitiator == IsInitiator)
        {
            Drop(step, "reflected", "a message with our own I flag");
            return;
        }

        var theirs = header.FromInitiator ? header.InitiatorSpi : header.ResponderSpi;
        if (Keys is null)
        {
            if (Current is IkeSaInitInitiator init && header is { IsResponse: true, MessageId: 0, Exchange: ExchangeType.IkeSaInit } && AwaitsResponse) init.Receive(step, header, datagram, local, remote);
            return;
        }

        if (Peer is null && State != IkeSaState.Connecting && State != IkeSaState.Refused) return;
        if (theirs != RemoteSpi || header.Exchange == ExchangeType.IkeSaInit) return;
        if (header.NextPayload is not (PayloadType.Encrypted or PayloadType.EncryptedFragment))
        {
            CrashHints.InvalidSpi(step, this, header, datagram);
            return;
        }

        if (header.IsResponse) ReceiveResponse(step, header, datagram, local, remote);
        else ReceiveRequest(step, header, datagram, local, remote);
    }

    /// <summary>A request that came before the responder had proven who it is: now it has. One is kept, the last; others are asked again.</summary>
    public void TakeEarly(Step step)
    {
        if (early is not { } request) return;
        early = null;
        ReceiveRequest(step, request.Header, request.Datagram, request.Local, request.Remote);
    }

    /// <summary>Fragments of a message that never became whole.</summary>
    public void ForgetFragments() => (requestFragments, responseFragments) = (null, null);

    private void ReceiveResponse(Step step, in IkeHeader header, byte[] datagram, IPEndPoint local, IPEndPoint remote)
    {
        if (!AwaitsResponse || header.MessageId != NextRequestId || Current is not { } exchange) return;
        if (header.Exchange != exchange.Type)
        {
            Drop(step, "wrong-exchange", $"a response of {header.Exchange} to {exchange.Type} {NextRequestId}");
            return;
        }

        if (!Open(step, datagram, ref responseFragments, out var first, out var octets)) return;
        HeardAt = step.Now;
        responseFragments = null;
        EndRequest(step);
        NextRequestId++;
        if (NextRequestId > Tuning.RekeyAtMessageId) step.SetTimer(this, TimerKind.RekeyIke, 0);
        if (!Read(header.Exchange, true, first, octets, out var payloads, out var error))
        {
            // RFC 7296 §2.21.3: it is authenticated and wrong, so the other side is wrong: nothing that depends on it can go on.
            Current = null;
            exchange.Failed(step, $"malformed response: {error.Detail}");
            exchange.Release();
            BeginNext(step);
            return;
        }

        Received = (header, first, octets);
        exchange.Response(step, payloads);
        Received = default;
    }

    private void ReceiveRequest(Step step, in IkeHeader header, byte[] datagram, IPEndPoint local, IPEndPoint remote)
    {
        var isAgain = header.MessageId == ExpectedRequestId - 1 && LastResponse.Count > 0;
        if (!isAgain && header.MessageId != ExpectedRequestId)
        {
            Drop(step, "out-of-window", $"{header.Exchange} request {header.MessageId}, outside of the window (expected {ExpectedRequestId})");
            return;
        }

        if (isAgain)
        {
            SendAgain(step, datagram, local, remote);
            return;
        }

        if (State == IkeSaState.Connecting && IsInitiator)
        {
            // To the responder the IKE SA is in use with its IKE_AUTH response, which we are still verifying, or which this overtook (RFC 7296 §2.1).
            early = new EarlyRequest(header, datagram, local, remote);
            return;
        }

        if (Answering is not null || !Open(step, datagram, ref requestFragments, out var first, out var octets)) return;
        HeardAt = step.Now;
        requestFragments = null;
        FollowPeer(step, local, remote);
        if (!Read(header.Exchange, false, first, octets, out var payloads, out var error))
        {
            Refuse(step, header.Exchange, error);
            return;
        }

        Received = (header, first, octets);
        (RequestLocal, RequestRemote) = (local, remote);
        if (ResponderTable.Create(this, header.Exchange, payloads) is { } exchange) Answer(step, exchange, header.Exchange, payloads);
        else Refuse(step, header.Exchange, new MessageError(MessageErrorKind.Unexpected, PayloadType.None, $"{header.Exchange} has no place while the IKE SA is {State}"));
        Received = default;
        // An MPSA_PUT holds keys.
        if (header.Exchange == ExchangeType.Informational) CryptographicOperations.ZeroMemory(octets);
    }

    /// <summary>A retransmission: of fragments, the first one alone asks for the response (RFC 7383 §2.6.1).</summary>
    private void SendAgain(Step step, byte[] datagram, IPEndPoint local, IPEndPoint remote)
    {
        if (Establishment is { } establishment ? !datagram.AsSpan().SequenceEqual(establishment.LastRequest) : !Keys!.TryOpen(!IsInitiator, datagram, out _, out _, out var fragment) || fragment.Number > 1) return;
        step.Log(IkeLogLevel.Debug, this, "request-again", $"request {ExpectedRequestId - 1} came again: its response is sent again");
        foreach (var response in LastResponse) step.Actions.Add(new SendDatagram(local, remote, response));
    }

    private bool Open(Step step, byte[] datagram, ref FragmentAssembly? fragments, out PayloadType first, out byte[] octets)
    {
        if (!Keys!.TryOpen(!IsInitiator, datagram, out first, out octets, out var fragment))
        {
            Drop(step, "not-authentic", "a message whose integrity check fails");
            return false;
        }

        if (fragment.Number <= 1 && Establishment is { } establishment) establishment.LastRequest = datagram;
        if (fragment.Total == 0) return true;
        if (!Extensions.HasFlag(Extensions.Fragmentation))
        {
            Drop(step, "fragment", "a fragment, which was not negotiated");
            return false;
        }

        if (fragments is null) step.SetTimer(this, TimerKind.Fragments, Tuning.FragmentsForgotten);
        fragments ??= new FragmentAssembly();
        if (fragments.Add(fragment.Number, fragment.Total, first, octets) is not { } whole) return false;
        (first, octets) = (fragments.First, whole);
        step.StopTimer(this, TimerKind.Fragments);
        return true;
    }

    private static bool Read(ExchangeType exchange, bool isResponse, PayloadType first, byte[] octets, out List<Payload> payloads, out MessageError error)
    {
        if (!PayloadReader.TryRead(first, octets, out payloads, out error)) return false;
        if (ExchangeRules.Check(exchange, isResponse, payloads) is not { } broken) return true;
        error = broken;
        return false;
    }

    /// <summary>RFC 7296 §2.21: an authenticated request that is wrong is answered; what is wrong in its syntax ends the IKE SA on both sides.</summary>
    private void Refuse(Step step, ExchangeType exchange, MessageError error)
    {
        step.Log(IkeLogLevel.Warning, this, "malformed", $"{exchange} request {ExpectedRequestId} refused: {error.Detail}");
        var type = error.Notify ?? NotifyType.InvalidSyntax;
        Reply(step, exchange, [new NotifyPayload(type, type == NotifyType.UnsupportedCriticalPayload ? [(byte)error.Payload] : [])]);
        if (type == NotifyType.InvalidSyntax) Destroy(step, $"malformed {exchange} request: {error.Detail}");
    }

    private void Drop(Step step, string key, string what) => step.Log(IkeLogLevel.Debug, this, key, $"dropped {what}");

    private sealed record EarlyRequest(IkeHeader Header, byte[] Datagram, IPEndPoint Local, IPEndPoint Remote);
}
