using Appliance.Shared;

namespace Appliance.Policy;

/// <summary>What the longest match for an address is.</summary>
/// <param name="Length">Of the prefix, in bits.</param>
/// <param name="Via">The learned route with next hops that stands there, or null.</param>
/// <param name="IsShielded">It lies in a protected range.</param>
/// <param name="Hops">Otherwise: where it leads.</param>
/// <param name="Metric">Of the kernel's route; 0 for others.</param>
public readonly record struct HopMatch(int Length, LearnedTarget? Via, bool IsShielded, IReadOnlyList<NextHop> Hops, uint Metric);

/// <summary>The routes in force, as far as next hops are resolved through them.</summary>
public interface IRouteView
{
    /// <summary>The longest prefix of at most <paramref name="longest"/> bits that covers an address.</summary>
    bool TryMatch(IpAddress address, int longest, out HopMatch match);

    /// <summary>The kernel reaches the address by a device that is no port: the machine itself does, the data plane does not.</summary>
    bool IsByOtherDevice(IpAddress address);

    /// <summary>The port is inside.</summary>
    bool IsProtected(byte port);

    /// <summary>There is a tunnel of this name.</summary>
    bool HasTunnel(string name);
}

/// <summary>How an address is reached.</summary>
/// <param name="IsReachable">A way was found.</param>
/// <param name="Metric">Of the kernel's route that it ends with; the lowest of several.</param>
/// <param name="Hops">Where packets go: neighbours, tunnels.</param>
public sealed record HopResolution(bool IsReachable, uint Metric, IReadOnlyList<NextHop> Hops)
{
    /// <summary>No way.</summary>
    public static HopResolution Unreachable { get; } = new(false, 0, []);
}

/// <summary>
/// Resolves next hops through the routes in force, recursively (RFC 4271 §9.1.2.1). A learned route that is itself resolved through the address does not count: the next shorter prefix does,
/// so that a route to its own next hop neither makes a loop nor comes and goes. For one state of the routes: what was found is remembered.
/// </summary>
public sealed class NextHopResolver(IRouteView routes)
{
    private const int MaximumDepth = 8, MaximumSteps = 256;
    private readonly Dictionary<IpAddress, HopResolution> known = [];
    private readonly List<IpAddress> path = [];
    private int steps;

    /// <summary>How an address is reached.</summary>
    public HopResolution Resolve(IpAddress address)
    {
        steps = 0;
        var (found, _) = Find(address);
        known[address] = found;
        return found;
    }

    /// <summary>
    /// Where a learned route leads: at most <see cref="MemberSlots.Size"/> next hops, none when there is no way. <paramref name="isShielded"/>: it lies in a protected range, so that only
    /// tunnels and protected ports count, and without any it discards.
    /// </summary>
    public IReadOnlyList<NextHop> Members(LearnedTarget target, bool isShielded)
    {
        var members = new List<NextHop>(1);
        if (target.Kind == LearnedKind.Tunnel)
        {
            foreach (var tunnel in target.Tunnels)
                if (routes.HasTunnel(tunnel))
                    Add(members, NextHop.Into(tunnel));
        }
        else if (target.Kind == LearnedKind.Via)
        {
            foreach (var nextHop in target.NextHops)
                foreach (var hop in (known.TryGetValue(nextHop, out var there) ? there : Resolve(nextHop)).Hops)
                    if (!isShielded || IsInside(hop))
                        Add(members, hop);
        }

        if (members.Count == 0 && (isShielded || target.Kind != LearnedKind.Via)) members.Add(NextHop.Discard(isProtected: true));
        return members;
    }

    private bool IsInside(in NextHop hop) => hop.Kind == NextHopKind.Tunnel || (hop.Kind is NextHopKind.Adjacent or NextHopKind.Glean && routes.IsProtected(hop.Port));

    private static void Add(List<NextHop> members, NextHop hop)
    {
        if (members.Count < MemberSlots.Size && !members.Contains(hop)) members.Add(hop);
    }

    /// <summary>The second says that a way was passed over because it led back to what is being resolved, so the outcome holds for this path alone.</summary>
    private (HopResolution Found, bool Looped) Find(IpAddress address)
    {
        if (known.TryGetValue(address, out var before)) return (before, false);
        var looped = false;
        for (var longest = 128; routes.TryMatch(address, longest, out var match); longest = match.Length - 1)
        {
            if (match.Via is null) return (Plain(address, match), looped);
            var (found, inside) = Follow(address, match.Via, match.IsShielded);
            looped |= inside;
            if (found.IsReachable || !inside)
            {
                if (!looped) known[address] = found;
                return (found, looped);
            }
        }

        return (HopResolution.Unreachable, looped);
    }

    private (HopResolution Found, bool Looped) Follow(IpAddress address, LearnedTarget target, bool isShielded)
    {
        var looped = false;
        var metric = uint.MaxValue;
        var hops = new List<NextHop>();
        path.Add(address);
        foreach (var next in target.NextHops)
        {
            if (path.Contains(next) || path.Count >= MaximumDepth || ++steps > MaximumSteps)
            {
                looped = true;
                continue;
            }

            var (found, inside) = Find(next);
            looped |= inside;
            if (!found.IsReachable) continue;
            metric = Math.Min(metric, found.Metric);
            foreach (var hop in found.Hops)
                if (!isShielded || IsInside(hop))
                    Add(hops, hop);
        }

        path.RemoveAt(path.Count - 1);
        return (hops.Count == 0 ? HopResolution.Unreachable : new HopResolution(true, metric, hops), looped);
    }

    private HopResolution Plain(IpAddress address, in HopMatch match)
    {
        var hops = new List<NextHop>(match.Hops.Count);
        foreach (var hop in match.Hops)
        {
            if (hop.Kind == NextHopKind.Glean && hop.Address.IsAny) Add(hops, NextHop.Glean(hop.Port, address));
            else if (hop.Kind is NextHopKind.Glean or NextHopKind.Adjacent or NextHopKind.Tunnel) Add(hops, hop);
            else if (hop is { Kind: NextHopKind.Discard, Protected: false } && routes.IsByOtherDevice(address)) Add(hops, hop);
        }

        return hops.Count == 0 ? HopResolution.Unreachable : new HopResolution(true, match.Metric, hops);
    }
}
