using System.Runtime.CompilerServices;
using Appliance.Policy;
using Appliance.Shared;
using Appliance.SlowPath.Bgp;
using Appliance.SlowPath.CustomerEdge;
using Appliance.SlowPath.Serving;
using Microsoft.Extensions.Logging;

namespace Appliance.SlowPath.Groups;

/// <summary>
/// Best routes to members of groups with a multi-point SA (draft-yamaya-ipsecme-mpsa-04 §4): a path with an IPsec tunnel encapsulation (RFC 9012, RFC 5566 §3) from a neighbour that a group names
/// leads into the group's tunnel, to the first of its egress endpoints that is of a family of ours. Everything else goes on to who stands behind (<see cref="Inner"/>). A prefix that moves
/// between the two is never without a route in between: what was there stays until the other has said its own. On the loop.
/// </summary>
internal sealed class GroupRoutes : IRouteIntake
{
    /// <summary>Prefixes that the kernel is told of at most.</summary>
    public const int MaximumInKernel = 4096;
    private readonly IForwarding forwarding;
    private readonly ILogger log;
    private readonly Dictionary<IpPrefix, Held> members = [];

    /// <summary>Paths with the encapsulation, for another configuration.</summary>
    private readonly Dictionary<IpPrefix, IReadOnlyList<RoutedPath>> kept = [];
    private readonly Dictionary<string, GroupConfiguration?> groupOf = new(StringComparer.Ordinal);
    private ConditionalWeakTable<IReadOnlyList<RoutedPath>, Target> known = [];
    private IReadOnlyList<GroupConfiguration> groups = [];
    private IReadOnlyList<IpPrefix> listed = [];
    private IEnumerable<IpPrefix> rememberedBehind = [];
    private bool hasSaidFull;

    /// <summary>In front of <paramref name="forwarding"/>, with plain routes behind it.</summary>
    public GroupRoutes(IForwarding forwarding, ILogger log)
    {
        (this.forwarding, this.log) = (forwarding, log);
        Behind = new ForwardingBehind(this, forwarding);
        Inner = new PlainRoutes(Behind.Learn, Behind.LearnedComplete);
    }

    /// <summary>Tables as <see cref="Inner"/> writes them.</summary>
    public IForwarding Behind { get; }

    /// <summary>Who takes what is not a group's, at first plain routes. It writes to <see cref="Behind"/>; another is to be set before anything is learned.</summary>
    public IRouteIntake Inner { get; set; }

    /// <summary>Takes multicast prefixes, all of them and with all their paths, and again when other groups are in force; to be set before anything is learned.</summary>
    public Action<IReadOnlyList<RoutedPrefix>>? Multicast { get; set; }

    /// <summary>The member that a path of a group's neighbour leads to, and the tunnel for its outer family: the first egress endpoint of a family of ours that is not ourselves. False: there is none.</summary>
    public static bool TryMember(GroupConfiguration group, in RoutedPath path, out IpAddress address, out string tunnel)
    {
        foreach (var end in path.Egress ?? [])
        {
            if (group.Local.Contains(end) || !group.Local.Any(l => l.IsV4 == end.IsV4)) continue;
            (address, tunnel) = (end, group.TunnelName(end.IsV4));
            return true;
        }

        (address, tunnel) = (default, "");
        return false;
    }

    /// <summary>The group that names a neighbour; null for none.</summary>
    public GroupConfiguration? GroupOf(string neighbor)
    {
        if (!groupOf.TryGetValue(neighbor, out var group)) groupOf[neighbor] = group = groups.FirstOrDefault(g => g.TakesNeighbor(neighbor));
        return group;
    }

    /// <summary>Other groups are in force. <paramref name="toldOtherwise"/>: the kernel is told of all learned routes inside these prefixes.</summary>
    public void Use(IReadOnlyList<GroupConfiguration> configured, IReadOnlyList<IpPrefix> toldOtherwise)
    {
        groups = configured;
        listed = toldOtherwise;
        groupOf.Clear();
        known = [];
        Learn([.. kept.Select(k => new RoutedPrefix(k.Key, k.Value))]);
        TellKernel();
        if (groups.Count > 0) return;
        foreach (var prefix in kept.Keys.Where(k => !AddressScope.IsMulticast(k.Address)).ToList()) kept.Remove(prefix);
    }

    /// <inheritdoc/>
    public void Learn(IReadOnlyList<RoutedPrefix> batch)
    {
        batch = WithoutMulticast(batch);
        if (groups.Count == 0 && members.Count == 0)
        {
            Inner.Learn(batch);
            return;
        }

        var (changes, rest, back) = (new List<LearnedChange>(), new List<RoutedPrefix>(batch.Count), new HashSet<IpPrefix>());
        var before = members.Count;
        (IReadOnlyList<RoutedPath>? Paths, Target? Target) latest = default;
        for (var i = 0; i < batch.Count; i++)
        {
            var (prefix, paths) = batch[i];
            if (!ReferenceEquals(paths, latest.Paths)) latest = (paths, paths is null ? null : known.GetValue(paths, Make));
            var target = latest.Target;
            if (target is { IsEncapsulated: true }) kept[prefix] = paths!;
            else kept.Remove(prefix);
            var isHeld = members.ContainsKey(prefix) && !back.Contains(prefix);
            if (target is { Value: { } lead })
            {
                changes.Add(new LearnedChange(prefix, lead));
                if (isHeld) continue;
                if (!back.Remove(prefix)) members[prefix] = new Held { Hidden = SaidBehind(prefix) };
                rest.Add(new RoutedPrefix(prefix, null));
            }
            else
            {
                if (isHeld) back.Add(prefix);
                rest.Add(batch[i]);
            }
        }

        var isOther = back.Count > 0 || members.Count != before;

        // First what members have now: it stands in place of what is about to be withdrawn behind.
        if (changes.Count > 0) forwarding.Learn(changes);
        if (rest.Count > 0) Inner.Learn(rest);
        changes.Clear();
        foreach (var prefix in back)
            if (members.Remove(prefix, out var held))
                changes.Add(new LearnedChange(prefix, held.Hidden));
        if (changes.Count > 0) forwarding.Learn(changes);
        if (isOther) TellKernel();
    }

