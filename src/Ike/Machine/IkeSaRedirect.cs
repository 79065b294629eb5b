using System.Net;

namespace Appliance.Ike.Machine;

/// <summary>An IKE SA whose peers part because a gateway goes out of service (RFC 5685).</summary>
internal sealed partial class IkeSa
{
    /// <summary>As the responder: the peer was asked to go elsewhere.</summary>
    public bool AskedToMove { get; set; }

    /// <summary>As the initiator: the peer sent us there. What this IKE SA has counts no more when something is wanted; it goes when the other one is there.</summary>
    public IPAddress? MovesTo { get; set; }
}
