namespace Appliance.Bgp;

/// <summary>
/// Routes between VRFs and the VPN families (RFC 4364 §4.3): the best route of a VRF's prefix, unless it came from the VPN, becomes a VPN route with the VRF's route distinguisher and
/// targets; the best paths of a VPN route become routes of every VRF that imports one of its targets. So VRFs of this node reach each other, too.
/// </summary>
internal sealed class VpnRoutes(Rib rib)
{
    private readonly Dictionary<ulong, List<VrfState>> importers = [];
    private readonly List<VrfState> before = [];
    private readonly List<VrfState> after = [];

    /// <summary>Which targets lead where.</summary>
    public void Configure(IEnumerable<VrfState> vrfs)
    {
        importers.Clear();
        foreach (var vrf in vrfs)
        {
            foreach (var target in vrf.Facts.Import.Distinct())
            {
                if (!importers.TryGetValue(target, out var list)) importers.Add(target, list = []);
                list.Add(vrf);
            }
        }
    }

    /// <summary>The decision about a prefix of a VRF is taken: its VPN route follows.</summary>
    public void Export(RibTable table, int slot)
    {
        var vrf = table.Vrf!;
        var best = table[slot].Best;
        var isExported = vrf.Exports && best != 0 && (rib.Routes[best].Flags & RouteFlags.Imported) == 0;
        var vpn = rib.Global(table.Family == Family.Ipv4Unicast ? Family.Vpnv4 : Family.Vpnv6);
        var nlri = table.Nlri(slot) with { RouteDistinguisher = vrf.Facts.RouteDistinguisher };
        if (!isExported)
        {
            Unexport(vpn, in nlri, vrf);
            return;
        }

        var peer = rib.Routes[best].Peer;
        var attributes = WithTargets(vrf, rib.Routes[best].Out);
        var at = vpn.Reach(in nlri);
        var exported = FindExported(vpn, at, vrf, out _);
        ref var route = ref exported != 0 ? ref rib.Routes[exported] : ref vpn.Insert(at);
        if (exported != 0 && route.Peer == peer && route.Out == attributes && route.Label == vrf.Facts.Label)
        {
            rib.Attributes.Release(attributes);
            return;
        }

        rib.SetAttributes(ref route, 0, attributes);
        route.Peer = peer;
        route.Label = vrf.Facts.Label;
        route.PathId = vrf.Number;
        route.Flags = RouteFlags.Exported;
        vpn.Touch(at);
    }

    /// <summary>Takes the VPN route of a VRF's prefix back.</summary>
    public void Unexport(RibTable vpn, in Nlri nlri, VrfState vrf)
    {
        var slot = vpn.Find(in nlri);
        if (slot == 0) return;
        var exported = FindExported(vpn, slot, vrf, out var previous);
        if (exported == 0) return;
        vpn.Remove(slot, exported, previous);
        vpn.Touch(slot);
    }

    /// <summary>The decision about a VPN route is taken: VRFs follow.</summary>
    /// <param name="vpn">The VPN family.</param>
    /// <param name="slot">Its slot there.</param>
    /// <param name="pathsBefore">Best paths before.</param>
    /// <param name="chosen">Routes that were chosen.</param>
    public void Import(RibTable vpn, int slot, int pathsBefore, ReadOnlySpan<int> chosen)
    {
        if (importers.Count == 0) return;
        Importers(before, pathsBefore);
        after.Clear();
        foreach (var route in chosen) AddImporters(after, rib.Attributes[rib.Routes[route].Out]);
        foreach (var vrf in before)
        {
            if (!after.Contains(vrf)) Replace(vpn, slot, vrf, []);
        }

        foreach (var vrf in after) Replace(vpn, slot, vrf, chosen);
    }

