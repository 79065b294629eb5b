using System.Net;

namespace Appliance.Ike.Children;

/// <summary>Inner addresses that the configuration payload gave out on an IKE SA (RFC 7296 §3.15). An IKE SA that replaces it inherits them.</summary>
/// <param name="Ours">Given to us by the peer.</param>
/// <param name="Peers">Given to the peer by us.</param>
internal sealed record InnerAddresses(IReadOnlyList<IPAddress> Ours, IReadOnlyList<IPAddress> Peers)
{
    public static InnerAddresses None { get; } = new([], []);
}
