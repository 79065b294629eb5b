namespace Appliance.Bgp;

/// <summary>Codes of capabilities (RFC 5492; IANA).</summary>
public static class CapabilityCode
{
    /// <summary>Multiprotocol Extensions (RFC 4760 §8).</summary>
    public const byte Multiprotocol = 1;

    /// <summary>Route Refresh (RFC 2918).</summary>
    public const byte RouteRefresh = 2;

    /// <summary>Extended Next Hop Encoding (RFC 8950).</summary>
    public const byte ExtendedNextHop = 5;

    /// <summary>BGP Extended Message (RFC 8654).</summary>
    public const byte ExtendedMessage = 6;

    /// <summary>Graceful Restart (RFC 4724).</summary>
    public const byte GracefulRestart = 64;

    /// <summary>4-octet AS number (RFC 6793).</summary>
    public const byte FourOctetAs = 65;

    /// <summary>ADD-PATH (RFC 7911).</summary>
    public const byte AddPath = 69;

    /// <summary>Enhanced Route Refresh (RFC 7313).</summary>
    public const byte EnhancedRouteRefresh = 70;
}

/// <summary>Send/Receive of the ADD-PATH capability (RFC 7911 §4).</summary>
[Flags]
public enum AddPathMode : byte
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>Who says it is able to receive several paths.</summary>
    Receive = 1,

    /// <summary>Who says it is able to send several paths.</summary>
    Send = 2,

    /// <summary>Both.</summary>
    Both = 3,
}

/// <summary>A family of the graceful restart capability.</summary>
/// <param name="Family">The family.</param>
/// <param name="ForwardingKept">F bit: the forwarding state was preserved.</param>
public readonly record struct RestartFamily(Family Family, bool ForwardingKept);

/// <summary>The graceful restart capability (RFC 4724 §3).</summary>
/// <param name="Restarted">R bit: who says it has restarted.</param>
/// <param name="Notification">N bit: a NOTIFICATION, too, leaves routes in place (RFC 8538).</param>
/// <param name="Seconds">Restart time, 12 bits.</param>
/// <param name="Families">Families whose routes are to be kept.</param>
public sealed record GracefulRestart(bool Restarted, bool Notification, int Seconds, IReadOnlyList<RestartFamily> Families)
{
    /// <summary>Same bits, time and families.</summary>
    public bool Equals(GracefulRestart? other) => other is not null && Restarted == other.Restarted && Notification == other.Notification && Seconds == other.Seconds
        && Families.SequenceEqual(other.Families);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Restarted, Notification, Seconds, Families.Count);
}

/// <summary>IPv4 routes of a family can have next hops of another one (RFC 8950 §4).</summary>
/// <param name="Family">Family of the routes.</param>
/// <param name="NextHopAfi">AFI of the next hop.</param>
public readonly record struct NextHopEncoding(Family Family, ushort NextHopAfi);

/// <summary>What ADD-PATH says of a family.</summary>
/// <param name="Family">The family.</param>
/// <param name="Mode">What who says it can.</param>
public readonly record struct AddPathFamily(Family Family, AddPathMode Mode);

/// <summary>A capability that is not known here.</summary>
/// <param name="Code">Its code.</param>
/// <param name="Value">Its value.</param>
public sealed record UnknownCapability(byte Code, byte[] Value);

/// <summary>The capabilities of an OPEN message (RFC 5492), each understood. Families that are not spoken here may stand in the lists.</summary>
public sealed record Capabilities
{
    /// <summary>Families (RFC 4760 §8), each once.</summary>
    public IReadOnlyList<Family> Families { get; init; } = [];

    /// <summary>ROUTE-REFRESH is understood (RFC 2918).</summary>
    public bool RouteRefresh { get; init; }

    /// <summary>Beginning and end of a refresh are understood (RFC 7313).</summary>
    public bool EnhancedRouteRefresh { get; init; }

    /// <summary>Messages of up to 65535 octets are taken (RFC 8654).</summary>
    public bool ExtendedMessage { get; init; }

    /// <summary>The AS in 4 octets, or null where only two are spoken (RFC 6793).</summary>
    public uint? FourOctetAs { get; init; }

    /// <summary>Next hops of another family (RFC 8950).</summary>
    public IReadOnlyList<NextHopEncoding> ExtendedNextHop { get; init; } = [];

    /// <summary>Graceful restart, or null.</summary>
    public GracefulRestart? GracefulRestart { get; init; }

    /// <summary>Several paths of a prefix (RFC 7911).</summary>
    public IReadOnlyList<AddPathFamily> AddPath { get; init; } = [];

    /// <summary>What is not known here, in the order in which it came.</summary>
    public IReadOnlyList<UnknownCapability> Unknown { get; init; } = [];

    /// <summary>The families that are spoken here, too; IPv4 unicast when none is said at all (RFC 4760 §8 came later than BGP-4).</summary>
    public FamilySet SpokenFamilies => Families.Count == 0 ? FamilySet.None.With(Family.Ipv4Unicast) : FamilySet.Of(Families);

    /// <summary>What is said of ADD-PATH in a family.</summary>
    public AddPathMode AddPathOf(Family family)
    {
        foreach (var one in AddPath)
        {
            if (one.Family == family) return one.Mode;
        }

        return AddPathMode.None;
    }

    /// <summary>Families of AFI 1 whose next hops can be IPv6 addresses.</summary>
    public FamilySet Ipv6NextHops => FamilySet.Of(ExtendedNextHop.Where(e => e.NextHopAfi == 2).Select(e => e.Family));
}
