using Appliance.Ike.Messages;

namespace Appliance.Ike.Children;

/// <summary>Why there is no child: the error for the peer, and the reason for the log.</summary>
/// <param name="Notify">What the peer is told, or told us.</param>
/// <param name="Why">With what both sides wanted.</param>
/// <param name="PeerHasIt">The peer agreed and has installed it: it is to be told to delete it (RFC 7296 §1.3.1).</param>
internal sealed record ChildRefusal(NotifyType Notify, string Why, bool PeerHasIt = false)
{
    /// <summary>Data of the notify.</summary>
    public byte[] Data { get; init; } = [];

    /// <summary>Protocol of the SA that it is about.</summary>
    public ProtocolId Protocol { get; init; }

    /// <summary>SPI of the SA that it is about, or empty.</summary>
    public byte[] Spi { get; init; } = [];

    /// <summary>As it goes to the peer.</summary>
    public NotifyPayload Payload => new(Protocol, Spi, Notify, Data);
}
