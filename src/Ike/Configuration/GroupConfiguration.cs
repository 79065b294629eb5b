using Appliance.Crypto;
using Appliance.Ike.Messages;

namespace Appliance.Ike;

/// <summary>When a member that goes makes the gateway rekey the rest.</summary>
public enum GroupLeave
{
    /// <summary>Never: what it has it keeps until the SA's lifetime ends.</summary>
    Never,

    /// <summary>When it is no member any more: gone from the PAD or from the group, or excluded.</summary>
    Removal,

    /// <summary>Then, and also when it deletes its IKE SA.</summary>
    Departure,
}

/// <summary>
/// A group that shares one multi-point SA (draft-yamaya-ipsecme-mpsa-04): this node hands it out (<see cref="Server"/>), or gets it from <see cref="Gateways"/>. Never both.
/// </summary>
public sealed record IkeGroup
{
    /// <summary>Its name, the same on the gateway and on members that are in several groups of one gateway; up to 31 octets.</summary>
    public required string Name { get; init; }

    /// <summary>How this node hands the SA out; null on a member.</summary>
    public GroupServer? Server { get; init; }

    /// <summary>On a member: PAD entries whose MPSA_PUT counts, the preferred first. The SAs of all of them are taken in; packets go out by the first one's that is usable.</summary>
    public IReadOnlyList<string> Gateways { get; init; } = [];

    /// <summary>Sender-IDs that this node needs: one for each worker and outer family.</summary>
    public int Senders { get; init; } = 1;

    /// <summary>Replay window for each sender in packets, a multiple of 64 up to 4096; 0 for none.</summary>
    public int ReplayWindow { get; init; } = 4096;
}

/// <summary>The gateway's side of a group.</summary>
public sealed record GroupServer
{
    /// <summary>PAD entries whose peers are members.</summary>
    public IReadOnlyList<string> Members { get; init; } = [];

    /// <summary>Identities that are no members though their PAD entry is one.</summary>
    public IReadOnlyList<IdentityPattern> Excluded { get; init; } = [];

    /// <summary>Encryption: AES-GCM with 16 octets of ICV, ChaCha20-Poly1305, or AES-CBC.</summary>
    public EncryptionChoice Encryption { get; init; } = new(EncryptionTransform.AesGcm16, 256);

    /// <summary>Integrity with AES-CBC; none otherwise.</summary>
    public IntegrityTransform Integrity { get; init; }

    /// <summary>PRF that makes KEYMAT of SK_d and nonce.</summary>
    public PrfAlgorithm Prf { get; init; } = PrfAlgorithm.HmacSha256;

    /// <summary>Seconds that an SA lives.</summary>
    public int LifetimeSeconds { get; init; } = 3600;

    /// <summary>Seconds after a new SA's creation at which members send by it (ROLL1).</summary>
    public int Rollover1Seconds { get; init; } = 30;

    /// <summary>Seconds after a new SA's creation at which members no longer take the old one in (ROLL2).</summary>
    public int Rollover2Seconds { get; init; } = 90;

    /// <summary>In place of <see cref="Rollover1Seconds"/> when a member was removed.</summary>
    public int LeaveRollover1Seconds { get; init; } = 2;

    /// <summary>In place of <see cref="Rollover2Seconds"/> when a member was removed.</summary>
    public int LeaveRollover2Seconds { get; init; } = 6;

    /// <summary>When a member that goes makes us rekey.</summary>
    public GroupLeave RekeyOnLeave { get; init; } = GroupLeave.Removal;

    /// <summary>A member that joins does not get the SA of before (backward secrecy).</summary>
    public bool RekeyOnJoin { get; init; }

    /// <summary>Width of the Sender-ID in the IV, 8 to 24 bits (RFC 6054 §2).</summary>
    public int SenderIdBits { get; init; } = 20;

    /// <summary>First Sender-ID that this gateway gives out.</summary>
    public uint FirstSenderId { get; init; } = 1;

    /// <summary>The last one; 0 for the highest that the width has.</summary>
    public uint LastSenderId { get; init; }
}
