namespace Appliance.Ike.Children;

/// <summary>What a child's mode means for its negotiation.</summary>
internal static class ChildModes
{
    /// <summary>Negotiated with USE_TRANSPORT_MODE.</summary>
    public static bool UsesTransport(ChildSa child) => child.Mode == ChildMode.Transport || (child.Mode == ChildMode.IipTran && !child.PeerTunnels);
}
