namespace Appliance.Bgp;

/// <summary>What the configuration says: VRFs, our own routes, how to choose.</summary>
public sealed partial class Rib
{
    private readonly SortedDictionary<(string Vrf, int Afi, int Safi, Prefix Prefix), OriginatedRoute> configured = [];
    private uint vrfNumbers;

    /// <summary>
    /// A configuration, the first or another: VRFs and our own routes come and go, and memberships of the route targets that VRFs import (RFC 4684); what depends on the rest is decided
    /// and told anew. Neighbours are <see cref="SetPeer"/>'s; those of a VRF that goes have to be removed before.
    /// </summary>
    /// <param name="configuration">The configuration.</param>
    public void Configure(BgpConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        var before = Configuration;
        Configuration = configuration;
        Peers[0]!.Change(Peers[0]!.Facts with { RouterId = configuration.RouterId });
        ConfigureVrfs(configuration.Vrfs);
        ConfigureOwn(configuration);
        if (before.LocalAs != configuration.LocalAs || before.RouterId != configuration.RouterId || before.ClusterId != configuration.ClusterId
            || before.SecurityGatewaySubType != configuration.SecurityGatewaySubType)
        {
            foreach (var family in byId.Values.SelectMany(p => p.Families))
            {
                Reimport(family);
                exporter.LookAtAll(family);
            }
        }

        if (before.ExternalPaths != configuration.ExternalPaths || before.InternalPaths != configuration.InternalPaths || before.MultipathRelax != configuration.MultipathRelax
            || before.AlwaysCompareMed != configuration.AlwaysCompareMed || before.RouterId != configuration.RouterId)
        {
            foreach (var table in tables) TouchWhere(table, _ => true);
        }
    }

    private void ConfigureVrfs(IReadOnlyList<VrfConfiguration> wanted)
    {
        foreach (var name in vrfs.Keys.Except(wanted.Select(v => v.Name)).ToArray())
        {
            vrfs.Remove(name, out var dying);
            Empty(dying!.Ipv4);
            Empty(dying.Ipv6);
        }

        var reimported = new List<VrfState>();
        foreach (var facts in wanted)
        {
            if (!vrfs.TryGetValue(facts.Name, out var vrf))
            {
                vrfs.Add(facts.Name, vrf = new VrfState(this, ++vrfNumbers, facts));
                tables.Add(vrf.Ipv4);
                tables.Add(vrf.Ipv6);
                reimported.Add(vrf);
                continue;
            }

            var before = vrf.Facts;
            if (before.RouteDistinguisher != facts.RouteDistinguisher) Unexport(vrf);
            vrf.Facts = facts;
            if (before.RouteDistinguisher != facts.RouteDistinguisher || before.Label != facts.Label || !before.Export.SequenceEqual(facts.Export))
            {
                TouchWhere(vrf.Ipv4, _ => true, PrefixFlags.Retell);
                TouchWhere(vrf.Ipv6, _ => true, PrefixFlags.Retell);
            }

            if (!before.Import.SequenceEqual(facts.Import)) reimported.Add(vrf);
        }

        vpn.Configure(vrfs.Values);
        foreach (var vrf in reimported) vpn.Reimport(vrf);
    }

    private void ConfigureOwn(BgpConfiguration configuration)
    {
        var wanted = new Dictionary<(string Vrf, int Afi, int Safi, Prefix Prefix), OriginatedRoute>();
        foreach (var route in configuration.Networks)
        {
            wanted[("", route.Family.Afi, route.Family.Safi, route.Prefix)] = route.Groups == null ? route : route with { Attributes = new PathAttributes(route.Attributes) { Groups = route.Groups } };
        }

        foreach (var vrf in configuration.Vrfs)
        {
            foreach (var route in vrf.Networks) wanted[(vrf.Name, route.Family.Afi, route.Family.Safi, route.Prefix)] = route;
            foreach (var target in vrf.Import)
            {
                var membership = RouteTargets.Membership(configuration.LocalAs, target);
                wanted[("", Family.RouteTarget.Afi, Family.RouteTarget.Safi, membership)] = new OriginatedRoute(Family.RouteTarget, membership, new PathAttributes());
            }
        }

        foreach (var key in configured.Keys.Where(k => !wanted.ContainsKey(k)).ToArray())
        {
            WithdrawOwn(key.Vrf, configured[key].Family, configured[key].Prefix);
            configured.Remove(key);
        }

        foreach (var (key, route) in wanted)
        {
            if (configured.TryGetValue(key, out var known) && known.Attributes.Equals(route.Attributes)) continue;
            if (Originate(key.Vrf, route)) configured[key] = route;
        }
    }

    private void Unexport(VrfState vrf)
    {
        foreach (var (table, family) in (ReadOnlySpan<(RibTable, Family)>)[(vrf.Ipv4, Family.Vpnv4), (vrf.Ipv6, Family.Vpnv6)])
        {
            if (FindGlobal(family) is not { } to) continue;
            for (var slot = 1; slot < table.Top; slot++)
            {
                if (table.IsUsed(slot)) vpn.Unexport(to, table.Nlri(slot) with { RouteDistinguisher = vrf.Facts.RouteDistinguisher }, vrf);
            }
        }
    }

    // A VRF goes: its neighbours are gone already; what it originated and imported goes now.
    private void Empty(RibTable table)
    {
        table.IsDying = true;
        table.IsHeld = false;
        foreach (var family in table.Outs.ToArray())
        {
            Leave(family);
            family.Peer.Families.Remove(family);
        }

        for (var slot = 1; slot < table.Top; slot++)
        {
            if (!table.IsUsed(slot)) continue;
            while (table[slot].Routes is var first and not 0) table.Remove(slot, first, 0);
            table.Touch(slot);
        }
    }
}
