using System.Security.Cryptography;
using System.Text;
using Appliance.Ike.Machine;

namespace Appliance.Ike.Groups;

/// <summary>Who may be in a group, as a configuration has it: PAD entries, and identities that are excluded; those that the PAD entries refuse have no IKE SA at all.</summary>
internal sealed class MemberRules
{
    private readonly Dictionary<string, IkePeer> peers;
    private readonly IReadOnlyList<IdentityPattern> excluded;

    private MemberRules(Dictionary<string, IkePeer> peers, IReadOnlyList<IdentityPattern> excluded) => (this.peers, this.excluded) = (peers, excluded);

    /// <summary>Nobody.</summary>
    public static MemberRules None { get; } = new([], []);

    /// <summary>Those of the configuration in force.</summary>
    public static MemberRules Of(IkeMachine machine, GroupServer server)
    {
        var peers = new Dictionary<string, IkePeer>();
        foreach (var name in server.Members) if (machine.Manager.Find(name) is { } record) peers[name] = record.Peer;
        return new MemberRules(peers, server.Excluded);
    }

    /// <summary>
    /// What a successor compares, to see whether its configuration still means the same members. It is keyed by the SA's SK_d, so that shared keys cannot be guessed from it.
    /// </summary>
    public static byte[] Digest(IkeMachine machine, GroupServer server, MultiPointSa sa)
    {
        using var hmac = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, sa.SkD.Octets);
        foreach (var (name, peer) in Of(machine, server).peers)
        {
            Add(hmac, Encoding.UTF8.GetBytes(name));
            Add(hmac, peer.RemoteIdentity);
            Add(hmac, peer.SharedKey);
            foreach (var anchor in peer.TrustAnchors) Add(hmac, Encoding.UTF8.GetBytes(anchor));
        }

        foreach (var pattern in Of(machine, server).Out) Add(hmac, pattern);
        return hmac.GetHashAndReset();
    }

    /// <summary>Whether the peer of an IKE SA is a member.</summary>
    public bool Takes(IkeSa sa) => sa is { Peer: { } peer, RemoteIdentity: { } identity } && peers.ContainsKey(peer.Name) && !excluded.Any(e => e.Matches(identity));

    /// <summary>Who was a member before and perhaps is none now: entries that are gone, mean somebody else or ask for another proof, and what is newly excluded; empty for nobody.</summary>
    public string Removed(MemberRules before)
    {
        string[] gone =
        [
            .. before.peers.Values.Where(p => !peers.TryGetValue(p.Name, out var now) || !SamePeer(p, now)).Select(p => p.Name),
            .. Out.Where(e => !before.Out.Any(b => Same(b, e))).Select(e => e is { Type: { } type, Pattern: { } octets } ? new Identity(type, octets).ToString() : "everybody"),
        ];
        return gone.Length <= 3 ? string.Join(", ", gone) : $"{string.Join(", ", gone[..3])} and {gone.Length - 3} more";
    }

    /// <summary>Everybody who is shut out by name.</summary>
    private IEnumerable<IdentityPattern> Out => excluded.Concat(peers.Values.SelectMany(p => p.Refused));

    private static bool SamePeer(IkePeer a, IkePeer b) => Same(a.RemoteIdentity, b.RemoteIdentity) && a.TrustAnchors.SequenceEqual(b.TrustAnchors)
        && (a.SharedKey is null || b.SharedKey is null ? a.SharedKey == b.SharedKey : CryptographicOperations.FixedTimeEquals(a.SharedKey, b.SharedKey));

    private static bool Same(IdentityPattern a, IdentityPattern b) => a.Type == b.Type && (a.Pattern is null || b.Pattern is null ? a.Pattern == b.Pattern : a.Pattern.AsSpan().SequenceEqual(b.Pattern));

    private static void Add(IncrementalHash hmac, IdentityPattern pattern)
    {
        Add(hmac, [(byte)(pattern.Type ?? 0)]);
        Add(hmac, pattern.Pattern);
    }

    private static void Add(IncrementalHash hmac, byte[]? octets)
    {
        hmac.AppendData(BitConverter.GetBytes(octets?.Length ?? -1));
        hmac.AppendData(octets ?? []);
    }
}
