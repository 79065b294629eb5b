using Appliance.Bgp;
using Appliance.Ike;
using Appliance.Policy;
using Appliance.Shared;

namespace Appliance.SlowPath.Configuration;

/// <summary>What must hold between groups and the rest of the file: PAD entries and neighbours are there, each in one role, and routes lead one way.</summary>
internal sealed class GroupConsistency(IReadOnlyList<GroupEntry> groups, ConfigurationErrors errors)
{
    private readonly Dictionary<string, string> ofGroups = new(StringComparer.Ordinal);

    /// <summary>Notes what does not hold; <paramref name="entries"/>: the PAD with its children.</summary>
    public void Check(GatewayConfiguration configuration, IReadOnlyList<IkePeer> entries, BgpConfiguration? bgp)
    {
        Consistency.Unique(groups.Select(g => (g.Group.Name, g.Places.Name)), "group", errors);
        Peers(entries);
        Locals(configuration);
        Routes(configuration);
        Room(configuration.Region);
        var neighbors = (bgp?.Neighbors ?? []).Select(n => (n, false)).Concat((bgp?.Dynamic ?? []).Select(d => (d.Template, true))).ToLookup(n => n.Item1.Name, StringComparer.Ordinal);
        foreach (var group in groups) Neighbors(group, bgp, neighbors);
    }

    /// <summary>A PAD entry hands groups out to us or takes them from us, never both: whose PUT counts must not depend on the group.</summary>
    private void Peers(IReadOnlyList<IkePeer> entries)
    {
        var byName = entries.DistinctBy(e => e.Name).ToDictionary(e => e.Name, StringComparer.Ordinal);
        var roles = new Dictionary<string, (bool IsGateway, string Group)>(StringComparer.Ordinal);
        foreach (var group in groups)
            foreach (var (name, isGateway) in group.Places.Gateways.Select(n => (n, true)).Concat(group.Places.Members.Select(n => (n, false))))
            {
                if (errors.Full) return;
                if (!byName.TryGetValue(name.Text, out var entry)) errors.Add(name.At, $"there is no peer '{Spelling.Shorten(name.Text)}'", Spelling.Hint(name.Text, byName.Keys));
                else if (!roles.TryAdd(name.Text, (isGateway, group.Group.Name)) && roles[name.Text] is var role && role.IsGateway != isGateway)
                    errors.Add(name.At, $"peer '{name.Text}' is a {(role.IsGateway ? "gateway" : "member")} of group '{role.Group}' and a {(isGateway ? "gateway" : "member")} of group '{group.Group.Name}'",
                        "a peer hands SAs out or gets them: give it one entry in 'peers' for each role");
                else if (isGateway && entry.ForceUdp)
                    errors.Warn(name.At, $"ESP of peer '{name.Text}' is in UDP, and the group's is not", "what stands between members must let ESP (protocol 50) pass, and no NAT; pairwise SAs need neither");
                else if (isGateway && entry.Remote.Count > 0 && !entry.Childless && !entry.Children.Any(c => c.Start == ChildStart.Always))
                    errors.Warn(name.At, $"nothing starts the IKE SA with gateway '{name.Text}' before there is traffic for it", "write start: always in a tunnel with that peer, or childless: true at the peer");
            }
    }

    private void Locals(GatewayConfiguration configuration)
    {
        var inner = (configuration.Vpn?.Addresses ?? []).Concat(configuration.Interfaces.SelectMany(i => i.Interface.Addresses)).Select(a => a.Address).ToHashSet();
        foreach (var group in groups)
            foreach (var local in group.Group.Local.Where(inner.Contains))
                errors.Add(group.Places.Name, $"{local} of group '{group.Group.Name}' is an inner address", "write the addresses of unprotected ports that ESP runs from");
    }

    /// <summary>A longer prefix may lead elsewhere (a pairwise SA, another member); the same one may not.</summary>
    private void Routes(GatewayConfiguration configuration)
    {
        var seen = new Dictionary<IpPrefix, string>();
        foreach (var tunnel in configuration.Tunnels.Where(t => !t.IsTemplate))
            foreach (var prefix in tunnel.Routes)
                seen.TryAdd(prefix, $"tunnel '{tunnel.Name}'");
        foreach (var group in groups)
            foreach (var (member, at) in group.Group.Members.Zip(group.Places.Routes).DistinctBy(m => m.First.Prefix))
                if (!seen.TryAdd(member.Prefix, $"group '{group.Group.Name}'"))
                    errors.Add(at, $"{member.Prefix} is behind {seen[member.Prefix]} already", "a prefix leads one way: remove one of them");
        foreach (var group in groups)
        {
            var members = group.Group.Members.DistinctBy(m => m.Prefix).ToDictionary(m => m.Prefix, m => m.Address);
            var lengths = members.Keys.Select(m => (m.IsV4, m.Length)).Distinct().ToList();
            foreach (var (prefix, at) in group.Places.Announce)
                foreach (var (_, length) in lengths.Where(l => l.IsV4 == prefix.IsV4 && l.Length <= prefix.Length))
                    if (members.TryGetValue(new IpPrefix(prefix.Address, length), out var member))
                        errors.Add(at, $"{prefix} is announced as ours and is behind member {member}", "what is behind another member it announces itself: remove one");
        }
    }

