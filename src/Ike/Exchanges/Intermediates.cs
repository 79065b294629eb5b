using Appliance.Crypto;
using Appliance.Ike.Machine;
using Appliance.Ike.Messages;

namespace Appliance.Ike.Exchanges;

/// <summary>What both roles of IKE_INTERMEDIATE do: authenticate its messages later (RFC 9242 §3.3.2), and take keys over (RFC 9370 §2.2.2).</summary>
internal static class Intermediates
{
    /// <summary>A message of ours, before it is sent, with the keys that are in force then.</summary>
    public static void Sent(IkeSa sa, IkeHeader header, IReadOnlyList<Payload> payloads)
    {
        var octets = PayloadWriter.Write(payloads, out var first);
        Add(sa, sa.IsInitiator, header, first, octets);
    }

    /// <summary>The peer's message that is being handled.</summary>
    public static void Received(IkeSa sa) => Add(sa, !sa.IsInitiator, sa.Received.Header, sa.Received.First, sa.Received.Payloads);

    /// <summary>An additional key exchange is through: all keys are other ones from the next message on.</summary>
    public static void Complete(Step step, IkeSa sa, Secret secret)
    {
        var establishment = sa.Establishment!;
        var keys = sa.Keys!.Update(secret, establishment.InitiatorNonce, establishment.ResponderNonce, sa.InitiatorSpi, sa.ResponderSpi);
        sa.Keys.Dispose();
        sa.TakeKeys(step, keys);
        establishment.AdditionalDone++;
    }

    private static void Add(IkeSa sa, bool ofInitiator, IkeHeader header, PayloadType first, byte[] octets)
    {
        var (initiator, responder) = sa.Establishment!.IntermediateAuth;
        var value = sa.Keys!.IntermediateAuth(ofInitiator, ofInitiator ? initiator : responder, header, first, octets);
        sa.Establishment.IntermediateAuth = ofInitiator ? (value, responder) : (initiator, value);
    }
}
