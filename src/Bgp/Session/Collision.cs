namespace Appliance.Bgp;

/// <summary>Which of two connections stays (RFC 4271 §6.8, RFC 6286 §2.3).</summary>
internal static class Collision
{
    /// <summary>
    /// Whether the connection that we made stays, rather than the one that the neighbour made: the speaker with the higher BGP Identifier wins; where they are equal (which two ASes may
    /// have), the one with the higher AS.
    /// </summary>
    public static bool OutgoingStays(uint localId, uint localAs, uint remoteId, uint remoteAs) => localId != remoteId ? localId > remoteId : localAs > remoteAs;
}
