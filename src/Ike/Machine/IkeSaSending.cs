using System.Security.Cryptography;
using Appliance.Ike.Messages;

namespace Appliance.Ike.Machine;

/// <summary>Messages as they go out: header, protection, fragments, datagrams.</summary>
internal sealed partial class IkeSa
{
    /// <summary>The header of a message of ours; next payload and length are the writer's.</summary>
    public IkeHeader HeaderOf(ExchangeType exchange, bool isResponse, uint messageId)
    {
        var flags = (IsInitiator ? HeaderFlags.Initiator : HeaderFlags.None) | (isResponse ? HeaderFlags.Response : HeaderFlags.None);
        return new IkeHeader(InitiatorSpi, ResponderSpi, PayloadType.None, IkeHeader.Version2, exchange, flags, messageId, 0);
    }

    /// <summary>Sends datagrams of a message to where the peer is.</summary>
    public void Transmit(Step step, IReadOnlyList<byte[]> datagrams)
    {
        foreach (var datagram in datagrams) step.Actions.Add(new SendDatagram(Local, Remote, datagram));
    }

    private IReadOnlyList<byte[]> Protect(Step step, IkeHeader header, IReadOnlyList<Payload> payloads)
    {
        if (Keys is null) return [MessageWriter.Write(header, payloads)];
        var octets = PayloadWriter.Write(payloads, out var first);
        var sealedOnes = Extensions.HasFlag(Extensions.Fragmentation)
            ? Keys.SealFragments(IsInitiator, header, first, octets, FragmentSize, step.Entropy)
            : [Keys.Seal(IsInitiator, header, first, octets, step.Entropy)];
        // An MPSA_PUT holds keys.
        CryptographicOperations.ZeroMemory(octets);
        return sealedOnes;
    }
}
