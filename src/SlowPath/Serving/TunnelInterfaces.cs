using Appliance.Policy;
using Appliance.Shared;
using Appliance.SlowPath.Netlink;
using Microsoft.Extensions.Logging;

namespace Appliance.SlowPath.Serving;

/// <summary>
/// Keeps the carrier of tunnels' interfaces: it is there while the tunnel has an SA to send by. An SA goes when the peer is found dead (RFC 7296 §2.4), so routing daemons, which watch
/// their links, notice at once. What went down stays so for two seconds, so that nobody misses it and a tunnel that comes and goes does not take routing with it. Loop.
/// </summary>
internal sealed class TunnelInterfaces(IKernel netlink, ILogger log)
{
    private const long LeastDown = 2000;
    private readonly Dictionary<string, (uint Link, bool IsUp, long At)> told = new(StringComparer.Ordinal);
    private GatewayConfiguration? configuration;
    private IReadOnlyList<(TunnelConfiguration Tunnel, TunnelInterface Interface, int Index)> interfaces = [];

    /// <summary>Whether a tunnel's interface is up; null for a tunnel without one, or before the kernel was told.</summary>
    public bool? IsUp(string tunnel) => told.TryGetValue(tunnel, out var known) ? known.IsUp : null;

    /// <summary>Tells the kernel what changed; a device that was made anew is told again.</summary>
    public void Settle(GatewayConfiguration now, KernelMirror mirror, Func<string, bool> hasSa, long tick)
    {
        if (configuration != now)
        {
            (configuration, interfaces) = (now, [.. now.Interfaces]);
            foreach (var gone in told.Keys.Where(t => interfaces.All(i => i.Tunnel.Name != t)).ToList()) told.Remove(gone);
        }

        foreach (var (tunnel, own, _) in interfaces)
        {
            if (mirror.Link(own.Device) is not { } link) continue;
            var isUp = hasSa(tunnel.Name);
            if (told.TryGetValue(tunnel.Name, out var known) && known.Link == link.Index && (known.IsUp == isUp || (isUp && known.At != 0 && tick - known.At < LeastDown))) continue;

            // Before its first SA there was no link to miss.
            told[tunnel.Name] = (link.Index, isUp, known.IsUp ? tick : 0);
            if (netlink.Carrier(link.Index, isUp) is { } problem) log.LogError("the kernel refused the carrier of {Device}: {Problem}", own.Device, problem);
            else if (isUp) log.LogInformation("interface {Device} is up: tunnel {Tunnel} has an SA", own.Device, tunnel.Name);
            else log.LogWarning("interface {Device} is down: tunnel {Tunnel} has no SA", own.Device, tunnel.Name);
        }
    }
}
