using System.Net;
using Appliance.Crypto;
using Appliance.Ike.Messages;

namespace Appliance.Ike;

/// <summary>Something shall be done.</summary>
public abstract record IkeAction;

/// <summary>Send a message. When the local port is 4500, the host puts the non-ESP marker in front (RFC 3948 §2.2).</summary>
public sealed record SendDatagram(IPEndPoint Local, IPEndPoint Remote, byte[] Octets) : IkeAction;

/// <summary>Send the one octet 0xff of a NAT keepalive, from port 4500 (RFC 3948 §2.3).</summary>
public sealed record SendKeepalive(IPEndPoint Local, IPEndPoint Remote) : IkeAction;

/// <summary>Expensive work for the pool; its result comes back as a <see cref="WorkDone"/> with the same token.</summary>
public abstract record WorkAction(ulong Token) : IkeAction
{
    /// <summary>For an IKE SA that nobody has proven yet. When the pool's queue is full, such work is refused first (<see cref="WorkRefused"/>).</summary>
    public bool HalfOpen { get; init; }
}

/// <summary>Make our half of a key exchange (a fresh key pair) → <see cref="KeyExchangeBegun"/>.</summary>
public sealed record BeginKeyExchange(ulong Token, KeyExchangeMethod Method) : WorkAction(Token);

/// <summary>Answer the peer's half: our public value (or ciphertext of a KEM) and the shared secret → <see cref="SharedSecretComputed"/>.</summary>
public sealed record AnswerKeyExchange(ulong Token, KeyExchangeMethod Method, byte[] PeerValue) : WorkAction(Token);

/// <summary>Complete what <see cref="BeginKeyExchange"/> began; the host disposes of the exchange → <see cref="SharedSecretComputed"/>.</summary>
public sealed record CompleteKeyExchange(ulong Token, KeyExchange Exchange, byte[] PeerValue) : WorkAction(Token);

/// <summary>
/// Sign with a credential of ours → <see cref="SignatureMade"/>. The octets are those of RFC 7296 §2.15 (message | nonce | prf(SK_p, ID')).
/// </summary>
/// <param name="Token">Comes back.</param>
/// <param name="Credential">Name of the credential.</param>
/// <param name="Octets">What is signed.</param>
/// <param name="PeerHashes">Hash algorithms that the peer takes (SIGNATURE_HASH_ALGORITHMS: 2 SHA2-256, 3 SHA2-384, 4 SHA2-512, 5 identity); empty: no RFC 7427.</param>
public sealed record MakeSignature(ulong Token, string Credential, byte[] Octets, IReadOnlyList<ushort> PeerHashes) : WorkAction(Token);

/// <summary>
/// Check the peer's certificates, that they speak for its identity, and its signature → <see cref="SignatureVerified"/>.
/// </summary>
public sealed record VerifySignature(ulong Token, IReadOnlyList<string> TrustAnchors, IReadOnlyList<byte[]> Certificates, Identity Identity, AuthenticationMethod Method, byte[] Data, byte[] Octets)
    : WorkAction(Token)
{
    /// <summary>Both sides announced SIGNATURE_HASH_ALGORITHMS (RFC 7427 §4): then the RSA method with SHA-1 is refused.</summary>
    public bool HashesAnnounced { get; init; }
}

/// <summary>Install both directions of a child, inbound first → <see cref="ChildInstalled"/>. The host wipes the key material.</summary>
public sealed record InstallChild(ulong Token, ChildSa Child, Secret InboundKey, Secret OutboundKey, bool ActivateOutbound) : WorkAction(Token);

/// <summary>Send by this child from now on: the responder of a rekey does so when the peer has surely installed it (RFC 7296 §2.8).</summary>
public sealed record ActivateOutbound(uint OutboundSpi) : IkeAction;

/// <summary>Take a child out of use: outbound at once, inbound after <paramref name="LingerMilliseconds"/>, for what is still under way.</summary>
public sealed record RemoveChild(uint InboundSpi, uint OutboundSpi, int LingerMilliseconds, string Reason) : IkeAction;

