using System.Net;
using System.Text;
using Appliance.Ike;
using Appliance.Ike.Messages;
using Appliance.Policy;

namespace Appliance.SlowPath.Configuration;

/// <summary>Reads <c>peers:</c>, the PAD in order (RFC 4301 §4.4.3). Children come later, from the tunnels that name the peer.</summary>
internal sealed class PeerSection(ConfigurationErrors errors, CredentialSection credentials, ConfigurationFiles files)
{
    private const int ShortestPsk = 16, ShortestPpk = 32, ThirtyDays = 30 * 86400;
    private readonly IdentityReader identities = new(errors);
    private readonly SecretReader secrets = new(errors, files);
    private readonly SelectorText selectors = new(errors);

    /// <summary>Where each peer starts, in their order.</summary>
    public List<SourcePosition> Places { get; } = [];

    /// <summary>Where each peer's pools stand.</summary>
    public List<(string Peer, AddressPool Pool, SourcePosition At)> PoolPlaces { get; } = [];

    /// <summary>All peers, without children.</summary>
    public IReadOnlyList<IkePeer> Read(IReadOnlyList<YamlNode> nodes, IkeDefaults defaults)
    {
        var peers = new List<IkePeer>();
        foreach (var node in nodes)
        {
            peers.Add(Peer(node, defaults));
            Places.Add(node.At);
        }

        return peers;
    }

    /// <summary>
    /// An entry that stands for gateways whose addresses come from elsewhere: without name, addresses and clients. <paramref name="byAddress"/>: each identifies itself by its address, which is
    /// the default (and is what we say then, too).
    /// </summary>
    public IkePeer Template(YamlNode node, string what, IPAddress local, IkeDefaults defaults, out bool byAddress)
    {
        var map = new MapReader(node, what, errors);
        byAddress = map.Text("peer_identity") is null or { Text: "address" };
        var theirs = byAddress ? IdentityPattern.Exactly(Identity.Address(local)) : identities.Theirs(map.Text("peer_identity")) ?? IdentityPattern.Any;
        var ours = byAddress ? Identity.Address(local) : defaults.Identity ?? Identity.Address(local);
        var peer = Common(map, "", [local], [], identities.Ours(map.Text("identity")) ?? ours, theirs);
        peer = new PeerSecrets(errors, credentials, secrets).Read(map, peer, defaults, ShortestPsk);
        map.Done();
        return peer;
    }

    private IkePeer Peer(YamlNode node, IkeDefaults defaults)
    {
        var map = new MapReader(node, "a peer", errors);
        map.Required("name", "every peer has a name");
        map.Required("remote", "write the peer's address, or any when it comes to us from anywhere");
        var name = ConfigurationReader.Name(map, "name", "", errors);
        var (local, remote) = (AddressText.Several(map, "local", errors), AddressText.Several(map, "remote", errors));
        var ours = identities.Ours(map.Text("identity")) ?? defaults.Identity ?? (local.Count > 0 ? Identity.Address(local[0]) : NoIdentity(map));
        var theirs = identities.Theirs(map.Text("peer_identity")) ?? (remote.Count == 1 ? IdentityPattern.Exactly(Identity.Address(remote[0])) : NoPeerIdentity(map));
        var peer = Common(map, name, local, remote, ours, theirs) with
        {
            Refused = [.. map.Texts("refused").Select(identities.Theirs).OfType<IdentityPattern>()],
            Childless = map.Flag("childless", false),
            Pools = Pools(map, name),
            DnsServers = AddressText.Several(map, "dns", errors),
            RequestAddress = map.Flag("request_address", false),
        };
        peer = new PeerSecrets(errors, credentials, secrets).Read(map, peer, defaults, ShortestPsk);
        Check(map, peer);
        map.Done();
        return peer;
    }

