using System.Net;
using Appliance.Crypto;
using Appliance.Ike.Messages;

namespace Appliance.Ike;

/// <summary>Something happened.</summary>
public abstract record IkeEvent;

/// <summary>Time passed; timers that are due fire.</summary>
public sealed record TimePassed : IkeEvent
{
    /// <summary>There is only one.</summary>
    public static TimePassed Event { get; } = new();
}

/// <summary>A datagram came in on UDP 500, or on 4500 with the non-ESP marker, which is taken off. Addresses with their ports.</summary>
public sealed record DatagramReceived(IPEndPoint Local, IPEndPoint Remote, byte[] Octets) : IkeEvent;

/// <summary>The configuration changed (or is there at last). What it does not touch goes on.</summary>
public sealed record ConfigurationChanged(IkeConfiguration Configuration) : IkeEvent;

/// <summary>
/// Work asked for by an action is done. The result belongs to the machine, which disposes of it, also when nobody waits for it any more.
/// </summary>
public abstract record WorkDone(ulong Token) : IkeEvent;

/// <summary>
/// Any work: too much waits already, nothing was done. A half-open IKE SA of a responder is forgotten in silence (its peer sends the request again); all else fails for now
/// and may be tried again.
/// </summary>
public sealed record WorkRefused(ulong Token) : WorkDone(Token);

/// <summary><see cref="BeginKeyExchange"/>: our half is ready.</summary>
public sealed record KeyExchangeBegun(ulong Token, KeyExchange Exchange) : WorkDone(Token);

/// <summary><see cref="AnswerKeyExchange"/> or <see cref="CompleteKeyExchange"/>: null when the peer's value is no point of the group (RFC 6989).</summary>
public sealed record SharedSecretComputed(ulong Token, byte[] PublicValue, Secret? Secret) : WorkDone(Token);

/// <summary><see cref="MakeSignature"/>: the content of AUTH, or null when the credential cannot sign.</summary>
public sealed record SignatureMade(ulong Token, AuthenticationMethod Method, byte[]? Data) : WorkDone(Token)
{
    /// <summary>Why there is none, for the log; empty when there is.</summary>
    public string Problem { get; init; } = "";
}

/// <summary><see cref="VerifySignature"/>: null when all is well, else why not, for the log.</summary>
public sealed record SignatureVerified(ulong Token, string? Problem) : WorkDone(Token);

/// <summary><see cref="InstallChild"/>: null when both directions are there, else why not.</summary>
public sealed record ChildInstalled(ulong Token, string? Problem) : WorkDone(Token);

/// <summary><see cref="InstallGroupSa"/>: null when it is there, else why not.</summary>
public sealed record GroupInstalled(ulong Token, string? Problem) : WorkDone(Token);

/// <summary><see cref="MakeGroupKey"/>: SK_d.</summary>
public sealed record GroupKeyMade(ulong Token, Secret SkD) : WorkDone(Token);

/// <summary>The IV space under a Sender-ID of ours is nearly used up (<paramref name="Hard"/>: it is, and packets are dropped).</summary>
public sealed record GroupExpires(string Group, uint Spi, bool Hard) : IkeEvent;

/// <summary>The operator asks the gateway of a group to rekey it → <see cref="AnswerOperator"/>.</summary>
public sealed record GroupRekeyAsked(ulong Request, string Group) : IkeEvent;

/// <summary>The data plane has a packet for a tunnel without an SA. The selectors are the packet's own (RFC 7296 §2.9); null: nothing is known of it.</summary>
public sealed record PacketWaits(string Tunnel, TrafficSelector? Source, TrafficSelector? Destination) : IkeEvent;

/// <summary>A child is near a limit of octets, packets or sequence numbers (<paramref name="Hard"/>: it has ended).</summary>
public sealed record ChildExpires(uint OutboundSpi, bool Hard) : IkeEvent;

/// <summary>Answer to <see cref="ReadTraffic"/>: milliseconds since the last packet of any child came in; null for never.</summary>
public sealed record TrafficRead(ulong IkeSpi, long? SilentMilliseconds) : IkeEvent
{
    /// <summary>As the question had it.</summary>
    public uint Child { get; init; }
}

/// <summary>ESP came for an SPI that is not ours (RFC 6290: the other side may be the one that lives).</summary>
public sealed record UnknownSpiSeen(IPAddress Source, uint Spi) : IkeEvent;

/// <summary>Authenticated ESP in UDP came from another address or port: the NAT's mapping changed (RFC 7296 §2.23).</summary>
public sealed record PeerMoved(uint InboundSpi, IPEndPoint Remote) : IkeEvent;

/// <summary>This machine's addresses changed (RFC 4555).</summary>
public sealed record AddressesChanged(IReadOnlyList<IPAddress> Addresses) : IkeEvent;

/// <summary>What an operator can ask of a peer or tunnel.</summary>
public enum OperatorVerb
{
    /// <summary>Set up the IKE SA and the children.</summary>
    Up,

    /// <summary>Delete them.</summary>
    Down,

    /// <summary>Rekey the IKE SA and its children; of a tunnel: the children.</summary>
    Rekey,
}

/// <summary>The operator asks. <paramref name="Name"/>: a peer or a tunnel.</summary>
public sealed record OperatorAsked(ulong Request, OperatorVerb Verb, string Name) : IkeEvent;

/// <summary>The node goes out of service: new peers are redirected or refused, present ones asked to move (RFC 5685); or it stays after all.</summary>
public sealed record DrainChanged(bool Draining) : IkeEvent;

/// <summary>An IKE SA that an earlier process of this node kept (<see cref="SaveContext"/>), at start. Its children are in the region already.</summary>
public sealed record ContextRestored(ulong Id, byte[] Context) : IkeEvent;

/// <summary>This process stops for good: delete everything (the peers are told once, nobody waits for their answers).</summary>
public sealed record ShutdownAsked : IkeEvent;
