using Appliance.Ike;
using Appliance.Shared;
using Microsoft.Extensions.Logging;

namespace Appliance.SlowPath.Sas;

/// <summary>
/// A group's SPI is the gateway's choice and can equal one that this node gave to a peer. The longer match keeps the two apart (RFC 4301 §4.1): the group's SA is found by our ESP address, and while
/// the collision lasts the peer's is found by our address and the peer's. Where that peer is a member of the group too, a packet that fails the tag of one is tried under the other. The child
/// is rekeyed to another SPI at once.
/// </summary>
/// <param name="region">The region.</param>
/// <param name="store">The SAD.</param>
/// <param name="tunnels">Tunnels with their ends of now.</param>
/// <param name="outboundOf">Outbound SPI of the child with an inbound SPI; null for none that IKE made.</param>
/// <param name="raise">Tells IKE.</param>
/// <param name="log">Log.</param>
internal sealed class SpiCollisions(Region region, SaStore store, EffectiveTunnels tunnels, Func<uint, uint?> outboundOf, Action<IkeEvent> raise, ILogger log)
{
    private const long AskMilliseconds = 10_000;
    private readonly Dictionary<uint, Collision> collisions = [];

    /// <summary>SPIs that a group and a tunnel of ours share.</summary>
    public IReadOnlyCollection<uint> Spis => collisions.Keys;

    /// <summary>Before a group's SA can be found: the peer's SA that has its SPI is found by both addresses.</summary>
    public void Prepare(SaEntry group)
    {
        if (store.Find(false, group.Spi) is { } child) _ = Narrow(child);
    }

    /// <summary>A group's SA and another one with its SPI, if there is one, are live.</summary>
    public void Begin(SaEntry group)
    {
        if (store.Find(false, group.Spi) is not { } child) return;
        collisions[group.Spi] = new Collision(group, child, Narrow(child));
        Volatile.Write(ref region.InboundSa(child.Slot).Alternate, group.Slot + 1);
        Volatile.Write(ref region.InboundSa(group.Slot).Alternate, child.Slot + 1);
    }

    /// <summary>Now and then: asks IKE for other SPIs, again and again while a collision lasts. <paramref name="tick"/> is <see cref="Environment.TickCount64"/>.</summary>
    public void Sweep(long tick)
    {
        foreach (var collision in collisions.Values)
        {
            if (tick < collision.AskAt) continue;
            var (group, child) = (collision.Group, collision.Child);
            var isFirst = collision.AskAt == 0;
            if (outboundOf(child.Spi) is { } outbound) raise(new ChildExpires(outbound, Hard: false));
            if (isFirst) log.LogWarning("group {Group} and tunnel {Tunnel} have SPI 0x{Spi:x8} both: the tunnel is rekeyed", group.Group, child.Tunnel, child.Spi);
            collision.AskAt = tick + AskMilliseconds;
        }
    }

    /// <summary>An SA was taken out of use.</summary>
    public void End(SaEntry entry)
    {
        if (entry.IsOutbound || !collisions.TryGetValue(entry.Spi, out var collision) || (entry != collision.Group && entry != collision.Child)) return;
        collisions.Remove(entry.Spi);
        Volatile.Write(ref region.InboundSa(collision.Child.Slot).Alternate, 0u);
        Volatile.Write(ref region.InboundSa(collision.Group.Slot).Alternate, 0u);
        if (entry == collision.Group && collision.Key is { } key) store.RemoveKey(collision.Child, key.Local, key.Remote);
    }

    /// <summary>Lets a peer's SA be found by both its addresses; null when the peer's is not known.</summary>
    private (IpAddress Local, IpAddress Remote)? Narrow(SaEntry child) =>
        tunnels.Find(child.Tunnel) is { Local.IsAny: false, Remote.IsAny: false } tunnel && store.AddKey(child, tunnel.Local, tunnel.Remote) ? (tunnel.Local, tunnel.Remote) : null;

    private sealed record Collision(SaEntry Group, SaEntry Child, (IpAddress Local, IpAddress Remote)? Key)
    {
        public long AskAt { get; set; }
    }
}
