using System.Net;
using Appliance.Ike.Messages;

namespace Appliance.Ike.Machine;

/// <summary>Answers outside of any IKE SA: never protected, so never more than a hint, and only so many a second (RFC 7296 §2.21.4).</summary>
internal static class Unprotected
{
    /// <summary>Answers a request; responses are never answered.</summary>
    public static void Reply(Step step, in IkeHeader to, IPEndPoint local, IPEndPoint remote, params IReadOnlyList<Payload> payloads)
    {
        if (to.IsResponse || !step.Machine.UnprotectedLimit.TryTake(step.Now)) return;
        // RFC 7296 §2.21.4, §3.1: SPIs and message ID as they came; I says what we are of the SA asked about.
        var flags = HeaderFlags.Response | (to.FromInitiator ? HeaderFlags.None : HeaderFlags.Initiator);
        var header = new IkeHeader(to.InitiatorSpi, to.ResponderSpi, PayloadType.None, IkeHeader.Version2, to.Exchange, flags, to.MessageId, 0);
        step.Actions.Add(new SendDatagram(local, remote, MessageWriter.Write(header, payloads)));
    }
}
