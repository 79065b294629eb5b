namespace Appliance.Shared;

/// <summary>How loudly a drop speaks to an operator.</summary>
public enum DropSeverity
{
    /// <summary>Part of normal operation (a policy says so, a link is going up).</summary>
    Info,

    /// <summary>Somebody sends what it should not, or something is configured wrongly.</summary>
    Warning,

    /// <summary>Something is exhausted or attacked.</summary>
    Error,
}

/// <summary>What an operator reads about a <see cref="DropReason"/>.</summary>
[AttributeUsage(AttributeTargets.Field)]
public sealed class DropTextAttribute(string text, DropSeverity severity, string source) : Attribute
{
    /// <summary>What happened and what to look at, one sentence.</summary>
    public string Text { get; } = text;

    /// <summary>How loudly it speaks.</summary>
    public DropSeverity Severity { get; } = severity;

    /// <summary>The clause that asks for the drop, or an empty string.</summary>
    public string Source { get; } = source;
}

/// <summary>
/// Why a packet was dropped. One enumeration for the whole product: an operation on a packet returns one of these,
/// <see cref="None"/> means "go on". The number is the index of the counter in <see cref="WorkerBlock"/>.
/// </summary>
public enum DropReason : byte
{
    /// <summary>Not dropped.</summary>
    [DropText("not dropped", DropSeverity.Info, "")] None = 0,

    // What arrives is not a packet.
    /// <summary>Frame shorter than its headers say.</summary>
    [DropText("truncated frame or header", DropSeverity.Warning, "RFC 791 3.1")] Truncated,
    /// <summary>EtherType that the data plane does not forward.</summary>
    [DropText("EtherType is neither IPv4 nor IPv6", DropSeverity.Info, "")] UnknownEtherType,
    /// <summary>IP version, header length or total length is wrong.</summary>
    [DropText("malformed IP header", DropSeverity.Warning, "RFC 1812 5.2.2")] BadIpHeader,
    /// <summary>IPv4 header checksum is wrong.</summary>
    [DropText("wrong IPv4 header checksum", DropSeverity.Warning, "RFC 1812 5.2.2")] BadIpChecksum,
    /// <summary>Source address no host may send from.</summary>
    [DropText("martian source or destination address", DropSeverity.Warning, "RFC 1812 5.3.7")] Martian,
    /// <summary>IPv6 extension headers too long or out of order.</summary>
    [DropText("IPv6 extension headers cannot be parsed", DropSeverity.Warning, "RFC 8200 4.1")] BadExtensionHeader,
    /// <summary>TTL or hop limit ran out.</summary>
    [DropText("TTL expired in transit", DropSeverity.Info, "RFC 1812 5.3.1")] TtlExpired,
    /// <summary>Transport header is malformed.</summary>
    [DropText("malformed transport header", DropSeverity.Warning, "")] BadTransportHeader,

    // Policy and routing.
    /// <summary>No SPD entry matches: the implicit final DISCARD.</summary>
    [DropText("no SPD entry matches (implicit DISCARD)", DropSeverity.Info, "RFC 4301 5.1")] NoPolicy,
    /// <summary>An SPD entry says DISCARD.</summary>
    [DropText("SPD entry says DISCARD", DropSeverity.Info, "RFC 4301 4.4.1")] PolicyDiscard,
    /// <summary>Clear traffic from an unprotected port to something that must be protected.</summary>
    [DropText("clear packet where the SPD requires protection", DropSeverity.Warning, "RFC 4301 5.2")] ClearWhereProtected,
    /// <summary>Decapsulated packet does not match the selectors of its SA or tunnel.</summary>
    [DropText("inner packet does not match the selectors of its SA", DropSeverity.Warning, "RFC 4301 5.2 step 4")] SelectorMismatch,
    /// <summary>Source of an inner packet is not routed to the tunnel that it came from.</summary>
    [DropText("inner source is not behind the tunnel it came from", DropSeverity.Warning, "RFC 4301 5.2")] SourceNotBehindTunnel,
    /// <summary>No route.</summary>
    [DropText("no route to the destination", DropSeverity.Info, "RFC 1812 5.2.4.3")] NoRoute,
    /// <summary>Route says discard (a protected prefix without its gateway).</summary>
    [DropText("route says discard (protected prefix without a tunnel)", DropSeverity.Info, "")] RouteDiscard,
    /// <summary>BYPASS for a destination that is routed into a tunnel or protected.</summary>
    [DropText("policy says BYPASS but the route is protected", DropSeverity.Warning, "")] BypassOfProtected,
    /// <summary>PROTECT by route, but the route is no tunnel.</summary>
    [DropText("policy says PROTECT but no tunnel is routed there", DropSeverity.Warning, "")] NoTunnelForPolicy,
    /// <summary>Neighbour's link-layer address is not known.</summary>
    [DropText("neighbour's link-layer address is not known yet", DropSeverity.Info, "RFC 1122 2.3.2.2")] NeighbourUnresolved,
    /// <summary>Port is down or gone.</summary>
    [DropText("the outgoing port is down", DropSeverity.Error, "")] PortDown,
    /// <summary>Broadcast, multicast or link-local traffic that is not forwarded.</summary>
    [DropText("broadcast, multicast or link-local: not forwarded", DropSeverity.Info, "RFC 1812 5.3.5")] NotForwardable,

