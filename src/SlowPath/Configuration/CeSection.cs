using System.Net;
using Appliance.Bgp;
using Appliance.Ike;
using Appliance.Ike.Messages;
using Appliance.Policy;
using Appliance.Shared;

namespace Appliance.SlowPath.Configuration;

/// <summary>Reads <c>ce:</c>, and makes the SPD entries that go with it (<see cref="Policies"/>).</summary>
internal sealed class CeSection(ConfigurationErrors errors, PeerSection peerSection, PolicySection policySection)
{
    private readonly PrefixList prefixes = new(errors);
    private readonly List<PolicyConfiguration> policies = [];
    private readonly List<(string Name, SourcePosition At)> neighborPlaces = [];

    /// <summary>BYPASS for the prefixes that are listed and not protected by a route, then PROTECT for our trusted subnets by route. They stand behind the policies of the file.</summary>
    public IReadOnlyList<PolicyConfiguration> Policies => policies;

    /// <summary>Where it stands.</summary>
    public SourcePosition At { get; private set; }

    /// <summary>The section; null where the file has none. <paramref name="protectedRanges"/> and <paramref name="peers"/> are those of the file.</summary>
    public CeConfiguration? Read(YamlNode? node, IkeDefaults ike, IReadOnlyList<IkePeer> peers, IReadOnlyList<IpPrefix> protectedRanges, RegionSizes region, int workers)
    {
        if (node is null) return null;
        At = node.At;
        var map = new MapReader(node, "ce", errors);
        map.Required("gateway", "write our Security Gateway Identity, the IPv4 address of an unprotected port that IKE and ESP run from");
        map.Required("trusted_subnets", "write the prefixes behind this gateway, as trusted_subnets: [10.1.0.0/16]");
        map.Required("peer", "write how gateways prove who they are, as peer: { certificate: …, private_key: …, authorities: […] }, or the name of one of 'peers'");
        map.Required("accept", "write whose identities are believed, as accept: [{ neighbors: [pe1], gateways: [198.51.100.0/24], prefixes: [\"10.0.0.0/8 le 24\"] }]");
        var gateway = map.Text("gateway") is { } text ? AddressText.Unicast(text, "gateway", errors) ?? default : default;
        if (!gateway.IsAny && !gateway.IsV4) map.Wrong("gateway", $"'{gateway}' is no IPv4 address", "the extended community has room for an IPv4 address alone (draft-guichard-ce-ce-ipsec-00 §6)");
        var trusted = prefixes.Read(map.List("trusted_subnets"));
        var bypass = prefixes.Read(map.List("bypass"));
        var (peer, byAddress) = Peer(map.Node("peer"), gateway, ike, peers);
        var (tunnel, child, selectors) = new CeTunnelSection(errors, policySection).Read(map.Node("tunnel"), trusted, workers);
        var ce = new CeConfiguration
        {
            Gateways = new SecurityGatewayConfiguration
            {
                Gateway = gateway,
                Trusted = trusted,
                Protected = protectedRanges,
                Accept = [.. map.List("accept").Select(n => Rule(n, "an accept rule", isWhole: true))],
                Claims = Claims(gateway, peer, peers),
                Encrypt = map.Node("encrypt") is null ? null : [.. map.List("encrypt").Select(n => Rule(n, "an encrypt rule", isWhole: false))],
                Bypass = bypass,
                MaximumGateways = region.Tunnels,
            },
            IsTransitive = map.Choice("community", true, ("transitive", true), ("non-transitive", false)),
            AnnounceEncapsulation = map.Flag("tunnel_encapsulation", false),
            Peer = peer,
            Template = (map.Node("peer") as YamlText)?.Text,
            IdentifiedByAddress = byAddress,
            Tunnel = tunnel,
            Child = child,
            ResetMemory = map.Choice("protected_memory", false, ("keep", false), ("reset", true)),
        };
        map.Done();
        foreach (var prefix in bypass)
            if (protectedRanges.FirstOrDefault(p => p.Overlaps(prefix)) is { Length: > 0 } range)
                errors.Warn(map.PositionOf("bypass"), $"bypass {prefix} overlaps {range} of 'protected'", "what is in both is discarded: remove one");
        Entries(bypass, trusted, selectors);
        return ce;
    }

