using System.Net;
using Appliance.Ike.Messages;

namespace Appliance.Ike;

/// <summary>A negotiated child as the host installs it, without its keys.</summary>
public sealed record ChildSa
{
    /// <summary>Tunnel of the configuration (<see cref="ChildTemplate.Name"/>).</summary>
    public required string Tunnel { get; init; }

    /// <summary>The tunnel's instance: <see cref="Tunnel"/>, or with many peers on one template <c>Tunnel/N</c>, N being a number for each IKE SA.</summary>
    public required string Instance { get; init; }

    /// <summary>SPI that we take in.</summary>
    public required uint InboundSpi { get; init; }

    /// <summary>SPI that we send.</summary>
    public required uint OutboundSpi { get; init; }

    /// <summary>Mode negotiated. IIPtran with <see cref="PeerTunnels"/>: the peer does tunnel mode, the interface is ours alone.</summary>
    public required ChildMode Mode { get; init; }

    /// <summary>IIPtran towards a peer that answered with tunnel mode.</summary>
    public bool PeerTunnels { get; init; }

    /// <summary>Encryption with key length in bits.</summary>
    public required EncryptionChoice Encryption { get; init; }

    /// <summary>Integrity; none with AEADs.</summary>
    public IntegrityTransform Integrity { get; init; }

    /// <summary>Extended sequence numbers.</summary>
    public bool Esn { get; init; }

    /// <summary>Outer addresses; the ports count with <see cref="UdpEncapsulation"/>.</summary>
    public required IPEndPoint Local { get; init; }

    /// <summary>The peer's outer address and port.</summary>
    public required IPEndPoint Remote { get; init; }

    /// <summary>ESP in UDP (RFC 3948).</summary>
    public bool UdpEncapsulation { get; init; }

    /// <summary>Narrowed local selectors.</summary>
    public required IReadOnlyList<TrafficSelector> LocalSelectors { get; init; }

    /// <summary>Narrowed remote selectors.</summary>
    public required IReadOnlyList<TrafficSelector> RemoteSelectors { get; init; }

    /// <summary>Replay window in packets.</summary>
    public int ReplayWindow { get; init; }

    /// <summary>Milliseconds that it lives at most; 0 for ever.</summary>
    public long LifetimeMilliseconds { get; init; }

    /// <summary>Octets at which <see cref="ChildExpires"/> comes; 0 for never.</summary>
    public ulong SoftBytes { get; init; }

    /// <summary>Octets after which it sends nothing; 0 for never.</summary>
    public ulong HardBytes { get; init; }

    /// <summary>Packets at which <see cref="ChildExpires"/> comes; 0 for 7/8 of the numbers.</summary>
    public ulong SoftPackets { get; init; }

    /// <summary>We may pad for traffic-flow confidentiality.</summary>
    public bool Tfc { get; init; }

    /// <summary>The worker that it is for (RFC 9611); null for all.</summary>
    public int? Worker { get; init; }
}
