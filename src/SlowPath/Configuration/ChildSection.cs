using Appliance.Ike;
using Appliance.Ike.Messages;
using Appliance.Policy;
using Appliance.Shared;

namespace Appliance.SlowPath.Configuration;

/// <summary>Reads what a tunnel says of its children: start, selectors, proposals, lifetimes.</summary>
internal sealed class ChildSection(ConfigurationErrors errors)
{
    private const int ThirtyDays = 30 * 86400;
    private static readonly string[] Keys = ["start", "local_selectors", "remote_selectors", "esp", "rekey", "rekey_bytes", "rekey_packets", "replay_window", "resources"];
    private static readonly string[] OfThePeer = ["local", "remote", "encapsulation", "local_port", "remote_port", "keepalive"];
    private readonly SelectorText selectors = new(errors);

    /// <summary>None of these keys may stand in a tunnel without a peer.</summary>
    public static void Without(MapReader map)
    {
        foreach (var key in Keys)
            if (map.Node(key) is not null)
                map.Wrong(key, $"'{key}' without 'peer'", "name the peer whom keys are negotiated with, or remove it");
    }

    /// <summary>The children of a tunnel; <paramref name="peer"/> is null when the name dangles, which is told elsewhere.</summary>
    public ChildTemplate Read(MapReader map, TunnelConfiguration tunnel, IkePeer? peer, int workers)
    {
        foreach (var key in OfThePeer)
            if (map.Node(key) is not null)
                map.Wrong(key, $"'{key}' beside 'peer'", key == "keepalive" ? "write it at the peer" : key == "encapsulation" ? "the peer says it: udp: auto or always" : $"it comes from the peer: remove '{key}'");
        if (map.Node("manual") is not null) map.Wrong("manual", "'manual' beside 'peer'", "keys come from the file or are negotiated: remove one of them");
        var template = peer is { Remote.Count: 0 };
        var child = Common(map, tunnel, workers) with
        {
            Start = map.Choice("start", template ? ChildStart.Passive : tunnel.Interface is not null ? ChildStart.Always : ChildStart.OnDemand, ("passive", ChildStart.Passive), ("on-demand", ChildStart.OnDemand), ("always", ChildStart.Always)),
            IsTemplate = template,
        };
        if (template && child.Start != ChildStart.Passive) map.Wrong("start", $"peer '{peer!.Name}' has no address to start it with", "write start: passive, or the peer's address as its 'remote'");
        if (tunnel.Interface is not null && child.Start == ChildStart.OnDemand)
            map.Wrong("start", "the interface of a tunnel without an SA is down: nothing would ask for one", "write start: always, or passive where the peer starts");
        return tunnel.Kind == TunnelKind.Tunnel ? Tunnel(map, child, tunnel, peer) : Outer(map, child, tunnel, peer);
    }

    /// <summary>Mode, proposals and lifetimes of children, whoever makes their tunnel.</summary>
    public ChildTemplate Common(MapReader map, TunnelConfiguration tunnel, int workers)
    {
        var window = map.Number("replay_window", 1024, 0, 4096, "packets");
        if (window % 64 != 0) map.Wrong("replay_window", $"a replay window of {window} packets", "0, or a multiple of 64 up to 4096");
        return new ChildTemplate
        {
            Name = tunnel.Name,
            Mode = tunnel.Kind switch { TunnelKind.Transport => ChildMode.Transport, TunnelKind.IipTran => ChildMode.IipTran, _ => ChildMode.Tunnel },
            Proposals = new ProposalText(errors).Esp(map.Texts("esp"), window > 0),
            RekeySeconds = map.Seconds("rekey", 3600, 1, ThirtyDays),
            RekeyBytes = map.Amount("rekey_bytes", 0),
            RekeyPackets = map.Amount("rekey_packets", 0),
            ReplayWindow = window,
            Tfc = tunnel.TfcMultiple > 0,
            Resources = map.NumberOr("resources", "workers", workers, 1, WorkerBlock.Maximum) is var resources && map.Node("resources") is null ? 1 : resources,
        };
    }

    /// <summary>
    /// Transport mode: selectors default to the outer addresses. IIPtran: they are those (RFC 3884 §3.1); the template's are for a peer that answers with tunnel mode, and say what the
    /// routes say.
    /// </summary>
    private ChildTemplate Outer(MapReader map, ChildTemplate child, TunnelConfiguration tunnel, IkePeer? peer)
    {
        var (local, remote) = (selectors.Read(map.Texts("local_selectors")), selectors.Read(map.Texts("remote_selectors")));
        List<TrafficSelector> routes = tunnel.Interface is not null ? [TrafficSelector.AnyV4, TrafficSelector.AnyV6] : [.. tunnel.Routes.Select(SelectorText.Of)];
        if (tunnel.Kind == TunnelKind.IipTran && local.Count + remote.Count > 0)
            map.Wrong(local.Count > 0 ? "local_selectors" : "remote_selectors", "traffic selectors of an IIPtran tunnel", "they are its outer addresses; 'routes' say what goes into it (RFC 3884 §3.1)");
        if (tunnel.Kind == TunnelKind.IipTran) (local, remote) = (peer is { RequestAddress: true } ? [] : Any(routes), routes);
        return child with { Local = local, Remote = remote };
    }

    private ChildTemplate Tunnel(MapReader map, ChildTemplate child, TunnelConfiguration tunnel, IkePeer? peer)
    {
        var (localTexts, remoteTexts) = (map.Texts("local_selectors"), map.Texts("remote_selectors"));
        IReadOnlyList<TrafficSelector> remote = remoteTexts.Count > 0 ? selectors.Read(remoteTexts) : [.. tunnel.Routes.Select(SelectorText.Of)];
        var local = selectors.Read(localTexts);
        if (tunnel.Interface is not null && remoteTexts.Count == 0) remote = [TrafficSelector.AnyV4, TrafficSelector.AnyV6];
        if (localTexts.Count == 0 && peer is not { RequestAddress: true }) local = Any(remote);
        var pools = peer is { Pools.Count: > 0 };
        if (remote.Count == 0 && peer is not null && !pools)
            errors.Add(map.At, $"what lies behind peer '{peer.Name}' is not said", "write routes: [10.2.0.0/16], or give the peer 'pools'");
        if (local.Count > 0 && remote.Count > 0 && !local.Any(l => remote.Any(r => r.IsV4 == l.IsV4)))
            map.Wrong("local_selectors", "local and remote selectors are of different families", "one selector of each family on both sides");
        if (remoteTexts.Count > 0)
            foreach (var route in tunnel.Routes)
                if (!remote.Any(r => r.IsV4 == route.IsV4 && IpAddress.From(r.Low) <= route.Address && IpAddress.From(r.High) >= route.Last))
                    map.Wrong("routes", $"route {route} is not within one remote selector", "packets for it would be refused: widen 'remote_selectors' or correct 'routes'");
        return child with { Local = local, Remote = remote };
    }

    private static List<TrafficSelector> Any(IReadOnlyList<TrafficSelector> remote)
    {
        var any = new List<TrafficSelector>();
        if (remote.Count == 0 || remote.Any(r => r.IsV4)) any.Add(TrafficSelector.AnyV4);
        if (remote.Count == 0 || remote.Any(r => !r.IsV4)) any.Add(TrafficSelector.AnyV6);
        return any;
    }
}