    /// <summary>Names of neighbours must be known, and tunnels and peers of the file must not have names of those that are made.</summary>
    public void Check(BgpConfiguration? bgp, IReadOnlyList<(string Name, SourcePosition At)> names)
    {
        foreach (var (name, at) in names)
            if (SecurityGateways.TryGateway(name, out _))
                errors.Add(at, $"'{name}' is a name of tunnels that are made from routes", "give it another one");
        if (bgp is null)
        {
            errors.Warn(At, "'ce' without 'bgp'", "no route is learned and no trusted subnet announced: write a 'bgp' section");
            return;
        }

        var known = bgp.Neighbors.Select(n => n.Name).ToHashSet(StringComparer.Ordinal);
        foreach (var (name, at) in neighborPlaces)
            if (!name.EndsWith('*') && !known.Contains(name) && !bgp.Dynamic.Any(d => name.StartsWith(d.Template.Name, StringComparison.Ordinal)))
                errors.Add(at, $"there is no neighbour '{Spelling.Shorten(name)}'", Spelling.Hint(name, known));
    }

    private (IkePeer Peer, bool ByAddress) Peer(YamlNode? node, IpAddress gateway, IkeDefaults ike, IReadOnlyList<IkePeer> peers)
    {
        var local = gateway.ToIPAddress();
        var none = new IkePeer { Name = "", LocalIdentity = Identity.Address(IPAddress.Any), RemoteIdentity = IdentityPattern.Any, Proposals = [] };
        if (node is null) return (none, false);
        IkePeer peer;
        var byAddress = false;
        if (node is YamlText name)
        {
            if (peers.FirstOrDefault(p => p.Name == name.Text) is not { } named)
            {
                errors.Add(name.At, $"there is no peer '{Spelling.Shorten(name.Text)}'", Spelling.Hint(name.Text, peers.Select(p => p.Name)));
                return (none, false);
            }

            if (named.Remote.Count > 0) errors.Add(name.At, $"peer '{name.Text}' has an address of its own", "name an entry with remote: any, or write the peer here");
            peer = named with { Local = [local], Childless = false, Pools = [], DnsServers = [], RequestAddress = false };
        }
        else
        {
            peer = peerSection.Template(node, "ce: peer", local, ike, out byAddress);
        }

        if (byAddress && peer is { SharedKey: not null, TrustAnchors.Count: 0 })
            errors.Warn(node.At, "one shared key for all gateways: each of them can say that it is another", "certificates, or entries of 'peers' with a key of its own for each gateway");
        return (peer, byAddress);
    }

    /// <summary>Entries with an address first, then the template for all others (RFC 4301 §4.4.3).</summary>
    private static IReadOnlyList<GatewayClaim> Claims(IpAddress gateway, IkePeer template, IReadOnlyList<IkePeer> peers)
    {
        var ours = gateway.ToIPAddress();
        return
        [
            .. peers.Where(p => p.Remote.Count > 0 && (p.Local.Count == 0 || p.Local.Contains(ours))).Select(p => new GatewayClaim([.. p.Remote.Select(IpAddress.From)], Allowed(p))),
            new GatewayClaim([], Allowed(template)),
        ];
    }

    private static IReadOnlyList<AddressRange> Allowed(IkePeer peer) => [.. peer.AllowedRemote.Select(s => new AddressRange(IpAddress.From(s.Low), IpAddress.From(s.High)))];

    /// <summary>One rule; a whole one says all three, so that nothing is believed by omission.</summary>
    private RouteMatch Rule(YamlNode node, string what, bool isWhole)
    {
        var map = new MapReader(node, what, errors);
        if (isWhole)
        {
            map.Required("neighbors", "name the neighbours whose routes are meant, or any");
            map.Required("gateways", "write where the gateways' addresses lie, as [198.51.100.0/24], or any");
            map.Required("prefixes", "write which prefixes they may announce, as [\"10.0.0.0/8 le 24\"], or any");
        }

        var neighbors = map.Texts("neighbors");
        var gateways = map.Texts("gateways") is [{ Text: "any" }] ? [] : prefixes.Read([.. map.Texts("gateways")]);
        var ranges = PrefixRangeText.Several(map, "prefixes", errors);
        map.Done();
        if (neighbors is [{ Text: "any" }]) neighbors = [];
        foreach (var name in neighbors) neighborPlaces.Add((name.Text, name.At));
        return new RouteMatch([.. neighbors.Select(n => n.Text)], gateways, ranges);
    }

    private void Entries(IReadOnlyList<IpPrefix> bypass, IReadOnlyList<IpPrefix> trusted, IReadOnlyList<PolicyConfiguration> selectors)
    {
        for (var i = 0; i < bypass.Count; i++)
            policies.Add(new PolicyConfiguration { Name = $"ce-bypass-{i + 1}", Action = SpdAction.Bypass, OnlyPlain = true, Remote = new AddressRange(bypass[i].Address, bypass[i].Last) });
        foreach (var subnet in trusted)
            foreach (var selector in selectors)
                policies.Add(selector with { Name = $"ce-protect-{policies.Count - bypass.Count + 1}", Local = new AddressRange(subnet.Address, subnet.Last) });
    }
}
