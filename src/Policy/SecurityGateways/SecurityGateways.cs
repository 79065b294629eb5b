using System.Runtime.InteropServices;
using Appliance.Shared;

namespace Appliance.Policy;

/// <summary>
/// From routes with a Security Gateway Identity to tunnels and to what must never leave in the clear (draft-guichard-ce-ce-ipsec-00 §7). For each prefix: 1. an identity that is accepted leads
/// into the tunnel of its gateway, and the prefix is remembered for good; 2. one that is refused is discarded; 3. a route without identity is plain, but in a remembered prefix or a protected
/// range it is discarded; 4. a remembered prefix without a route is discarded. Thereby inside a remembered prefix nothing is plain, whatever comes and goes, at the same, a shorter or a longer
/// prefix. Of remembered prefixes the widest alone is kept: what was announced inside it falls back to it.
/// Pure: time comes with each step; what is to be done goes out as <see cref="SecurityGatewayChanges"/>.
/// </summary>
public sealed class SecurityGateways
{
    /// <summary>Begins the name of each tunnel; the gateway's address follows.</summary>
    public const string TunnelPrefix = "ce-";

    private readonly Dictionary<IpPrefix, Held> routes = [];
    private readonly Dictionary<IpPrefix, ProtectedRoute> entries = [];
    private readonly Dictionary<IpAddress, int> inUse = [];
    private readonly ProtectedMemory memory = new();
    private readonly CoveringPrefixes? stored;
    private readonly SharedTargets targets = new();
    private readonly PrefixOrder order;
    private readonly Dictionary<IpAddress, int> before = [];
    private readonly List<IpPrefix> touched = [], widened = [];
    private readonly List<LearnedChange> opening = [];
    private SecurityGatewayConfiguration configuration;
    private RouteDecision decision;
    private SecurityGatewayChanges changes = new();
    private long now;

    /// <summary>
    /// Nothing is learned yet; <paramref name="remembered"/> is from earlier runs. <paramref name="storesFirst"/>: a prefix leads into tunnels once <see cref="Stored"/> said that it is remembered
    /// for good, and is discarded until then.
    /// </summary>
    public SecurityGateways(SecurityGatewayConfiguration configuration, IEnumerable<IpPrefix> remembered, bool storesFirst = false)
    {
        this.configuration = configuration;
        order = new PrefixOrder(routes.ContainsKey);
        foreach (var prefix in remembered) memory.Add(prefix);
        if (storesFirst) stored = new CoveringPrefixes(memory.All);
        decision = new RouteDecision(configuration, memory, targets, inUse, stored);
    }

    /// <summary>Gateways in use with the number of prefixes that lead to each.</summary>
    public IReadOnlyDictionary<IpAddress, int> Gateways => inUse;

    /// <summary>Prefixes that are remembered, in address order.</summary>
    public IReadOnlyCollection<IpPrefix> Remembered => memory.All;

    /// <summary>Whether exactly this prefix is remembered.</summary>
    public bool Remembers(IpPrefix prefix) => memory.Has(prefix);

    /// <summary>Prefixes that lead into tunnels or are discarded because they are protected.</summary>
    public IReadOnlyDictionary<IpPrefix, ProtectedRoute> Entries => entries;

    /// <summary>Routes learned.</summary>
    public int Count => routes.Count;

    /// <summary>The gateway that a tunnel's name stands for; false for other tunnels.</summary>
    public static bool TryGateway(string tunnel, out IpAddress gateway)
    {
        gateway = default;
        return tunnel.StartsWith(TunnelPrefix, StringComparison.Ordinal) && IpPrefix.TryParseAddress(tunnel[TunnelPrefix.Length..], out gateway);
    }

    /// <summary>Name of the tunnel to a gateway.</summary>
    public static string TunnelName(IpAddress gateway) => SharedTargets.TunnelName(gateway);

    /// <summary>Best paths changed.</summary>
    public SecurityGatewayChanges Learn(IReadOnlyList<RoutedPrefix> batch, long milliseconds)
    {
        Begin(milliseconds);
        for (var i = 0; i < batch.Count; i++)
        {
            var (prefix, paths) = batch[i];
            ref var held = ref CollectionsMarshal.GetValueRefOrAddDefault(routes, prefix, out var known);
            held.Paths = paths;
            if (!known) order.Add(prefix);
            touched.Add(prefix);
            if (paths is not null && HasIdentity(paths)) Remember(prefix, paths);
        }

        return Settle();
    }

    /// <summary>Another configuration is in force.</summary>
    public SecurityGatewayChanges Configure(SecurityGatewayConfiguration wanted, long milliseconds)
    {
        Begin(milliseconds);
        configuration = wanted;
        decision = new RouteDecision(wanted, memory, targets, inUse, stored);
        touched.AddRange(routes.Keys);
        RememberTouched();
        return Settle();
    }

    /// <summary>
    /// Discards remembered prefixes that have no route, but for those that <paramref name="isHeld"/> says of that an earlier process left them protected: once at the start, and again when all
    /// routes that were waited for are there.
    /// </summary>
    public SecurityGatewayChanges HoldRemembered(Func<IpPrefix, bool> isHeld, long milliseconds)
    {
        Begin(milliseconds);
        foreach (var prefix in memory.All)
        {
            if (routes.ContainsKey(prefix) || isHeld(prefix)) continue;
            routes[prefix] = default;
            order.Add(prefix);
            touched.Add(prefix);
        }

        return Settle();
    }