    /// <summary>Brings all VPN routes into a VRF again, or out of it, after its targets changed.</summary>
    public void Reimport(VrfState vrf)
    {
        foreach (var family in (ReadOnlySpan<Family>)[Family.Vpnv4, Family.Vpnv6])
        {
            if (rib.FindGlobal(family) is not { } vpn) continue;
            for (var slot = 1; slot < vpn.Top; slot++)
            {
                if (!vpn.IsUsed(slot)) continue;
                var paths = vpn[slot].Paths;
                Importers(after, paths);
                if (after.Contains(vrf)) vpn.Touch(slot, PrefixFlags.Retell);
                else Replace(vpn, slot, vrf, []);
            }
        }
    }

    private void Replace(RibTable vpn, int slot, VrfState vrf, ReadOnlySpan<int> chosen)
    {
        var table = vpn.Family == Family.Vpnv4 ? vrf.Ipv4 : vrf.Ipv6;
        var nlri = vpn.Nlri(slot) with { RouteDistinguisher = 0 };
        var wide = RouteFlags.Imported | (vpn.Family == Family.Vpnv6 ? RouteFlags.FromVpnv6 : RouteFlags.None);
        var at = table.Find(in nlri);
        var changed = at != 0 && Drop(table, at, (uint)slot);
        foreach (var path in chosen)
        {
            // What the VRF itself exported does not come back to it.
            if ((rib.Routes[path].Flags & RouteFlags.Exported) != 0 && rib.Routes[path].PathId == vrf.Number) continue;
            at = table.Reach(in nlri);
            ref var imported = ref table.Insert(at);
            ref var original = ref rib.Routes[path];
            imported.Peer = original.Peer;
            imported.PathId = (uint)slot;
            imported.Flags = wide | (original.Flags & RouteFlags.Tracked);
            rib.SetAttributes(ref imported, 0, rib.Attributes.Hold(original.Out));
            changed = true;
        }

        if (changed) table.Touch(at);
    }

    // All routes that came from a VPN slot.
    private bool Drop(RibTable table, int at, uint source)
    {
        var dropped = false;
        var previous = 0;
        for (var route = table[at].Routes; route != 0;)
        {
            var next = rib.Routes[route].Next;
            if ((rib.Routes[route].Flags & RouteFlags.Imported) != 0 && rib.Routes[route].PathId == source)
            {
                table.Remove(at, route, previous);
                dropped = true;
            }
            else
            {
                previous = route;
            }

            route = next;
        }

        return dropped;
    }

    private int FindExported(RibTable vpn, int slot, VrfState vrf, out int previous)
    {
        previous = 0;
        for (var at = vpn[slot].Routes; at != 0;)
        {
            ref var route = ref rib.Routes[at];
            if ((route.Flags & RouteFlags.Exported) != 0 && route.PathId == vrf.Number) return at;
            previous = at;
            at = route.Next;
        }

        return 0;
    }

    // A customer's own route targets do not count (it could reach into other VPNs): the VRF's take their place.
    private int WithTargets(VrfState vrf, int id)
    {
        var attributes = rib.Attributes[id];
        ulong[] communities = [.. attributes.ExtendedCommunities.Where(c => !ExtendedCommunity.IsRouteTarget(c)), .. vrf.Facts.Export];
        return rib.Attributes.Intern(new PathAttributes(attributes) { ExtendedCommunities = communities });
    }

    private void Importers(List<VrfState> found, int paths)
    {
        found.Clear();
        if (paths == 0) return;
        for (var i = 0; i < rib.BestPaths.PathCount(paths); i++) AddImporters(found, rib.Attributes[rib.BestPaths.Path(paths, i).Attributes]);
    }

    private void AddImporters(List<VrfState> found, PathAttributes attributes)
    {
        foreach (var community in attributes.ExtendedCommunities)
        {
            if (!importers.TryGetValue(community, out var vrfs)) continue;
            foreach (var vrf in vrfs)
            {
                if (!found.Contains(vrf)) found.Add(vrf);
            }
        }
    }
}
