using System.Net;
using Appliance.Ike.Machine;
using Appliance.Ike.Messages;

namespace Appliance.Ike.Children;

/// <summary>The configuration payload in IKE_AUTH (RFC 7296 §3.15, §2.19): inner addresses and DNS servers, asked for and given.</summary>
internal static class ConfigurationRequests
{
    private const ushort Ip4Address = 1;
    private const ushort Ip4Dns = 3;
    private const ushort Ip6Address = 8;
    private const ushort Ip6Dns = 10;

    /// <summary>More of a kind are not taken from a reply.</summary>
    private const int Most = 8;

    /// <summary>CFG_REQUEST, or null when the PAD entry asks for none.</summary>
    public static ConfigurationPayload? Request(IkePeer peer) => peer.RequestAddress
        ? new(ConfigurationKind.Request, [new(Ip4Address, []), new(Ip6Address, []), new(Ip4Dns, []), new(Ip6Dns, [])]) : null;

    /// <summary>
    /// CFG_REPLY: an address of each family that was asked for and has a pool, the same for the same identity while it is free, and DNS servers. Null when nothing was asked.
    /// </summary>
    public static ConfigurationPayload? Answer(Step step, IkeSa sa, IkePeer peer, IReadOnlyList<Payload> payloads, out ChildRefusal? refusal)
    {
        refusal = null;
        if (payloads.First<ConfigurationPayload>() is not { Kind: ConfigurationKind.Request } request) return null;
        var (v4, v6) = (request.Attributes.Any(a => a.Type == Ip4Address), request.Attributes.Any(a => a.Type == Ip6Address));
        if ((!v4 && !v6) || peer.Pools.Count == 0 || sa.RemoteIdentity is not { } identity) return new(ConfigurationKind.Reply, []);
        var addresses = new List<IPAddress>();
        if (v4 && step.Machine.Leases.Take(identity, peer.Pools, v4: true) is { } four) addresses.Add(four);
        if (v6 && step.Machine.Leases.Take(identity, peer.Pools, v4: false) is { } six) addresses.Add(six);
        if (addresses.Count == 0)
        {
            refusal = new(NotifyType.InternalAddressFailure, $"no inner address is free for {identity}: the pools of {peer.Name} are used up or of the other family");
            return null;
        }

        sa.Inner = sa.Inner with { Peers = addresses };
        var attributes = addresses.Select(a => a.IsV4() ? new ConfigurationAttribute(Ip4Address, a.GetAddressBytes()) : new(Ip6Address, [.. a.GetAddressBytes(), 128]))
            .Concat(peer.DnsServers.Where(d => d.IsV4() ? v4 : v6).Select(d => new ConfigurationAttribute(d.IsV4() ? Ip4Dns : Ip6Dns, d.GetAddressBytes())));
        return new(ConfigurationKind.Reply, [.. attributes]);
    }

    /// <summary>Takes the addresses that the peer gave, if we asked.</summary>
    public static void Take(Step step, IkeSa sa, IReadOnlyList<Payload> payloads)
    {
        if (sa.Peer is not { RequestAddress: true } peer || payloads.First<ConfigurationPayload>() is not { Kind: ConfigurationKind.Reply } reply) return;
        var addresses = Addresses(reply, Ip4Address, 4).Concat(Addresses(reply, Ip6Address, 16)).ToArray();
        if (addresses.Length == 0) return;
        sa.Inner = sa.Inner with { Ours = addresses };
        step.Actions.Add(new ApplyInnerAddresses(peer.Name, addresses, [.. Addresses(reply, Ip4Dns, 4), .. Addresses(reply, Ip6Dns, 16)]));
    }

    /// <summary>The IKE SA is gone: what it gave is free again, what it was given is no longer ours.</summary>
    public static void Release(Step step, IkeSa sa)
    {
        if (sa.RemoteIdentity is { } identity && sa.Inner.Peers.Count > 0) step.Machine.Leases.Give(identity, sa.Inner.Peers);
        if (sa.Inner.Ours.Count > 0 && !step.Machine.All.Any(other => other != sa && other.Peer?.Name == sa.PeerName && other.Inner.Ours.Count > 0))
            step.Actions.Add(new ApplyInnerAddresses(sa.PeerName, [], []));
        sa.Inner = InnerAddresses.None;
    }

    // An IPv6 address carries its prefix length behind it (RFC 7296 §3.15.1).
    private static IEnumerable<IPAddress> Addresses(ConfigurationPayload reply, ushort type, int length) =>
        reply.Attributes.Where(a => a.Type == type && a.Value.Length >= length).Take(Most).Select(a => new IPAddress(a.Value.AsSpan(0, length)));
}
