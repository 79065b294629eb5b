using System.Net;
using Appliance.Ike.Messages;

namespace Appliance.Ike;

/// <summary>What IKE does and with whom: the PAD (RFC 4301 §4.4.3) in its order. Immutable; a reload brings a new one.</summary>
public sealed record IkeConfiguration
{
    /// <summary>The PAD, first match decides.</summary>
    public IReadOnlyList<IkePeer> Peers { get; init; } = [];

    /// <summary>Public side of our credentials by the names that <see cref="IkePeer.LocalCredential"/> uses.</summary>
    public IReadOnlyDictionary<string, CredentialFacts> Credentials { get; init; } = new Dictionary<string, CredentialFacts>();

    /// <summary>
    /// For each name that <see cref="IkePeer.TrustAnchors"/> uses: SHA-1 of the SubjectPublicKeyInfo of each of its certificates, 20 octets each, one after the other. This is
    /// what stands in a CERTREQ after its encoding octet (RFC 7296 §3.7); those of several names are put one after the other.
    /// </summary>
    public IReadOnlyDictionary<string, byte[]> AuthorityHashes { get; init; } = new Dictionary<string, byte[]>();

    /// <summary>Half-open IKE SAs of responders from which on cookies are asked for (RFC 7296 §2.6).</summary>
    public int CookieThreshold { get; init; } = 64;

    /// <summary>Half-open IKE SAs of responders that are kept at most; a request beyond them is dropped.</summary>
    public int HalfOpenMaximum { get; init; } = 4096;

    /// <summary>Where a draining node sends its peers (RFC 5685): an address or name; null for nowhere: they are refused.</summary>
    public string? RedirectTo { get; init; }

    /// <summary>Groups with multi-point SAs that this node is gateway or member of.</summary>
    public IReadOnlyList<IkeGroup> Groups { get; init; } = [];
}

/// <summary>A PAD entry: who the peer may be, how both prove it, and which selectors it may ask for.</summary>
public sealed record IkePeer
{
    /// <summary>Its name; what the operator says <c>up</c>, <c>down</c> and <c>rekey</c> to.</summary>
    public required string Name { get; init; }

    /// <summary>Our addresses for it; empty for any of this machine's.</summary>
    public IReadOnlyList<IPAddress> Local { get; init; } = [];

    /// <summary>Its addresses, the first preferred; empty: it comes to us from anywhere.</summary>
    public IReadOnlyList<IPAddress> Remote { get; init; } = [];

    /// <summary>Who we say we are.</summary>
    public required Identity LocalIdentity { get; init; }

    /// <summary>Who the peer may say it is; with a certificate, that must say so too.</summary>
    public required IdentityPattern RemoteIdentity { get; init; }

    /// <summary>Identities that it may not say it is though <see cref="RemoteIdentity"/> fits: who was thrown out.</summary>
    public IReadOnlyList<IdentityPattern> Refused { get; init; } = [];

    /// <summary>How we prove who we are: a name for the host's credentials (private key and certificates), or null for the shared key.</summary>
    public string? LocalCredential { get; init; }

    /// <summary>The peer proves itself with a certificate under these trust anchors (names for the host); empty for the shared key.</summary>
    public IReadOnlyList<string> TrustAnchors { get; init; } = [];

    /// <summary>The shared key of both sides; wiped by its owner. Never shown.</summary>
    public byte[]? SharedKey { get; init; }

    /// <summary>Post-quantum preshared key (RFC 8784), or null.</summary>
    public PostQuantumKey? Ppk { get; init; }

    /// <summary>IKE proposals, the preferred first.</summary>
    public required IReadOnlyList<IkeProposal> Proposals { get; init; }

    /// <summary>Its children.</summary>
    public IReadOnlyList<ChildTemplate> Children { get; init; } = [];

    /// <summary>Remote traffic selectors that it may ask for at all; empty: what its children say.</summary>
    public IReadOnlyList<TrafficSelector> AllowedRemote { get; init; } = [];

    /// <summary>Seconds after which the IKE SA is rekeyed (less up to a tenth by chance); 0 for never.</summary>
    public int RekeySeconds { get; init; } = 14400;

    /// <summary>Seconds without a sign of life after which liveness is checked (RFC 7296 §2.4); 0 for never.</summary>
    public int LivenessSeconds { get; init; } = 30;