    /// <summary>What <see cref="SecurityGatewayChanges"/> said is to be remembered or forgotten has come where it outlives this process.</summary>
    public SecurityGatewayChanges Stored(IEnumerable<IpPrefix> remembered, IEnumerable<IpPrefix> forgotten, long milliseconds)
    {
        Begin(milliseconds);
        foreach (var prefix in remembered)
        {
            if (stored is null || !memory.Covers(prefix)) continue;
            stored.Add(prefix);
            touched.Add(prefix);
            order.Inside(prefix, touched);
        }

        foreach (var prefix in forgotten) stored?.Remove(prefix);
        return Settle();
    }

    /// <summary>Forgets a remembered prefix; null when it is none. What is announced inside with an identity that is accepted is remembered again at once.</summary>
    public SecurityGatewayChanges? Clear(IpPrefix prefix, long milliseconds)
    {
        if (!memory.Has(prefix)) return null;
        Begin(milliseconds);
        Forget(prefix);
        RememberTouched();
        return Settle();
    }

    /// <summary>Forgets all, but for what is announced with an identity that is accepted.</summary>
    public SecurityGatewayChanges ClearAll(long milliseconds)
    {
        Begin(milliseconds);
        foreach (var prefix in memory.All.ToList()) Forget(prefix);
        RememberTouched();
        return Settle();
    }

    private void Begin(long milliseconds)
    {
        (changes, now) = (new SecurityGatewayChanges(), milliseconds);
        touched.Clear();
        widened.Clear();
        before.Clear();
    }

    private void Forget(IpPrefix prefix)
    {
        memory.Remove(prefix);
        if (!changes.Remembered.Remove(prefix)) changes.Forgotten.Add(prefix);
        touched.Add(prefix);
        order.Inside(prefix, touched);
    }

    private void RememberTouched()
    {
        foreach (var prefix in touched)
            if (routes.TryGetValue(prefix, out var held) && held.Paths is { } paths && HasIdentity(paths))
                Remember(prefix, paths);
    }

    /// <summary>Prefixes with an identity that is accepted are remembered before any route is looked at: what comes with them cannot be plain for a moment.</summary>
    private void Remember(IpPrefix prefix, IReadOnlyList<RoutedPath> paths)
    {
        if (memory.Covers(prefix) || memory.Count >= configuration.MaximumRemembered || !decision.IsAccepted(prefix, paths)) return;
        foreach (var inside in memory.Add(prefix) ?? [])
            if (!changes.Remembered.Remove(inside)) changes.Forgotten.Add(inside);

        if (!changes.Forgotten.Remove(prefix)) changes.Remembered.Add(prefix);
        widened.Add(prefix);
    }

    /// <summary>Brings everything that was touched, and all that lies inside what is newly remembered, to what it shall be.</summary>
    private SecurityGatewayChanges Settle()
    {
        foreach (var prefix in widened)
        {
            touched.Add(prefix);
            order.Inside(prefix, touched);
        }

        // What is forgotten and in no wider prefix must be stored anew before it counts again.
        if (stored is not null)
            foreach (var prefix in changes.Forgotten)
                if (!memory.Covers(prefix)) stored.Remove(prefix);

        // What protects is there before anything that it takes the place of goes.
        foreach (var prefix in touched) Place(prefix);
        changes.Routes.AddRange(opening);
        opening.Clear();
        foreach (var (gateway, count) in before)
        {
            var after = inUse.GetValueOrDefault(gateway);
            if (count == 0 && after > 0) changes.NewGateways.Add(gateway);
            if (count > 0 && after == 0) changes.GoneGateways.Add(gateway);
        }

        if (targets.AreMany) targets.Keep(routes.Values.Select(r => r.Target).OfType<LearnedTarget>().ToHashSet<LearnedTarget>(ReferenceEqualityComparer.Instance));
        return changes;
    }

    private void Place(IpPrefix prefix)
    {
        ref var held = ref CollectionsMarshal.GetValueRefOrAddDefault(routes, prefix, out var known);
        var old = held.Target;
        var paths = held.Paths;
        var target = decision.Decide(prefix, paths);
        held.Target = target;
        if (paths is null && target is null) routes.Remove(prefix);
        else if (!known) order.Add(prefix);
        Explain(prefix);
        if (target == old) return;
        (target is { Kind: not LearnedKind.Via } ? changes.Routes : opening).Add(new LearnedChange(prefix, target));
        foreach (var gateway in targets.GatewaysOf(target)) Shift(gateway, 1);
        foreach (var gateway in targets.GatewaysOf(old)) Shift(gateway, -1);
    }

    private void Explain(IpPrefix prefix)
    {
        if (decision.Reason is not { } reason)
        {
            entries.Remove(prefix);
            return;
        }

        var there = entries.GetValueOrDefault(prefix);
        var same = there is not null && there.Reason == reason && there.Gateways.SequenceEqual(decision.Gateways);
        if (same && there!.Neighbors.SequenceEqual(decision.Neighbors, StringComparer.Ordinal)) return;
        var entry = new ProtectedRoute(prefix, [.. decision.Gateways], [.. decision.Neighbors], reason, same ? there!.Since : now);
        entries[prefix] = entry;
        if (!same && !entry.IsForwarded && reason != ProtectionReason.NotStored) changes.Discarded.Add(entry);
    }

    private void Shift(IpAddress gateway, int difference)
    {
        ref var count = ref CollectionsMarshal.GetValueRefOrAddDefault(inUse, gateway, out _);
        before.TryAdd(gateway, count);
        count += difference;
        if (count == 0) inUse.Remove(gateway);
    }

    private static bool HasIdentity(IReadOnlyList<RoutedPath> paths)
    {
        for (var i = 0; i < paths.Count; i++)
            if (!paths[i].SecurityGateway.IsAny)
                return true;
        return false;
    }

    private record struct Held(IReadOnlyList<RoutedPath>? Paths, LearnedTarget? Target);
}
