using Appliance.Policy;
using Appliance.Shared;
using Appliance.SlowPath.Configuration;

namespace Appliance.SlowPath.CustomerEdge;

/// <summary>Which gateways have a tunnel and an entry in the PAD: as long as a prefix leads to them, and a while longer, so that a route that flaps ends no SA.</summary>
internal sealed class MadeTunnels
{
    /// <summary>How long a gateway without prefixes keeps its SAs.</summary>
    public const int GraceMilliseconds = 5000;

    /// <summary>From leaving the PAD, which ends the IKE SA, to the end of the tunnel.</summary>
    public const int RetireMilliseconds = 2000;

    private readonly Dictionary<IpAddress, State> gateways = [];
    private readonly HashSet<IpAddress> leaving = [];

    /// <summary>Gateways that are in the PAD.</summary>
    public IReadOnlyCollection<IpAddress> InPad => [.. gateways.Where(g => g.Value.InPad).Select(g => g.Key)];

    /// <summary>All that have a tunnel.</summary>
    public IReadOnlyCollection<IpAddress> All => gateways.Keys;

    /// <summary>The PAD is another than when <see cref="PadTaken"/> was called last.</summary>
    public bool PadChanged { get; private set; }

    /// <summary>Tunnels that an earlier process made, as the region has them.</summary>
    public static IReadOnlyList<TunnelConfiguration> InRegion(Region region, LoadedConfiguration configuration)
    {
        var found = new List<TunnelConfiguration>();
        if (configuration.Ce is not { } ce) return found;
        for (uint slot = 0; slot < (uint)region.Counts.Tunnels; slot++)
        {
            ref var tunnel = ref region.Tunnel(slot);
            if (tunnel.State == SlotState.Live && Policy.SecurityGateways.TryGateway(tunnel.Name.Get(), out var gateway)) found.Add(ce.TunnelTo(gateway, configuration.Ike?.Peers ?? []));
        }

        return found;
    }

    /// <summary>The caller has taken the PAD over.</summary>
    public void PadTaken() => PadChanged = false;

    /// <summary>A gateway is in use. True when it has no tunnel yet.</summary>
    public bool Use(IpAddress gateway)
    {
        var known = gateways.TryGetValue(gateway, out var state);
        PadChanged |= !state.InPad;
        gateways[gateway] = new State(true, 0);
        leaving.Remove(gateway);
        return !known;
    }

    /// <summary>No prefix leads to a gateway any more.</summary>
    public void Leave(IpAddress gateway, long now)
    {
        if (!gateways.TryGetValue(gateway, out var state) || state.Until != 0) return;
        gateways[gateway] = state with { Until = now + GraceMilliseconds };
        leaving.Add(gateway);
    }

    /// <summary>Moves on what is due. Returns gateways whose tunnels go now.</summary>
    public IReadOnlyList<IpAddress> Due(long now)
    {
        if (leaving.Count == 0) return [];
        var gone = new List<IpAddress>();
        foreach (var gateway in leaving)
        {
            var state = gateways[gateway];
            if (state.Until > now) continue;
            PadChanged |= state.InPad;
            if (state.InPad) gateways[gateway] = new State(false, now + RetireMilliseconds);
            else gone.Add(gateway);
        }

        foreach (var gateway in gone)
        {
            gateways.Remove(gateway);
            leaving.Remove(gateway);
        }

        return gone;
    }

    private readonly record struct State(bool InPad, long Until);
}
