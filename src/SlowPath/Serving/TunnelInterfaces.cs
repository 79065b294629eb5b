using Appliance.Bfd;
using Appliance.Policy;
using Appliance.SlowPath.Bfd;
using Appliance.SlowPath.Netlink;
using Microsoft.Extensions.Logging;

namespace Appliance.SlowPath.Serving;

/// <summary>
/// Keeps the carrier of tunnels' interfaces: it is there while the tunnel has an SA to send by, and BFD, where it is asked, does not say otherwise. An SA goes when the peer is found dead
/// (RFC 7296 §2.4), so routing daemons, which watch their links, notice at once. What went down stays so for two seconds, so that nobody misses it and a tunnel that comes and goes does not
/// take routing with it. BFD's own packets need the carrier: after a failure it is given back for a while, and taken again when BFD does not come up meanwhile. Loop.
/// </summary>
internal sealed class TunnelInterfaces(IKernel netlink, ILogger log)
{
    /// <summary>Milliseconds. The time for trying is the longer one: both sides' overlap, whenever they began.</summary>
    private const long LeastDown = 2000, FailedFor = 3000, TriedFor = 6000;
    private const string OwnKeys = "tunnel ";
    private readonly Dictionary<string, (uint Link, bool IsUp, long At)> told = new(StringComparer.Ordinal);
    private readonly Dictionary<string, long> failedAt = new(StringComparer.Ordinal);
    private readonly HashSet<string> watched = new(StringComparer.Ordinal);
    private GatewayConfiguration? configuration;
    private IReadOnlyList<(TunnelConfiguration Tunnel, TunnelInterface Interface, int Index)> interfaces = [];

    /// <summary>Who watches paths; null while nobody does.</summary>
    public IBfdSessions? Bfd { get; set; }

    /// <summary>Whether a tunnel's interface is up; null for a tunnel without one, or before the kernel was told.</summary>
    public bool? IsUp(string tunnel) => told.TryGetValue(tunnel, out var known) ? known.IsUp : null;

    /// <summary>BFD says that something came up or went down. What was told to be down is no failure (RFC 5882 §4.2).</summary>
    public void Heard(BfdNotice notice, long tick)
    {
        if (!notice.Key.StartsWith(OwnKeys, StringComparison.Ordinal)) return;
        if (notice.IsUp) failedAt.Remove(notice.Key);
        else if (!notice.IsAdministrative) failedAt.TryAdd(notice.Key, tick);
    }

    /// <summary>Tells the kernel what changed; a device that was made anew is told again.</summary>
    public void Settle(GatewayConfiguration now, KernelMirror mirror, Func<string, bool> hasSa, long tick)
    {
        if (configuration != now) Configure(now);
        foreach (var (tunnel, own, _) in interfaces)
        {
            if (mirror.Link(own.Device) is not { } link) continue;
            var isSecured = hasSa(tunnel.Name);

            // A new SA is a new beginning.
            if (!isSecured) failedAt.Remove(OwnKeys + tunnel.Name);
            var isTried = failedAt.TryGetValue(OwnKeys + tunnel.Name, out var since);
            var isUp = isSecured && (!isTried || (tick - since) % (FailedFor + TriedFor) >= FailedFor);
            if (told.TryGetValue(tunnel.Name, out var known) && known.Link == link.Index && (known.IsUp == isUp || (isUp && known.At != 0 && tick - known.At < LeastDown))) continue;

            // Before its first SA there was no link to miss.
            told[tunnel.Name] = (link.Index, isUp, known.IsUp ? tick : 0);
            if (netlink.Carrier(link.Index, isUp) is { } problem) log.LogError("the kernel refused the carrier of {Device}: {Problem}", own.Device, problem);
            else if (isTried && tick - since > FailedFor) continue;
            else if (isUp) log.LogInformation("interface {Device} is up: tunnel {Tunnel} has an SA", own.Device, tunnel.Name);
            else if (isTried) log.LogWarning("interface {Device} is down: BFD through tunnel {Tunnel} failed; it is tried again every {Seconds} s", own.Device, tunnel.Name, (FailedFor + TriedFor) / 1000);
            else log.LogWarning("interface {Device} is down: tunnel {Tunnel} has no SA", own.Device, tunnel.Name);
        }
    }

    private void Configure(GatewayConfiguration now)
    {
        (configuration, interfaces) = (now, [.. now.Interfaces]);
        foreach (var gone in told.Keys.Where(t => interfaces.All(i => i.Tunnel.Name != t)).ToList()) told.Remove(gone);
        var wanted = interfaces.Where(i => i.Interface.Watch is not null).ToDictionary(i => OwnKeys + i.Tunnel.Name, i => i.Interface.Watch!, StringComparer.Ordinal);
        foreach (var gone in watched.Where(k => !wanted.ContainsKey(k)).ToList())
        {
            Bfd?.Unwant(gone);
            watched.Remove(gone);
            failedAt.Remove(gone);
        }

        foreach (var (key, watch) in wanted)
        {
            Bfd?.Want(key, watch.Local.ToIPAddress(), watch.Remote.ToIPAddress(), isMultihop: false, new BfdIntervals(watch.Milliseconds, watch.Milliseconds, watch.Multiplier));
            watched.Add(key);
        }
    }
}
