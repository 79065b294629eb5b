using System.Net;
using Appliance.Ike;
using Appliance.Policy;
using Appliance.Shared;

namespace Appliance.SlowPath.Configuration;

/// <summary>What <c>ce:</c> says: a customer edge whose tunnels come from routes with a Security Gateway Identity (draft-guichard-ce-ce-ipsec-00). Immutable.</summary>
public sealed record CeConfiguration
{
    /// <summary>What is believed and what becomes of it.</summary>
    public required SecurityGatewayConfiguration Gateways { get; init; }

    /// <summary>The identity travels across ASes (type 0x03); otherwise 0x43.</summary>
    public bool IsTransitive { get; init; } = true;

    /// <summary>Our trusted subnets are announced with a Tunnel Encapsulation attribute too (RFC 9012, tunnel type 4).</summary>
    public bool AnnounceEncapsulation { get; init; }

    /// <summary>The PAD entry that each gateway's is made of; its children and remote addresses are none.</summary>
    public required IkePeer Peer { get; init; }

    /// <summary>Name of the entry in <c>peers:</c> that <see cref="Peer"/> is made of; null where it stands in the section.</summary>
    public string? Template { get; init; }

    /// <summary>A gateway identifies itself by its address.</summary>
    public bool IdentifiedByAddress { get; init; }

    /// <summary>The tunnel that each gateway's is made of.</summary>
    public required TunnelConfiguration Tunnel { get; init; }

    /// <summary>The child that each gateway's is made of.</summary>
    public required ChildTemplate Child { get; init; }

    /// <summary>A file of remembered prefixes that cannot be read is put aside; otherwise there is no start with one.</summary>
    public bool ResetMemory { get; init; }

    /// <summary>The tunnel to a gateway; <paramref name="peers"/>: the PAD of the configuration.</summary>
    public TunnelConfiguration TunnelTo(IpAddress gateway, IReadOnlyList<IkePeer> peers) => Tunnel with
    {
        Name = SecurityGateways.TunnelName(gateway), Peer = PeerOf(gateway, peers)?.Name ?? SecurityGateways.TunnelName(gateway), Local = Gateways.Gateway, Remote = gateway,
    };

    /// <summary>
    /// The PAD with the gateways that are in use: a gateway whose address an entry names belongs to that entry, the others are given one each. They stand before the entries of those who come
    /// from anywhere, so that these do not take them.
    /// </summary>
    public IReadOnlyList<IkePeer> Pad(IReadOnlyList<IkePeer> peers, IReadOnlyCollection<IpAddress> gateways)
    {
        var named = new Dictionary<string, List<ChildTemplate>>(StringComparer.Ordinal);
        var made = new List<IkePeer>();
        foreach (var gateway in gateways.Order())
        {
            var child = Child with { Name = SecurityGateways.TunnelName(gateway) };
            if (PeerOf(gateway, peers) is not { } entry) made.Add(Entry(gateway, child));
            else if (named.TryGetValue(entry.Name, out var children)) children.Add(child);
            else named[entry.Name] = [child];
        }

        return
        [
            .. peers.Where(p => p.Remote.Count > 0).Select(p => named.TryGetValue(p.Name, out var children) ? p with { Children = [.. p.Children, .. children] } : p),
            .. made,
            .. peers.Where(p => p.Remote.Count == 0),
        ];
    }

    /// <summary>The entry of the PAD that names a gateway's address for ours, or null.</summary>
    internal static IkePeer? PeerOf(IPAddress ours, IPAddress gateway, IReadOnlyList<IkePeer> peers) => peers.FirstOrDefault(p => p.Remote.Contains(gateway) && (p.Local.Count == 0 || p.Local.Contains(ours)));

    private IkePeer? PeerOf(IpAddress gateway, IReadOnlyList<IkePeer> peers) => PeerOf(Gateways.Gateway.ToIPAddress(), gateway.ToIPAddress(), peers);

    private IkePeer Entry(IpAddress gateway, ChildTemplate child) => Peer with
    {
        Name = SecurityGateways.TunnelName(gateway),
        Remote = [gateway.ToIPAddress()],
        RemoteIdentity = IdentifiedByAddress ? IdentityPattern.Exactly(Identity.Address(gateway.ToIPAddress())) : Peer.RemoteIdentity,
        Children = [child],
    };
}
