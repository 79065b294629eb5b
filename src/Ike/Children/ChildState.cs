namespace Appliance.Ike.Children;

/// <summary>A child of an IKE SA: what was negotiated, and where it stands in its life.</summary>
internal sealed class ChildState(ChildSa sa)
{
    /// <summary>What was negotiated.</summary>
    public ChildSa Sa { get; set; } = sa;

    /// <summary>SPI that we take in; names the child.</summary>
    public uint InboundSpi => Sa.InboundSpi;
}