/// <summary>The peer (or we) moved: the children's outer addresses and ports change, keys and numbers stay (RFC 4555, RFC 7296 §2.23).</summary>
public sealed record MoveChildren(IReadOnlyList<(uint InboundSpi, uint OutboundSpi)> Children, IPEndPoint Local, IPEndPoint Remote, bool UdpEncapsulation) : IkeAction;

/// <summary>Tell when the last packet of any of these children came in → <see cref="TrafficRead"/>.</summary>
public sealed record ReadTraffic(ulong IkeSpi, IReadOnlyList<uint> InboundSpis) : IkeAction
{
    /// <summary>The one child that is asked about, and not whether the peer lives; comes back. 0: the latter.</summary>
    public uint Child { get; init; }
}

/// <summary>
/// Keep the state of an IKE SA where a successor of this process finds it; replaces what was kept under the same number. The host wipes the octets when they are kept.
/// </summary>
public sealed record SaveContext(ulong Id, byte[] Context) : IkeAction;

/// <summary>Forget and wipe it.</summary>
public sealed record ForgetContext(ulong Id) : IkeAction;

/// <summary>The peer gave us an inner address and DNS servers (CP), or took them back (empty).</summary>
public sealed record ApplyInnerAddresses(string Peer, IReadOnlyList<IPAddress> Addresses, IReadOnlyList<IPAddress> DnsServers) : IkeAction;

/// <summary>Answer to <see cref="OperatorAsked"/>: done, or why not.</summary>
public sealed record AnswerOperator(ulong Request, string? Problem) : IkeAction;

/// <summary>Keys of a new IKE SA, for a file that Wireshark reads; only made when the host said that it exports keys.</summary>
public sealed record ExportKeys(ulong InitiatorSpi, ulong ResponderSpi, Secret EncryptionInitiator, Secret EncryptionResponder, Secret IntegrityInitiator, Secret IntegrityResponder, string Encryption, string Integrity)
    : IkeAction;

/// <summary>
/// Install a multi-point SA: taken in at once, sent by from <see cref="ActivateGroupSa"/> on → <see cref="GroupInstalled"/>. The host wipes the key material (RFC 7296 §2.17: encryption key with
/// salt, then integrity key; one set for both directions). The same SPI, key and Sender-IDs again: the lifetime alone is another one. Other Sender-IDs: they take the place of the earlier ones, at the
/// next <see cref="ActivateGroupSa"/> at the latest. Sender-IDs that were in use before under the key are refused: an IV could come twice.
/// </summary>
public sealed record InstallGroupSa(ulong Token, GroupSa Sa, Secret Key) : WorkAction(Token);

/// <summary>Draw SK_d of a new multi-point SA, so many random octets (draft-yamaya-ipsecme-mpsa-04 §3.3.1) → <see cref="GroupKeyMade"/>. Never from a seed that a recording has.</summary>
public sealed record MakeGroupKey(ulong Token, int Length) : WorkAction(Token);

/// <summary>The group's packets go out by this SA from now on, without a gap.</summary>
public sealed record ActivateGroupSa(string Group, uint Spi) : IkeAction;

/// <summary>Takes a multi-point SA out of use, in and out, at once.</summary>
public sealed record RemoveGroupSa(string Group, uint Spi, string Reason) : IkeAction;

/// <summary>How much something matters.</summary>
public enum IkeLogLevel
{
    /// <summary>For those who look for a fault.</summary>
    Debug,

    /// <summary>Ordinary life.</summary>
    Information,

    /// <summary>Something an operator should know.</summary>
    Warning,

    /// <summary>Something does not work.</summary>
    Error,
}

/// <summary>A line for the log: what, with whom, why. The host limits the rate per <paramref name="Peer"/> and <paramref name="Key"/>.</summary>
/// <param name="Level">How much it matters.</param>
/// <param name="Peer">PAD entry, or the address of somebody unknown.</param>
/// <param name="Key">What kind of line, for the rate limit.</param>
/// <param name="Text">The line, with SPIs and reason. No octet of a key.</param>
public sealed record WriteLog(IkeLogLevel Level, string Peer, string Key, string Text) : IkeAction;