    private IkePeer Common(MapReader map, string name, IReadOnlyList<IPAddress> local, IReadOnlyList<IPAddress> remote, Identity ours, IdentityPattern theirs) => new()
    {
        Name = name,
        Local = local,
        Remote = remote,
        LocalIdentity = ours,
        RemoteIdentity = theirs,
        Proposals = new ProposalText(errors).Ike(map.Texts("proposals")),
        Ppk = Ppk(map.Node("ppk")),
        RekeySeconds = map.Seconds("rekey", 14400, 1, ThirtyDays),
        LivenessSeconds = map.Seconds("liveness", 30, 1, 86400),
        KeepaliveSeconds = map.Seconds("keepalive", 20, 1, 3600),
        ForceUdp = map.Choice("udp", false, ("auto", false), ("always", true)),
        Mobike = map.Flag("mobike", true),
        FragmentSize = map.NumberOr("fragment_size", "off", 0, 576, 65000, "octets") is var size && map.Node("fragment_size") is null ? 1232 : size,
        Unique = map.Flag("unique", true),
        AllowedRemote = selectors.Read(map.Texts("allowed")),
    };

    private static void Check(MapReader map, IkePeer peer)
    {
        if (peer.Local.Count > 0 && peer.Remote.Count > 0 && !peer.Local.Any(l => peer.Remote.Any(r => r.IsV4() == l.IsV4())))
            map.Wrong("remote", "no pair of local and remote addresses is of one family", "both IPv4 or both IPv6");
        if (peer.Remote.FirstOrDefault(peer.Local.Contains) is { } same) map.Wrong("remote", $"{same} is both local and remote", "remote is the peer's address");
        if (peer.RequestAddress && peer.Pools.Count > 0) map.Wrong("request_address", "'request_address' beside 'pools'", "one side gives addresses, the other asks for them");
        if (peer.RequestAddress && peer.Remote.Count == 0) map.Wrong("request_address", "nobody to ask: the peer has no address", "write the peer's address as 'remote'");
        if (peer.DnsServers.Count > 0 && peer.Pools.Count == 0) map.Wrong("dns", "'dns' without 'pools'", "DNS servers are told to clients that are given an address");
    }

    private Identity NoIdentity(MapReader map)
    {
        if (map.Text("identity") is null) errors.Add(map.At, "a peer has no 'identity' of ours and no local address to take for it", "write identity: gw.example.org here or in 'ike'");
        return Identity.Fqdn("none");
    }

    private IdentityPattern NoPeerIdentity(MapReader map)
    {
        if (map.Text("peer_identity") is null && map.Node("remote") is not null)
            errors.Add(map.At, "a peer has no 'peer_identity' and not one address to take for it", "write peer_identity: gw.example.org, \"*.example.org\", or any");
        return new IdentityPattern(IdentificationType.Fqdn, Encoding.ASCII.GetBytes("none"));
    }

    private PostQuantumKey? Ppk(YamlNode? node)
    {
        if (node is null) return null;
        var map = new MapReader(node, "ppk", errors);
        map.Required("id", "write the identity of the key, the same on both sides (RFC 8784 §5.1)");
        var id = map.Text("id")?.Text ?? "";
        var key = secrets.Read(map, "key", "key_file", ShortestPpk, "RFC 8784 §6");
        if (key is null && map.Node("key") is null && map.Node("key_file") is null) errors.Add(map.At, "ppk has no 'key_file'", "write key_file: FILE with at least 32 random octets (RFC 8784 §6)");
        var required = map.Flag("required", true);
        map.Done();
        if (id.Length > 64 || id.Any(c => c is <= ' ' or > '~')) map.Wrong("id", $"'{Spelling.Shorten(id)}' is no identity of a key", "up to 64 printable characters");
        return key is null ? null : new PostQuantumKey(Encoding.ASCII.GetBytes(id), key, required);
    }

    private List<AddressPool> Pools(MapReader map, string peer)
    {
        var pools = new List<AddressPool>();
        foreach (var text in map.Texts("pools"))
        {
            AddressPool? pool = null;
            if (AddressText.Range(text.Text) is { } range) pool = new AddressPool(range.Low.ToIPAddress(), range.High.ToIPAddress());
            else if (IpPrefix.TryParse(text.Text, host: false, out var prefix, out _, out _)) pool = new AddressPool(prefix.Address.ToIPAddress(), prefix.Last.ToIPAddress());
            if (pool is null) errors.Add(text.At, $"'{Spelling.Shorten(text.Text)}' is no pool of addresses", "write 10.9.0.10-10.9.0.200 or 10.9.0.0/24");
            else
            {
                pools.Add(pool);
                PoolPlaces.Add((peer, pool, text.At));
            }
        }

        return pools;
    }
}
