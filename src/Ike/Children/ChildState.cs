using Appliance.Machine;

namespace Appliance.Ike.Children;

/// <summary>Where a child stands in its life.</summary>
internal enum ChildStage
{
    /// <summary>The host is installing it.</summary>
    Installing,

    /// <summary>In use.</summary>
    Established,

    /// <summary>In use, and we are replacing it.</summary>
    Rekeying,

    /// <summary>Another one is there for it: it only takes packets in until it is deleted.</summary>
    Replaced,

    /// <summary>We told the peer to delete it.</summary>
    Deleting,
}

/// <summary>A child of an IKE SA: what was negotiated, and where it stands in its life.</summary>
internal sealed class ChildState(ChildSa sa)
{
    /// <summary>What was negotiated.</summary>
    public ChildSa Sa { get; set; } = sa;

    /// <summary>SPI that we take in; names the child.</summary>
    public uint InboundSpi => Sa.InboundSpi;

    /// <summary>Where it stands.</summary>
    public ChildStage Stage { get; set; }

    /// <summary>When it was installed.</summary>
    public Instant InstalledAt { get; set; }

    /// <summary>We began the exchange that made it.</summary>
    public bool IsOurs { get; set; }

    /// <summary>The child that took its place, when there is one.</summary>
    public ChildState? Successor { get; set; }

    /// <summary>The peer replaces it while we do.</summary>
    public PeerRekey? PeerRekey { get; set; }

    /// <summary>Its outbound side waits until the peer surely takes it in (RFC 7296 §2.8).</summary>
    public bool OutboundWaits { get; set; }

    /// <summary>Attempts to rekey it that the peer put off (TEMPORARY_FAILURE).</summary>
    public int Refusals { get; set; }

    /// <summary>Neither replaced nor on its way out.</summary>
    public bool IsCurrent => Stage is ChildStage.Installing or ChildStage.Established or ChildStage.Rekeying;
}