    // Outbound SA.
    /// <summary>Tunnel has no SA and nothing could be held.</summary>
    [DropText("no SA yet, and the hold queue is full", DropSeverity.Warning, "RFC 4301 5.1")] NoOutboundSa,
    /// <summary>Held packet whose SA did not come in time.</summary>
    [DropText("no SA came while the packet was held", DropSeverity.Warning, "RFC 4301 5.1")] HoldTimeout,
    /// <summary>Sequence numbers or IVs of the SA are used up.</summary>
    [DropText("sequence number space exhausted: the SA must be rekeyed", DropSeverity.Error, "RFC 4303 3.3.3")] SequenceExhausted,
    /// <summary>SA expired by time, bytes or packets.</summary>
    [DropText("the SA's lifetime is over", DropSeverity.Warning, "RFC 4301 4.4.2.1")] SaExpired,
    /// <summary>Packet does not fit and must not be fragmented.</summary>
    [DropText("too big for the tunnel and DF is set: ICMP sent", DropSeverity.Info, "RFC 4301 8.2.1")] TooBig,
    /// <summary>Packet cannot be fragmented any further or into too many pieces.</summary>
    [DropText("cannot be fragmented", DropSeverity.Warning, "RFC 791 3.2")] CannotFragment,
    /// <summary>No room in the frame around the packet for ESP header, padding and ICV.</summary>
    [DropText("no room in the frame for ESP header and trailer", DropSeverity.Error, "")] NoRoom,
    /// <summary>Cipher of the SA does not run on this machine.</summary>
    [DropText("the SA's cipher is not available here", DropSeverity.Error, "")] CipherUnavailable,

    // Inbound SA.
    /// <summary>No SA for the SPI.</summary>
    [DropText("no SA for this SPI and destination", DropSeverity.Warning, "RFC 4301 5.2")] UnknownSpi,
    /// <summary>ESP packet shorter than its cipher needs, or not aligned.</summary>
    [DropText("malformed ESP packet", DropSeverity.Warning, "RFC 4303 3.4")] EspMalformed,
    /// <summary>Sequence number seen before.</summary>
    [DropText("replayed sequence number", DropSeverity.Warning, "RFC 4303 3.4.3")] Replayed,
    /// <summary>Sequence number left of the replay window.</summary>
    [DropText("sequence number older than the replay window", DropSeverity.Warning, "RFC 4303 3.4.3")] TooOld,
    /// <summary>Sequence number 0 on an SA without ESN.</summary>
    [DropText("sequence number zero", DropSeverity.Warning, "RFC 4303 3.3.3")] SequenceZero,
    /// <summary>Integrity check value is wrong.</summary>
    [DropText("integrity check failed", DropSeverity.Error, "RFC 4303 3.4.4.1")] IntegrityFailed,
    /// <summary>Padding is not 1, 2, 3, … or longer than the packet.</summary>
    [DropText("ESP padding is wrong", DropSeverity.Warning, "RFC 4303 2.4")] BadPadding,
    /// <summary>Next header does not fit the SA's mode.</summary>
    [DropText("next header does not fit the SA's mode", DropSeverity.Warning, "RFC 4303 2.6")] BadNextHeader,
    /// <summary>ESP came with the encapsulation that its SA does not use.</summary>
    [DropText("UDP encapsulation where the SA has none, or the reverse", DropSeverity.Warning, "RFC 3948 3.4")] WrongEncapsulation,
    /// <summary>Outer CE mark on an inner packet that is not ECN-capable.</summary>
    [DropText("outer CE mark on an inner packet that is not ECN-capable", DropSeverity.Info, "RFC 6040 4.2")] EcnNotCapable,
    /// <summary>Packets nested deeper than the data plane goes.</summary>
    [DropText("tunnels nested too deeply", DropSeverity.Warning, "")] NestedTooDeep,

