using System.Net;
using Appliance.Ike;
using Appliance.Policy;
using Appliance.Shared;

namespace Appliance.SlowPath.Configuration;

/// <summary>What must hold among peers: names are unique, no peer hides another, pools do not overlap; and what is useless.</summary>
internal static class PeerConsistency
{
    /// <summary>Notes what does not hold.</summary>
    public static void Check(IReadOnlyList<IkePeer> peers, PeerSection section, CeConfiguration? ce, ConfigurationErrors errors)
    {
        Hidden(peers, section, errors);
        Pools(section, errors);
        for (var i = 0; i < peers.Count; i++)
            if (peers[i] is { Children.Count: 0, Childless: false } && !IsForGateways(peers[i], ce))
                errors.Warn(section.Places[i], $"no tunnel names peer '{peers[i].Name}'", "write 'peer: " + peers[i].Name + "' in a tunnel, or childless: true");
    }

    /// <summary>Tunnels that are made from routes can name it.</summary>
    private static bool IsForGateways(IkePeer peer, CeConfiguration? ce) =>
        ce is not null && (peer.Name == ce.Template || ce.Gateways.Accept.Any(a => peer.Remote.Any(r => a.TakesGateway(IpAddress.From(r)))));

    /// <summary>The first match decides (RFC 4301 §4.4.3.1): of two peers that differ in nothing the second is never found.</summary>
    private static void Hidden(IReadOnlyList<IkePeer> peers, PeerSection section, ConfigurationErrors errors)
    {
        var seen = new Dictionary<string, int>(StringComparer.Ordinal);
        for (var i = 0; i < peers.Count; i++)
        {
            var who = peers[i].RemoteIdentity;
            var key = $"{Text(peers[i].Local)} {Text(peers[i].Remote)} {who.Type} {(who.Pattern is null ? "any" : Convert.ToHexString(who.Pattern))} {peers[i].LocalIdentity.Type} {Convert.ToHexString(peers[i].LocalIdentity.Data)}";
            if (!seen.TryAdd(key, i) && !errors.Full)
                errors.Add(section.Places[i], $"peer '{peers[i].Name}' cannot be told from '{peers[seen[key]].Name}' in line {section.Places[seen[key]].Line}: same addresses, same identities",
                    "give it another 'peer_identity', or put the tunnels into one peer");
        }
    }

    private static void Pools(PeerSection section, ConfigurationErrors errors)
    {
        var sorted = section.PoolPlaces.Select(p => (p.Peer, Low: IpAddress.From(p.Pool.First), High: IpAddress.From(p.Pool.Last), p.At)).OrderBy(p => p.Low).ToList();
        for (var i = 1; i < sorted.Count; i++)
            if (sorted[i].Low <= sorted[i - 1].High)
                errors.Add(sorted[i].At, $"this pool of peer '{sorted[i].Peer}' overlaps that of '{sorted[i - 1].Peer}' in line {sorted[i - 1].At.Line}", "an address is given out once: split them");
    }

    private static string Text(IReadOnlyList<IPAddress> addresses) => string.Join(',', addresses.Select(a => a.ToString()).Order(StringComparer.Ordinal));
}
