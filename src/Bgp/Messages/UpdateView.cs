namespace Appliance.Bgp;

/// <summary>What an error in an UPDATE message leads to (RFC 7606 §2), weakest first.</summary>
public enum UpdateError : byte
{
    /// <summary>There is none.</summary>
    None,

    /// <summary>Attributes are left out (<see cref="UpdateView.Discarded"/>), the routes are taken.</summary>
    AttributeDiscard,

    /// <summary>Every route that the message announces is withdrawn.</summary>
    TreatAsWithdraw,

    /// <summary>The session ends with <see cref="UpdateView.Notification"/>.</summary>
    ResetSession,
}

/// <summary>
/// An UPDATE message that <see cref="UpdateReader"/> checked: views into its octets, valid as long as they are. With <see cref="UpdateError.TreatAsWithdraw"/> the announced routes are to be
/// withdrawn like the others; with <see cref="UpdateError.ResetSession"/> there is nothing to read. Withdrawals are to be done first: a prefix that is withdrawn and announced is announced
/// (RFC 4271 §4.3).
/// </summary>
public ref struct UpdateView
{
    internal UpdateFault Fault;
    internal UpdateOptions Options;
    internal ReadOnlySpan<byte> Body;

    /// <summary>The whole Tunnel Encapsulation attribute; empty without.</summary>
    internal ReadOnlySpan<byte> TunnelEncapsulation;

    /// <summary>What errors lead to.</summary>
    public readonly UpdateError Error => Fault.Error;

    /// <summary>Withdrawn routes of IPv4 unicast.</summary>
    public ReadOnlySpan<byte> Withdrawn { get; internal set; }

    /// <summary>Announced routes of IPv4 unicast.</summary>
    public ReadOnlySpan<byte> Announced { get; internal set; }

    /// <summary>Path attributes, as they came.</summary>
    public ReadOnlySpan<byte> Attributes { get; internal set; }

    /// <summary>MP_REACH_NLRI of a family that is spoken is there.</summary>
    public bool HasReach { get; internal set; }

    /// <summary>Family of MP_REACH_NLRI.</summary>
    public Family ReachFamily { get; internal set; }

    /// <summary>The next hop field of MP_REACH_NLRI; its length fits the family.</summary>
    public ReadOnlySpan<byte> ReachNextHop { get; internal set; }

    /// <summary>NLRI of MP_REACH_NLRI.</summary>
    public ReadOnlySpan<byte> Reached { get; internal set; }

    /// <summary>MP_UNREACH_NLRI of a family that is spoken is there.</summary>
    public bool HasUnreach { get; internal set; }

    /// <summary>Family of MP_UNREACH_NLRI.</summary>
    public Family UnreachFamily { get; internal set; }

    /// <summary>NLRI of MP_UNREACH_NLRI.</summary>
    public ReadOnlySpan<byte> Unreached { get; internal set; }

    /// <summary>A family came that is not spoken with the neighbour; its routes are ignored. Default: none.</summary>
    public Family IgnoredFamily { get; internal set; }

    /// <summary>Attributes whose value is not used.</summary>
    public AttributeTypes Discarded { get; internal set; }

    /// <summary>Attributes that came more than once; the first counts (RFC 7606 §3 g).</summary>
    public AttributeTypes Repeated { get; internal set; }

    /// <summary>What is wrong and what follows, as a sentence; empty without an error. Made when asked for.</summary>
    public readonly string Why => Fault.Describe(Discarded);

    /// <summary>What RFC 7606 §6 wants logged with an error: the routes and the octets of the message, both bounded; empty without an error. Made when asked for.</summary>
    public readonly string Evidence => Error == UpdateError.None ? "" : UpdateEvidence.Of(this);

    /// <summary>The NOTIFICATION that ends the session, or null.</summary>
    public readonly NotificationMessage? Notification => Fault.ToNotification();

    /// <summary>Withdrawn routes of IPv4 unicast.</summary>
    public readonly NlriReader WithdrawnNlri => new(Withdrawn, Family.Ipv4Unicast, Options.AddPath.Contains(Family.Ipv4Unicast));

    /// <summary>Announced routes of IPv4 unicast, without those that cannot be (RFC 4271 §6.3) unless they are to be withdrawn.</summary>
    public readonly NlriReader AnnouncedNlri => new(Announced, Family.Ipv4Unicast, Options.AddPath.Contains(Family.Ipv4Unicast), Error != UpdateError.TreatAsWithdraw);

    /// <summary>Withdrawn routes of <see cref="UnreachFamily"/>.</summary>
    public readonly NlriReader UnreachedNlri => new(Unreached, UnreachFamily, Options.AddPath.Contains(UnreachFamily));

    /// <summary>Announced routes of <see cref="ReachFamily"/>, without those that cannot be unless they are to be withdrawn.</summary>
    public readonly NlriReader ReachedNlri => new(Reached, ReachFamily, Options.AddPath.Contains(ReachFamily), Error != UpdateError.TreatAsWithdraw);

    /// <summary>Whether this is End-of-RIB (RFC 4724 §2), and of which family.</summary>
    public readonly bool IsEndOfRib(out Family family)
    {
        family = HasUnreach ? UnreachFamily : Family.Ipv4Unicast;
        if (Error != UpdateError.None || !Withdrawn.IsEmpty || !Announced.IsEmpty || HasReach) return false;
        return HasUnreach ? Unreached.IsEmpty && EndOfRibAttributes(Attributes) : Attributes.IsEmpty && Options.Families.Contains(family);
    }

    /// <summary>Octets of <see cref="RawKey"/>.</summary>
    public readonly int RawLength => Attributes.Length - MpReachOctets.Length - MpUnreachOctets.Length;

    /// <summary>
    /// The attributes without MP_REACH_NLRI and MP_UNREACH_NLRI, as they came: with the next hop and the family of the routes, what <see cref="AttributeReader.Read"/> makes the attributes from.
    /// Equal octets under equal options read equal.
    /// </summary>
    /// <param name="scratch">Where the octets go when they do not lie together; at least <see cref="RawLength"/> long.</param>
    public readonly ReadOnlySpan<byte> RawKey(Span<byte> scratch)
    {
        var first = MpReachOctets;
        var second = MpUnreachOctets;
        if (second.Start < first.Start) (first, second) = (second, first);
        if (second.Length == 0) (first, second) = (default, first);
        // What is left are the octets before the first, between the two, and behind the second.
        var before = Attributes[..first.Start];
        var between = Attributes[(first.Start + first.Length)..second.Start];
        var behind = Attributes[(second.Start + second.Length)..];
        if (before.IsEmpty && between.IsEmpty) return behind;
        if (behind.IsEmpty && before.IsEmpty) return between;
        if (behind.IsEmpty && between.IsEmpty) return before;
        before.CopyTo(scratch);
        between.CopyTo(scratch[before.Length..]);
        behind.CopyTo(scratch[(before.Length + between.Length)..]);
        return scratch[..(before.Length + between.Length + behind.Length)];
    }

    internal (int Start, int Length) MpReachOctets { get; set; }

    internal (int Start, int Length) MpUnreachOctets { get; set; }

    // Nothing but one MP_UNREACH_NLRI, which is there.
    private readonly bool EndOfRibAttributes(ReadOnlySpan<byte> attributes) => MpUnreachOctets.Length == attributes.Length;
}
