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

    /// <summary>Outer packets to a member of a group have a way: in the underlay alone, whatever was learned.</summary>
    bool HasWay(IpAddress member);
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
/// Resolves next hops through the routes in force, recursively (RFC 4271 §9.1.2.1). A learned route that leads back to an address that is being resolved does not count: the next shorter prefix
/// does, so that a route to its own next hop neither makes a loop nor comes and goes. For one state of the routes: what was found is remembered.
/// </summary>
public sealed class NextHopResolver(IRouteView routes)
{
    private const int MaximumDepth = 8, MaximumSteps = 256;
    private readonly Dictionary<IpAddress, HopResolution> resolved = [], straight = [];
    private readonly List<IpAddress> path = [];
    private int steps;

    /// <summary>How an address is reached.</summary>
    public HopResolution Resolve(IpAddress address)
    {
        if (resolved.TryGetValue(address, out var known)) return known;
        steps = 0;
        return resolved[address] = Find(address).Resolution;
    }

    /// <summary>
    /// Where a learned route leads: at most <see cref="MemberSlots.Size"/> next hops (all of <see cref="LearnedKind.Replicate"/>), none when there is no way. <paramref name="isShielded"/>: it lies in a protected range, so that only
    /// tunnels and protected ports count, and without any it discards.
    /// </summary>
    public IReadOnlyList<NextHop> Members(LearnedTarget target, bool isShielded)
    {
        if (target.Kind == LearnedKind.Replicate) return Replicas(target);
        var members = new List<NextHop>(1);
        if (target.Kind == LearnedKind.Tunnel)
        {
            foreach (var tunnel in target.Tunnels)
                if (routes.HasTunnel(tunnel))
                    Add(members, NextHop.Into(tunnel));
        }
        else if (target.Kind == LearnedKind.Member)
        {
            for (var i = 0; i < target.NextHops.Count; i++)
                if (routes.HasTunnel(target.Tunnels[i]) && routes.HasWay(target.NextHops[i]))
                    Add(members, NextHop.Into(target.Tunnels[i], target.NextHops[i]));
        }
        else if (target.Kind == LearnedKind.Via)
        {
            foreach (var nextHop in target.NextHops)
                foreach (var hop in Resolve(nextHop).Hops)
                    if (!isShielded || IsInside(hop))
                        Add(members, hop);
        }

        if (members.Count == 0 && (isShielded || target.Kind != LearnedKind.Via)) members.Add(NextHop.Discard(isProtected: true));
        return members;
    }

    private List<NextHop> Replicas(LearnedTarget target)
    {
        var members = new List<NextHop>(target.NextHops.Count);
        for (var i = 0; i < target.NextHops.Count; i++)
            if (routes.HasTunnel(target.Tunnels[i]) && routes.HasWay(target.NextHops[i]))
                members.Add(NextHop.Into(target.Tunnels[i], target.NextHops[i]));
        return members;
    }

    /// <summary>Whether a next hop is a neighbour at an unprotected port.</summary>
    public bool LeadsOutside(NextHop hop) => hop.Kind is NextHopKind.Adjacent or NextHopKind.Glean && !routes.IsProtected(hop.Port);

    private bool IsInside(in NextHop hop) => hop.Kind == NextHopKind.Tunnel || (hop.Kind is NextHopKind.Adjacent or NextHopKind.Glean && routes.IsProtected(hop.Port));

    private static void Add(List<NextHop> members, NextHop hop)
    {
        if (members.Count < MemberSlots.Size && !members.Contains(hop)) members.Add(hop);
    }

    private Found Find(IpAddress address)
    {
        if (straight.TryGetValue(address, out var known)) return new Found(known, int.MaxValue, true);
        var found = new Found(HopResolution.Unreachable, int.MaxValue, true);
        for (var longest = 128; routes.TryMatch(address, longest, out var match); longest = match.Length - 1)
        {
            if (match.Via is null)
            {
                found = found with { Resolution = Plain(address, match) };
                break;
            }

            var followed = Follow(address, match.Via, match.IsShielded);
            found = new Found(followed.Resolution, Math.Min(found.Back, followed.Back), found.IsStraight && followed.IsStraight);
            if (followed.Resolution.IsReachable || followed.Back == int.MaxValue) break;
        }

        // What leads back to the address itself is no matter of those above it.
        if (found.Back >= path.Count) found = found with { Back = int.MaxValue };
        if (found.IsStraight) straight[address] = found.Resolution;
        return found;
    }

    private Found Follow(IpAddress address, LearnedTarget target, bool isShielded)
    {
        var (back, isStraight, metric) = (int.MaxValue, true, uint.MaxValue);
        var hops = new List<NextHop>();
        path.Add(address);
        foreach (var next in target.NextHops)
        {
            if (path.IndexOf(next) is >= 0 and var at)
            {
                (back, isStraight) = (Math.Min(back, at), false);
                continue;
            }

            if (path.Count >= MaximumDepth || ++steps > MaximumSteps)
            {
                isStraight = false;
                continue;
            }

            var found = Find(next);
            back = Math.Min(back, found.Back);
            isStraight &= found.IsStraight;
            if (!found.Resolution.IsReachable) continue;
            metric = Math.Min(metric, found.Resolution.Metric);
            foreach (var hop in found.Resolution.Hops)
                if (!isShielded || IsInside(hop))
                    Add(hops, hop);
        }

        path.RemoveAt(path.Count - 1);
        return new Found(hops.Count == 0 ? HopResolution.Unreachable : new HopResolution(true, metric, hops), back, isStraight);
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

    /// <summary>What was found; the place on the path, first of all, that a way led back to (it was not taken); and whether none did anywhere, so that the outcome holds for every path.</summary>
    private readonly record struct Found(HopResolution Resolution, int Back, bool IsStraight);
}
