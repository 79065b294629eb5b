using System.Net;
using Appliance.Ike.Exchanges;
using Appliance.Ike.Messages;

namespace Appliance.Ike.Machine;

/// <summary>A datagram on its way to its IKE SA: header, version, SPI (RFC 7296 §2.6, §2.21.4).</summary>
internal static class Datagrams
{
    /// <summary>Takes a datagram.</summary>
    public static void Receive(Step step, DatagramReceived received)
    {
        var (local, remote, octets) = received;
        if (!HeaderCodec.TryRead(octets, out var header, out var error))
        {
            if (error.Notify == NotifyType.InvalidMajorVersion) Unprotected.Reply(step, header, local, remote, new NotifyPayload(NotifyType.InvalidMajorVersion));
            step.Log(IkeLogLevel.Debug, remote.Address.ToString(), "malformed", $"datagram from {remote} dropped: {error.Detail}");
            return;
        }

        if (header is { Exchange: ExchangeType.IkeSaInit, IsResponse: false })
        {
            InitRequests.Receive(step, header, octets, local, remote);
            return;
        }

        var ours = header.FromInitiator ? header.ResponderSpi : header.InitiatorSpi;
        if (step.Machine.Find(ours) is { } sa)
        {
            sa.Receive(step, header, octets, local, remote);
            return;
        }

        step.Log(IkeLogLevel.Debug, remote.Address.ToString(), "unknown-spi", $"{header.Exchange} message {header.MessageId} from {remote} for unknown SPIs {header.InitiatorSpi:x16} {header.ResponderSpi:x16}");
        if (header.FromInitiator || header.Exchange != ExchangeType.IkeSaInit) Unprotected.Reply(step, header, local, remote, new NotifyPayload(NotifyType.InvalidIkeSpi));
    }
}
