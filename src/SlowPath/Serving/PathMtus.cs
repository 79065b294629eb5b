using Appliance.Policy;

namespace Appliance.SlowPath.Serving;

/// <summary>Path MTUs that ICMP told, by tunnel. They are forgotten after ten minutes, so that a path that grew is found (RFC 1191 §6.3, RFC 8201 §4).</summary>
internal sealed class PathMtus
{
    private const long AgeMilliseconds = 600_000;
    private readonly Dictionary<string, (int Mtu, long At)> learned = new(StringComparer.Ordinal);

    /// <summary>Takes a report; false when it is not lower than what is known or <paramref name="current"/>. Values below the floor count as the floor.</summary>
    public bool Report(string tunnel, int mtu, bool outerV4, int current, long tick)
    {
        var believed = Math.Max(mtu, TunnelMtu.Floor(outerV4));
        if (believed >= current) return false;
        learned[tunnel] = (believed, tick);
        return true;
    }

    /// <summary>Forgets what is too old; the tunnels that it was of.</summary>
    public IReadOnlyList<string> Age(long tick)
    {
        if (learned.Count == 0) return [];
        var old = learned.Where(l => tick - l.Value.At > AgeMilliseconds).Select(l => l.Key).ToList();
        foreach (var tunnel in old) learned.Remove(tunnel);
        return old;
    }

    /// <summary>What is known, by tunnel.</summary>
    public IEnumerable<(string Tunnel, int Mtu)> All => learned.Select(l => (l.Key, l.Value.Mtu));

    /// <summary>What is known of a tunnel's path; 0 for nothing.</summary>
    public int Of(string tunnel) => learned.TryGetValue(tunnel, out var entry) ? entry.Mtu : 0;
}
