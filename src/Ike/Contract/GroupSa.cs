using Appliance.Ike.Messages;

namespace Appliance.Ike;

/// <summary>A multi-point SA as the host installs it: one SPI and one key, in and out (draft-yamaya-ipsecme-mpsa-04 §3.3.2). Without its key.</summary>
public sealed record GroupSa
{
    /// <summary>Group of the configuration (<see cref="IkeGroup.Name"/>).</summary>
    public required string Group { get; init; }

    /// <summary>PAD entry of the gateway that handed it out; the group's own name when this node is the gateway.</summary>
    public required string Gateway { get; init; }

    /// <summary>SPI, in both directions; the gateway's choice.</summary>
    public required uint Spi { get; init; }

    /// <summary>Encryption with key length in bits.</summary>
    public required EncryptionChoice Encryption { get; init; }

    /// <summary>Integrity; none with AEADs.</summary>
    public IntegrityTransform Integrity { get; init; }

    /// <summary>Our Sender-IDs, each used by one outbound SA record alone; none with AES-CBC.</summary>
    public IReadOnlyList<uint> SenderIds { get; init; } = [];

    /// <summary>Width of the Sender-ID in bits: the top bits of the IV (RFC 6054 §2); 0 with AES-CBC.</summary>
    public int SenderIdBits { get; init; }

    /// <summary>Replay window for each sender in packets; 0 for none, always so with AES-CBC.</summary>
    public int ReplayWindow { get; init; }

    /// <summary>Milliseconds that are left of its lifetime.</summary>
    public required long LifetimeMilliseconds { get; init; }
}
