using Appliance.Ike.Children;

namespace Appliance.Ike.Machine;

/// <summary>What IKE_SA_INIT leaves to IKE_AUTH; gone when the IKE SA is established.</summary>
internal sealed class Establishment
{
    /// <summary>Ni.</summary>
    public byte[] InitiatorNonce { get; set; } = [];

    /// <summary>Nr.</summary>
    public byte[] ResponderNonce { get; set; } = [];

    /// <summary>RealMessage1 (RFC 7296 §2.15): the request as it went over the wire, after a cookie or another retry the last one.</summary>
    public byte[] Request { get; set; } = [];

    /// <summary>RealMessage2: the response as it went over the wire.</summary>
    public byte[] Response { get; set; } = [];

    /// <summary>What was chosen.</summary>
    public ChosenProposal? Chosen { get; set; }

    /// <summary>PAD entries that fit the addresses.</summary>
    public IReadOnlyList<IkePeer> Candidates { get; set; } = [];

    /// <summary>Hash algorithms that the peer takes in signatures (RFC 7427 §4); empty: it knows nothing of them.</summary>
    public IReadOnlyList<ushort> PeerHashes { get; set; } = [];

    /// <summary>Both sides know post-quantum preshared keys (USE_PPK, RFC 8784 §3).</summary>
    public bool UsesPpk { get; set; }

    /// <summary>IntAuth_i and IntAuth_r so far (RFC 9242 §3.3.2); empty without IKE_INTERMEDIATE.</summary>
    public (byte[] Initiator, byte[] Responder) IntermediateAuth { get; set; } = ([], []);

    /// <summary>Message ID of the IKE_AUTH request.</summary>
    public uint AuthMessageId { get; set; } = 1;

    /// <summary>The peer's last request of IKE_INTERMEDIATE (its first fragment) as it came: it is known again by its octets, since its keys are gone.</summary>
    public byte[] LastRequest { get; set; } = [];

    /// <summary>Whether all key exchanges that were chosen are done.</summary>
    public bool KeysAreComplete => AdditionalDone >= (Chosen?.Additional.Count ?? 0);

    /// <summary>Additional key exchanges that are done (RFC 9370 §2.2.2).</summary>
    public int AdditionalDone { get; set; }

    /// <summary>When it began, for the log.</summary>
    public required Appliance.Machine.Instant StartedAt { get; init; }
}