    // Fragments.
    /// <summary>Overlapping or impossible fragments.</summary>
    [DropText("overlapping or impossible fragments", DropSeverity.Warning, "RFC 5722, RFC 1858")] BadFragment,
    /// <summary>Reassembly memory is full.</summary>
    [DropText("reassembly memory is full", DropSeverity.Error, "RFC 4301 D")] ReassemblyFull,
    /// <summary>Fragments that never became whole.</summary>
    [DropText("fragments did not become whole in time", DropSeverity.Info, "RFC 8200 4.5")] ReassemblyTimeout,

    // The machine itself.
    /// <summary>No free frame.</summary>
    [DropText("no free frame", DropSeverity.Error, "")] NoFrame,
    /// <summary>Transmit ring is full.</summary>
    [DropText("transmit ring is full", DropSeverity.Warning, "")] TxFull,
    /// <summary>Ring to the owning worker is full.</summary>
    [DropText("ring to the worker that owns the SA is full", DropSeverity.Warning, "")] HandoffFull,
    /// <summary>The host's own door did not take the packet.</summary>
    [DropText("the host's own door (TUN) did not take the packet", DropSeverity.Warning, "")] PuntFailed,
    /// <summary>ICMP error that names no live SA, or is refused by its floor or rate.</summary>
    [DropText("ICMP error that names no live SA or is below the floor", DropSeverity.Info, "RFC 4301 8.2.2")] IcmpNotBelievable,
    /// <summary>Rate limit of ICMP errors we would send.</summary>
    [DropText("packet that would have caused an ICMP error beyond its rate", DropSeverity.Info, "RFC 1812 4.3.2.8")] IcmpRateLimited,
    /// <summary>Packet was in flight when its worker stopped.</summary>
    [DropText("in flight when its worker stopped", DropSeverity.Info, "")] WorkerStopped,

    // Added later: a number stays what it is.
    /// <summary>Packet that is routed into a tunnel but lies outside of what its SA was negotiated for.</summary>
    [DropText("outside the traffic selectors that the tunnel's SA was negotiated for", DropSeverity.Warning, "RFC 4301 5.1")] OutsideSelectors,

    /// <summary>Packet for the address of a tunnel's interface that came through another tunnel.</summary>
    [DropText("for the address of a tunnel's interface, but it did not come through that tunnel", DropSeverity.Warning, "")] NotThroughItsTunnel,

    /// <summary>Multicast that no member of the group and no port here wants.</summary>
    [DropText("multicast that no member and no port here wants", DropSeverity.Info, "RFC 1812 5.3.5.4")] NotWanted,

    /// <summary>Multicast packet beyond the copies that a worker makes in one round.</summary>
    [DropText("more copies of multicast at once than a worker makes in one round", DropSeverity.Warning, "")] ReplicationLimit,

    /// <summary>First packet of a sender whose window cannot be kept: it is not accepted unchecked.</summary>
    [DropText("no room for another sender of a multi-point SA: raise region: senders", DropSeverity.Error, "RFC 4303 3.4.3")] SenderTableFull,

    /// <summary>First packets of a sender came to two workers at once: the other one has its window.</summary>
    [DropText("another worker became the owner of this sender at the same moment", DropSeverity.Info, "")] SenderClaimLost,

    /// <summary>Packet that came out of a group and would go back into it: members reach one another directly, so somebody led it here who may only read the outer header.</summary>
    [DropText("came from a member of a group and is for another member of it: members send to one another directly", DropSeverity.Warning, "RFC 4303 3.4.3")] GroupTransit,

    /// <summary>Not a reason: how many there are.</summary>
    [DropText("", DropSeverity.Info, "")] Count,
}
