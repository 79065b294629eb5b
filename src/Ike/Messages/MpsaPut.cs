using Appliance.Crypto;

namespace Appliance.Ike.Messages;

/// <summary>What N(MPSA_PUT) says (draft-yamaya-ipsecme-mpsa-04 §3.2.2): a multi-point SA with what its keys are made of. Whoever disposes of it wipes <see cref="SkD"/>.</summary>
public sealed record MpsaPut : IDisposable
{
    /// <summary>SPI, in the notify and in the proposal.</summary>
    public required uint Spi { get; init; }

    /// <summary>Encryption with key length in bits.</summary>
    public required EncryptionChoice Encryption { get; init; }

    /// <summary>Integrity; none with AEADs.</summary>
    public IntegrityTransform Integrity { get; init; }

    /// <summary>PRF that makes KEYMAT.</summary>
    public required PrfAlgorithm Prf { get; init; }

    /// <summary>Nonce, 16 to 256 octets.</summary>
    public required byte[] Nonce { get; init; }

    /// <summary>SK_d, as long as the PRF's output.</summary>
    public required Secret SkD { get; init; }

    /// <summary>Seconds that are left of its lifetime.</summary>
    public required uint LifetimeSeconds { get; init; }

    /// <summary>ROLL1: seconds until members send by it; 0 for at once.</summary>
    public uint Rollover1Seconds { get; init; }

    /// <summary>ROLL2: seconds until members no longer take in what was before it.</summary>
    public uint Rollover2Seconds { get; init; }

    /// <summary>Width of the Sender-IDs in bits; 0 when there are none.</summary>
    public int SenderIdBits { get; init; }

    /// <summary>Sender-IDs of the member that it goes to (private transform); empty for none.</summary>
    public IReadOnlyList<uint> SenderIds { get; init; } = [];

    /// <summary>Name of the group (private transform); null when it is not told.</summary>
    public string? Group { get; init; }

    /// <inheritdoc/>
    public void Dispose() => SkD.Dispose();

    /// <summary>Names no key.</summary>
    public override string ToString() => $"MPSA_PUT of SPI {Spi:x8}";
}

/// <summary>Why a member does not take a multi-point SA: the data of MPSA_REFUSED, 2 octets.</summary>
public enum MpsaRefusal : ushort
{
    /// <summary>It does.</summary>
    None = 0,

    /// <summary>A counter mode without enough Sender-IDs: IVs would repeat (RFC 6054).</summary>
    NoSenderIds = 1,

    /// <summary>Cipher, PRF or a transform that is not supported.</summary>
    NotSupported = 2,

    /// <summary>Malformed.</summary>
    Malformed = 3,

    /// <summary>The group is not known, or not told and there are several.</summary>
    UnknownGroup = 4,

    /// <summary>Its sender is no gateway of the group.</summary>
    NotAGateway = 5,

    /// <summary>It could not be installed.</summary>
    NoRoom = 6,

    /// <summary>Another SA has the SPI.</summary>
    SpiInUse = 7,

    /// <summary>A Sender-ID was used before under the same key.</summary>
    SenderIdsUsed = 8,

    /// <summary>Its lifetime is 0, or over before it is used.</summary>
    Lifetime = 9,
}

/// <summary>Why an MPSA_PUT was not taken. The text holds nothing of the peer's own words, so it can be logged.</summary>
/// <param name="Reason">The reason as it goes into MPSA_REFUSED.</param>
/// <param name="Detail">A sentence for the log.</param>
public readonly record struct MpsaError(MpsaRefusal Reason, string Detail);
