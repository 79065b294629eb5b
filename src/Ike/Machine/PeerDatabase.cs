using System.Net;
using Appliance.Ike.Messages;

namespace Appliance.Ike.Machine;

/// <summary>The PAD (RFC 4301 §4.4.3): which entries fit what is known of a peer, in the order of the configuration.</summary>
internal static class PeerDatabase
{
    /// <summary>Entries that fit the addresses alone: all that is known in IKE_SA_INIT.</summary>
    public static IReadOnlyList<IkePeer> ByAddresses(IkeConfiguration configuration, IPAddress local, IPAddress remote) =>
        [.. configuration.Peers.Where(p => (p.Local.Count == 0 || p.Local.Contains(local)) && (p.Remote.Count == 0 || p.Remote.Contains(remote)))];

    /// <summary>
    /// The first entry that takes the identity and the method of proof, among those that <paramref name="fits"/> takes; one whose own identity is the one asked for (IDr)
    /// goes first. <paramref name="why"/>: for the log.
    /// </summary>
    public static IkePeer? ByIdentity(IReadOnlyList<IkePeer> candidates, Identity peer, Identity? askedFor, bool sharedKey, Func<IkePeer, bool> fits, out string why)
    {
        why = "";
        var known = candidates.Where(p => p.Takes(peer)).ToArray();
        var able = known.Where(p => sharedKey ? p.TrustAnchors.Count == 0 && p.SharedKey is not null : p.TrustAnchors.Count > 0).Where(fits).ToArray();
        if (able.Length > 0) return able.FirstOrDefault(p => askedFor is not null && p.LocalIdentity == askedFor) ?? able[0];
        why = known.Length == 0 && candidates.FirstOrDefault(p => p.RemoteIdentity.Matches(peer)) is { } refusing
            ? $"{refusing.Name} refuses the identity {peer}"
            : known.Length == 0
            ? $"no peer of the configuration has the identity {peer}; entries for this address: {string.Join(", ", candidates.Select(p => p.Name))}"
            : $"{string.Join(", ", known.Select(p => p.Name))} has the identity {peer}, but does not take {(sharedKey ? "a shared key" : "a certificate")} or these algorithms";
        return null;
    }

    /// <summary>What goes into IDr of our request: the one identity that an entry takes, or null.</summary>
    public static Identity? OnlyIdentity(IdentityPattern pattern) =>
        pattern is { Type: { } type, Pattern: { } octets } && !(type is IdentificationType.Fqdn or IdentificationType.Rfc822Address && octets is [(byte)'*', ..]) ? new Identity(type, octets) : null;
}