    /// <summary>Each Sender-ID has an outbound SA of its own; during a rollover there are the old, the new, and maybe the next SA.</summary>
    private void Room(RegionSizes region)
    {
        const int sasAtOnce = 3;
        var records = groups.Sum(g => g.Ike.Senders * sasAtOnce * Math.Max(1, g.Ike.Gateways.Count));
        if (records > region.OutboundSas && groups.Count > 0) errors.Add(groups[^1].Places.At, $"groups need room for {records} SAs, there is room for {region.OutboundSas}", "raise region: sas");
    }

    private void Neighbors(GroupEntry group, BgpConfiguration? bgp, ILookup<string, (NeighborConfiguration, bool)> all)
    {
        var (told, places) = (group.Group, group.Places);
        if (told.Neighbors.Count == 0 && (told.Announce.Count > 0 || told.Multicast.Count > 0))
            errors.Add(places.At, $"nobody is told what group '{told.Name}' announces", "write neighbors: with the BGP neighbours that bring the group's routes");
        if (bgp is null && places.Neighbors.Count > 0) errors.Add(places.Neighbors[0].At, "'neighbors' without 'bgp'", "write a 'bgp' section, or static routes: members: { 10.9.0.0/16: 198.51.100.9 }");
        if (bgp is null) return;
        foreach (var name in places.Neighbors)
        {
            if (errors.Full) return;
            var meant = GroupNeighbors.Meant(name.Text, all);
            if (meant.Count == 0) errors.Add(name.At, $"there is no neighbour '{Spelling.Shorten(name.Text)}'", Spelling.Hint(name.Text, all.Select(n => n.Key)));
            foreach (var neighbor in meant)
            {
                if (neighbor.Vrf.Length > 0) errors.Add(name.At, $"neighbour '{neighbor.Name}' is of VRF '{neighbor.Vrf}'", "routes of a group are in the global table: name another neighbour");
                else if (neighbor.RemoteAs != 0 && neighbor.RemoteAs != (neighbor.LocalAs != 0 ? neighbor.LocalAs : bgp.LocalAs))
                    errors.Warn(name.At, $"neighbour '{neighbor.Name}' is of another AS", "it may put itself in as next hop or take the encapsulation off (RFC 9012 §11): the group's routes are meant for IBGP with its gateway as reflector");
                if (!ofGroups.TryAdd(neighbor.Name, told.Name) && ofGroups[neighbor.Name] is var other && other != told.Name)
                    errors.Add(name.At, $"neighbour '{neighbor.Name}' is that of group '{other}' already", "routes do not say which group they are of: a group has sessions of its own");
                else Families(name, neighbor, told, bgp);
            }
        }
    }

    /// <summary>What is announced needs its family on the session, and IPv4 prefixes behind an IPv6 ESP address need RFC 8950.</summary>
    private void Families(YamlText name, NeighborConfiguration neighbor, GroupConfiguration group, BgpConfiguration bgp)
    {
        foreach (var family in (Family[])[Family.Ipv4Unicast, Family.Ipv6Unicast])
        {
            var own = group.Announce.Concat(group.Multicast).Any(p => p.IsV4 == (family.Afi == 1)) || bgp.Networks.Any(n => n.Family == family);
            if (!own) continue;
            var session = neighbor.Families.FirstOrDefault(f => f.Family == family);
            if (session is null) errors.Warn(name.At, $"neighbour '{neighbor.Name}' is not told our {family} prefixes: the session has no such family", $"write families: [..., {family}] at the neighbour");
            else if (family.Afi == 1 && !session.ExtendedNextHop && group.Local.All(l => !l.IsV4))
                errors.Warn(name.At, $"neighbour '{neighbor.Name}' is not told our IPv4 prefixes: our ESP address is an IPv6 one", "write extended_next_hop: true in its family ipv4 (RFC 8950), on both sides");
        }
    }
}
