using Appliance.Policy;
using Appliance.Shared;

namespace Appliance.SlowPath.Sas;

/// <summary>
/// Tunnels as they are now: those of the configuration and those made from routes, with the ends that their children negotiated, and an instance of its template for each IKE SA of a peer that
/// comes from anywhere.
/// An instance carries what its children's remote selectors say, and is there as long as one of its SAs is.
/// </summary>
internal sealed class EffectiveTunnels
{
    /// <summary>Seconds between NAT keepalives of ESP in UDP, where the configuration names none (RFC 3948 §4).</summary>
    private const ushort KeepaliveSeconds = 20;
    private readonly Dictionary<string, TunnelConfiguration> configured = new(StringComparer.Ordinal);
    private readonly Dictionary<string, TunnelConfiguration> made = new(StringComparer.Ordinal);
    private readonly Dictionary<string, LiveTunnel> live = new(StringComparer.Ordinal);
    private IReadOnlyList<TunnelConfiguration> order = [];

    /// <param name="configuration">The configuration in force.</param>
    /// <param name="made">Tunnels that were made from routes before.</param>
    public EffectiveTunnels(GatewayConfiguration configuration, IEnumerable<TunnelConfiguration>? made = null)
    {
        foreach (var tunnel in made ?? []) this.made[tunnel.Name] = tunnel;
        Configure(configuration);
    }

    /// <summary>All, those of the configuration first, then those made from routes.</summary>
    public IReadOnlyCollection<TunnelConfiguration> All => [.. order.Select(t => Find(t.Name) ?? t), .. made.Keys.Select(Find).OfType<TunnelConfiguration>(), .. live.Values.Where(l => l.IsInstance).Select(l => l.Now).OfType<TunnelConfiguration>()];

    /// <summary>Another configuration is in force.</summary>
    public void Configure(GatewayConfiguration configuration)
    {
        order = configuration.Tunnels;
        configured.Clear();
        foreach (var tunnel in order) configured[tunnel.Name] = tunnel;
        foreach (var tunnel in live.Values) Renew(tunnel);
    }

    /// <summary>A tunnel is made from routes, or is another than before.</summary>
    public void Make(TunnelConfiguration tunnel)
    {
        made[tunnel.Name] = tunnel;
        if (live.TryGetValue(tunnel.Name, out var there)) Renew(there);
    }

    /// <summary>No route leads into a tunnel that was made for it.</summary>
    public void Unmake(string name)
    {
        if (made.Remove(name) && live.TryGetValue(name, out var there)) Renew(there);
    }

    /// <summary>A tunnel that can have SAs, as it is now: by its name, or an instance's. Null for others, templates included.</summary>
    public TunnelConfiguration? Find(string name) =>
        live.TryGetValue(name, out var there) ? there.Now : configured.TryGetValue(name, out var tunnel) && !tunnel.IsTemplate ? tunnel : made.GetValueOrDefault(name);

    /// <summary>The tunnel of the configuration, or made from routes, that a name, or an instance's name, stands for.</summary>
    public TunnelConfiguration? Configured(string name)
    {
        if (configured.TryGetValue(name, out var tunnel) || made.TryGetValue(name, out tunnel)) return tunnel;
        var slash = name.LastIndexOf('/');
        return slash > 0 && configured.TryGetValue(name[..slash], out var template) && template.IsTemplate ? template : null;
    }

    /// <summary>A child of a tunnel or instance has these ends; false when there is no such tunnel.</summary>
    public bool SetEnds(string name, TunnelEnds ends)
    {
        if (Of(name) is not { } tunnel) return false;
        tunnel.Ends = ends;
        Renew(tunnel);
        return true;
    }

    /// <summary>What an inbound SA of a tunnel lets in; for an instance these are its routes.</summary>
    public void Add(string name, uint inboundSpi, IReadOnlyList<IpPrefix> remote)
    {
        if (Of(name) is not { } tunnel) return;
        tunnel.Remote[inboundSpi] = remote;
        Renew(tunnel);
    }

    /// <summary>An inbound SA is gone.</summary>
    public void Remove(string name, uint inboundSpi)
    {
        if (live.TryGetValue(name, out var tunnel) && tunnel.Remote.Remove(inboundSpi)) Renew(tunnel);
    }

    /// <summary>A tunnel has no SA any more: unless one is being installed, it is as the configuration says, and an instance is gone.</summary>
    public void Forget(string name)
    {
        if (live.TryGetValue(name, out var tunnel) && tunnel.Remote.Count == 0) live.Remove(name);
    }

    private LiveTunnel? Of(string name)
    {
        if (live.TryGetValue(name, out var tunnel)) return tunnel;
        if (Configured(name) is not { } source || (source.IsTemplate && source.Name == name)) return null;
        return live[name] = new LiveTunnel(name, source.Name);
    }

    private void Renew(LiveTunnel tunnel)
    {
        if ((!configured.TryGetValue(tunnel.Source, out var source) && !made.TryGetValue(tunnel.Source, out source)) || source.IsTemplate != tunnel.IsInstance)
        {
            tunnel.Now = null;
            return;
        }

        tunnel.Now = source;
        if (tunnel.Ends is { } ends)
            tunnel.Now = source with
            {
                Local = ends.Local, Remote = ends.Remote, Encapsulation = ends.Encapsulation, LocalPort = ends.LocalPort, RemotePort = ends.RemotePort,
                KeepaliveSeconds = ends.Encapsulation == EspEncapsulation.Udp ? source.KeepaliveSeconds > 0 ? source.KeepaliveSeconds : KeepaliveSeconds : (ushort)0,
            };
        if (tunnel.IsInstance)
            tunnel.Now = tunnel.Now with { Name = tunnel.Name, Template = source.Name, IsTemplate = false, Routes = tunnel.Remote.Count == 1 ? tunnel.Remote.Values.First() : [.. tunnel.Remote.Values.SelectMany(p => p).Distinct()] };
    }

    private sealed class LiveTunnel(string name, string source)
    {
        public string Name => name;

        public string Source => source;

        public bool IsInstance => name != source;

        public TunnelEnds? Ends { get; set; }

        public Dictionary<uint, IReadOnlyList<IpPrefix>> Remote { get; } = [];

        public TunnelConfiguration? Now { get; set; }
    }
}
