using Appliance.Shared;

namespace Appliance.Policy;

/// <summary>Keeps equal targets one object. Those that no route names any more are given up now and then.</summary>
internal sealed class SharedTargets
{
    private const int Fewest = 1024;
    private readonly Dictionary<IReadOnlyList<IpAddress>, LearnedTarget> plain = new(Addresses.Comparer), tunnels = new(Addresses.Comparer);
    private readonly Dictionary<LearnedTarget, IReadOnlyList<IpAddress>> gateways = new(ReferenceEqualityComparer.Instance);
    private int most = Fewest;

    /// <summary>The name of the tunnel to a gateway.</summary>
    public static string TunnelName(IpAddress gateway) => $"{SecurityGateways.TunnelPrefix}{gateway}";

    /// <summary>To next hops, the best first.</summary>
    public LearnedTarget Via(List<IpAddress> hops)
    {
        if (plain.TryGetValue(hops, out var target)) return target;
        IpAddress[] own = [.. hops];
        return plain[own] = new LearnedTarget(LearnedKind.Via, own, []);
    }

    /// <summary>Into the tunnels to gateways, the best first.</summary>
    public LearnedTarget Into(List<IpAddress> to)
    {
        if (tunnels.TryGetValue(to, out var target)) return target;
        IpAddress[] own = [.. to];
        target = tunnels[own] = new LearnedTarget(LearnedKind.Tunnel, [], [.. own.Select(TunnelName)]);
        gateways[target] = own;
        return target;
    }

    /// <summary>Gateways of a target; none where it leads into no tunnel.</summary>
    public IReadOnlyList<IpAddress> GatewaysOf(LearnedTarget? target) => target is { Kind: LearnedKind.Tunnel } ? gateways[target] : [];

    /// <summary>Whether it is time for <see cref="Keep"/>.</summary>
    public bool AreMany => plain.Count + tunnels.Count > most;

    /// <summary>Gives up all but these.</summary>
    public void Keep(IReadOnlySet<LearnedTarget> used)
    {
        foreach (var cache in new[] { plain, tunnels })
            foreach (var (key, target) in cache.Where(c => !used.Contains(c.Value)).ToList())
            {
                cache.Remove(key);
                gateways.Remove(target);
            }

        most = Math.Max(Fewest, 2 * (plain.Count + tunnels.Count));
    }

    private sealed class Addresses : IEqualityComparer<IReadOnlyList<IpAddress>>
    {
        public static Addresses Comparer { get; } = new();

        public bool Equals(IReadOnlyList<IpAddress>? x, IReadOnlyList<IpAddress>? y) => x is not null && y is not null && x.SequenceEqual(y);

        public int GetHashCode(IReadOnlyList<IpAddress> obj)
        {
            var hash = new HashCode();
            foreach (var address in obj) hash.Add(address);
            return hash.ToHashCode();
        }
    }
}