    /// <summary>Seconds between NAT keepalives of IKE when we are behind a NAT.</summary>
    public int KeepaliveSeconds { get; init; } = 20;

    /// <summary>MOBIKE (RFC 4555) is offered.</summary>
    public bool Mobike { get; init; } = true;

    /// <summary>Largest IKE message in octets of UDP payload before it is fragmented (RFC 7383); 0: never fragment, never offer to.</summary>
    public int FragmentSize { get; init; } = 1232;

    /// <summary>ESP travels in UDP even without a NAT (both NAT_DETECTION hashes are made wrong on purpose).</summary>
    public bool ForceUdp { get; init; }

    /// <summary>An IKE SA without a child is accepted and, with no child to start, initiated (RFC 6023).</summary>
    public bool Childless { get; init; }

    /// <summary>A new IKE SA of the same identity ends the earlier ones.</summary>
    public bool Unique { get; init; } = true;

    /// <summary>Addresses for clients that ask for one (CP), by prefix; empty: none are given.</summary>
    public IReadOnlyList<AddressPool> Pools { get; init; } = [];

    /// <summary>DNS servers told to clients.</summary>
    public IReadOnlyList<IPAddress> DnsServers { get; init; } = [];

    /// <summary>We ask for an inner address.</summary>
    public bool RequestAddress { get; init; }

    /// <summary>Whether a peer of this identity is this one's.</summary>
    public bool Takes(Identity identity) => RemoteIdentity.Matches(identity) && !Refused.Any(r => r.Matches(identity));

    /// <summary>Names no key.</summary>
    public override string ToString() => $"peer {Name}";
}

/// <summary>A post-quantum preshared key (RFC 8784).</summary>
public sealed record PostQuantumKey(byte[] Identity, byte[] Key, bool Mandatory)
{
    /// <summary>Names no key.</summary>
    public override string ToString() => "ppk";
}

/// <summary>Inner addresses for clients, both ends included, of one family.</summary>
public sealed record AddressPool(IPAddress First, IPAddress Last);

/// <summary>Algorithms of an IKE SA: any of each list, the preferred first.</summary>
public sealed record IkeProposal
{
    /// <summary>Encryption with key length in bits (0 where the length is fixed).</summary>
    public required IReadOnlyList<EncryptionChoice> Encryption { get; init; }

    /// <summary>Integrity; empty with AEADs.</summary>
    public IReadOnlyList<IntegrityTransform> Integrity { get; init; } = [];

    /// <summary>PRFs.</summary>
    public required IReadOnlyList<Crypto.PrfAlgorithm> Prf { get; init; }

    /// <summary>Key exchange methods.</summary>
    public required IReadOnlyList<Crypto.KeyExchangeMethod> KeyExchange { get; init; }

    /// <summary>Additional key exchanges (RFC 9370), one list for each ADDKE in use.</summary>
    public IReadOnlyList<IReadOnlyList<Crypto.KeyExchangeMethod>> Additional { get; init; } = [];
}

/// <summary>Algorithms of an ESP SA: any of each list, the preferred first.</summary>
public sealed record EspProposal
{
    /// <summary>Encryption with key length in bits.</summary>
    public required IReadOnlyList<EncryptionChoice> Encryption { get; init; }

    /// <summary>Integrity; empty with AEADs.</summary>
    public IReadOnlyList<IntegrityTransform> Integrity { get; init; } = [];

    /// <summary>Key exchange methods for perfect forward secrecy in CREATE_CHILD_SA; empty for none.</summary>
    public IReadOnlyList<Crypto.KeyExchangeMethod> KeyExchange { get; init; } = [];

    /// <summary>Additional key exchanges in CREATE_CHILD_SA, one list of alternatives for each (RFC 9370 §2.2.4); none without <see cref="KeyExchange"/>.</summary>
    public IReadOnlyList<IReadOnlyList<Crypto.KeyExchangeMethod>> Additional { get; init; } = [];

    /// <summary>Extended sequence numbers that are acceptable, the preferred first.</summary>
    public IReadOnlyList<bool> Esn { get; init; } = [true, false];
}

/// <summary>An encryption transform with its key length in bits; 0 where the transform has one length alone (ChaCha20-Poly1305).</summary>
public readonly record struct EncryptionChoice(EncryptionTransform Transform, int KeyBits);