    /// <inheritdoc/>
    public void Complete() => Inner.Complete();

    /// <summary>The machine's own packets to members are the kernel's to stop, or to lead to its door into the tunnels.</summary>
    private void TellKernel()
    {
        forwarding.Remember(rememberedBehind.Concat(members.Keys.Where(m => !listed.Any(l => l.Contains(m))).Take(MaximumInKernel)).Distinct());
        if (members.Count > MaximumInKernel && !hasSaidFull)
            log.LogWarning("members of groups announce more than {Maximum} prefixes: the machine's own packets are stopped for {Maximum} of them alone; name wider prefixes in 'protected'", MaximumInKernel, MaximumInKernel);
        hasSaidFull = members.Count > MaximumInKernel;
    }

    private IReadOnlyList<RoutedPrefix> WithoutMulticast(IReadOnlyList<RoutedPrefix> batch)
    {
        var count = 0;
        for (var i = 0; i < batch.Count; i++)
            if (AddressScope.IsMulticast(batch[i].Prefix.Address))
                count++;
        if (count == 0) return batch;
        RoutedPrefix[] some = [.. batch.Where(r => AddressScope.IsMulticast(r.Prefix.Address))];
        foreach (var (prefix, paths) in some)
            if (paths is null) kept.Remove(prefix);
            else kept[prefix] = paths;
        Multicast?.Invoke(some);
        return count == batch.Count ? [] : [.. batch.Where(r => !AddressScope.IsMulticast(r.Prefix.Address))];
    }

    /// <summary>What who stands behind says of its routes: of a prefix that is a group's now it is remembered and comes into force when the group has it no longer.</summary>
    private void Pass(IReadOnlyList<LearnedChange> changes)
    {
        if (members.Count == 0)
        {
            forwarding.Learn(changes);
            return;
        }

        var passed = new List<LearnedChange>(changes.Count);
        for (var i = 0; i < changes.Count; i++)
            if (members.TryGetValue(changes[i].Prefix, out var held)) held.Hidden = changes[i].Target;
            else passed.Add(changes[i]);
        if (passed.Count > 0) forwarding.Learn(passed);
    }

    /// <summary>What stands at a prefix by who is behind; what an earlier process left there is nobody's.</summary>
    private LearnedTarget? SaidBehind(IpPrefix prefix) =>
        forwarding.LearnedAt(prefix) is { } there && (there.Kind == LearnedKind.Discard || there.NextHops.Count + there.Tunnels.Count > 0) ? there : null;

    /// <summary>Of several best paths those to members count; one that has no endpoint for us leads nowhere, since plain it must not go.</summary>
    private Target Make(IReadOnlyList<RoutedPath> paths)
    {
        var (addresses, tunnels) = (new List<IpAddress>(), new List<string>());
        var (isEncapsulated, isMember) = (false, false);
        foreach (var path in paths)
        {
            if (path.IsLocal || path.Egress is null) continue;
            isEncapsulated = true;
            if (GroupOf(path.Neighbor) is not { } group) continue;
            isMember = true;
            if (!TryMember(group, path, out var end, out var tunnel) || addresses.Where((a, i) => a == end && tunnels[i] == tunnel).Any()) continue;
            addresses.Add(end);
            tunnels.Add(tunnel);
        }

        return new Target(isEncapsulated, !isMember ? null : addresses.Count == 0 ? LearnedTarget.Discard : new LearnedTarget(LearnedKind.Member, [.. addresses], [.. tunnels]));
    }

    /// <summary>What paths lead to; null where they are no group's.</summary>
    private sealed record Target(bool IsEncapsulated, LearnedTarget? Value);

    /// <summary>A prefix that is a group's, and what it would lead to otherwise.</summary>
    private sealed class Held
    {
        public LearnedTarget? Hidden { get; set; }
    }

    private sealed class ForwardingBehind(GroupRoutes routes, IForwarding forwarding) : IForwarding
    {
        public void Make(IEnumerable<TunnelConfiguration> wanted) => forwarding.Make(wanted);

        public void Unmake(IEnumerable<string> names) => forwarding.Unmake(names);

        public void Learn(IReadOnlyList<LearnedChange> changes) => routes.Pass(changes);

        public void LearnedComplete() => forwarding.LearnedComplete();

        public LearnedTarget? LearnedAt(IpPrefix prefix) => forwarding.LearnedAt(prefix);

        public void Remember(IEnumerable<IpPrefix> prefixes)
        {
            routes.rememberedBehind = prefixes;
            routes.TellKernel();
        }

        public bool IsOutside(IpAddress address) => forwarding.IsOutside(address);
    }
}
