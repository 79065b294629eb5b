using Appliance.Ike.Messages;

namespace Appliance.Ike.Children;

/// <summary>A child that somebody wants: a template, and where a packet asks for it the packet's own selectors (RFC 7296 §2.9).</summary>
/// <param name="Peer">PAD entry.</param>
/// <param name="Template">Tunnel of the configuration.</param>
/// <param name="Source">Of the packet that waits, or null.</param>
/// <param name="Destination">Of the packet that waits, or null.</param>
/// <param name="Worker">The worker that it is for (RFC 9611), or null.</param>
internal sealed record ChildWish(IkePeer Peer, ChildTemplate Template, TrafficSelector? Source = null, TrafficSelector? Destination = null, int? Worker = null);
