namespace Appliance.Bgp;

/// <summary>Error codes (RFC 4271 §4.5, RFC 7313).</summary>
public enum NotificationCode : byte
{
    /// <summary>Message Header Error.</summary>
    MessageHeader = 1,

    /// <summary>OPEN Message Error.</summary>
    OpenMessage = 2,

    /// <summary>UPDATE Message Error.</summary>
    UpdateMessage = 3,

    /// <summary>Hold Timer Expired.</summary>
    HoldTimerExpired = 4,

    /// <summary>Finite State Machine Error.</summary>
    FiniteStateMachine = 5,

    /// <summary>Cease.</summary>
    Cease = 6,

    /// <summary>ROUTE-REFRESH Message Error (RFC 7313).</summary>
    RouteRefresh = 7,

    /// <summary>Send Hold Timer Expired (RFC 9687).</summary>
    SendHoldTimerExpired = 8,
}

/// <summary>Subcodes of Message Header Error (RFC 4271 §6.1).</summary>
public static class HeaderError
{
    /// <summary>The marker is not all ones.</summary>
    public const byte ConnectionNotSynchronized = 1;

    /// <summary>The length cannot be; data: the length.</summary>
    public const byte BadMessageLength = 2;

    /// <summary>The type is unknown; data: the type.</summary>
    public const byte BadMessageType = 3;
}

/// <summary>Subcodes of OPEN Message Error (RFC 4271 §6.2, RFC 5492, RFC 9234).</summary>
public static class OpenError
{
    /// <summary>Not said closer: a field that lies about lengths.</summary>
    public const byte Unspecific = 0;

    /// <summary>Unsupported Version Number; data: the version that is supported.</summary>
    public const byte UnsupportedVersion = 1;

    /// <summary>Bad Peer AS.</summary>
    public const byte BadPeerAs = 2;

    /// <summary>Bad BGP Identifier.</summary>
    public const byte BadIdentifier = 3;

    /// <summary>Unsupported Optional Parameter.</summary>
    public const byte UnsupportedParameter = 4;

    /// <summary>Unacceptable Hold Time.</summary>
    public const byte UnacceptableHoldTime = 6;

    /// <summary>Unsupported Capability; data: the capabilities that are missed.</summary>
    public const byte UnsupportedCapability = 7;

    /// <summary>Role Mismatch (RFC 9234).</summary>
    public const byte RoleMismatch = 11;
}

/// <summary>Subcodes of UPDATE Message Error (RFC 4271 §6.3).</summary>
public static class UpdateErrorCode
{
    /// <summary>Malformed Attribute List.</summary>
    public const byte MalformedAttributeList = 1;

    /// <summary>Unrecognized Well-known Attribute.</summary>
    public const byte UnrecognizedWellKnown = 2;

    /// <summary>Missing Well-known Attribute.</summary>
    public const byte MissingWellKnown = 3;

    /// <summary>Attribute Flags Error.</summary>
    public const byte AttributeFlags = 4;

    /// <summary>Attribute Length Error.</summary>
    public const byte AttributeLength = 5;

    /// <summary>Invalid ORIGIN Attribute.</summary>
    public const byte InvalidOrigin = 6;

    /// <summary>Invalid NEXT_HOP Attribute.</summary>
    public const byte InvalidNextHop = 8;

    /// <summary>Optional Attribute Error.</summary>
    public const byte OptionalAttribute = 9;

    /// <summary>Invalid Network Field.</summary>
    public const byte InvalidNetworkField = 10;

    /// <summary>Malformed AS_PATH.</summary>
    public const byte MalformedAsPath = 11;
}

/// <summary>Subcodes of Finite State Machine Error (RFC 6608); data: the type of the message.</summary>
public static class StateMachineError
{
    /// <summary>Receive Unexpected Message in OpenSent State.</summary>
    public const byte InOpenSent = 1;

    /// <summary>Receive Unexpected Message in OpenConfirm State.</summary>
    public const byte InOpenConfirm = 2;

    /// <summary>Receive Unexpected Message in Established State.</summary>
    public const byte InEstablished = 3;
}

/// <summary>Subcodes of Cease (RFC 4486, RFC 8538, RFC 9384).</summary>
public static class CeaseReason
{
    /// <summary>Maximum Number of Prefixes Reached; data: AFI, SAFI, upper bound.</summary>
    public const byte MaximumPrefixes = 1;

    /// <summary>Administrative Shutdown; data: text (RFC 8203).</summary>
    public const byte AdministrativeShutdown = 2;

    /// <summary>Peer De-configured.</summary>
    public const byte PeerDeconfigured = 3;

    /// <summary>Administrative Reset; data: text (RFC 8203).</summary>
    public const byte AdministrativeReset = 4;

    /// <summary>Connection Rejected.</summary>
    public const byte ConnectionRejected = 5;

    /// <summary>Other Configuration Change.</summary>
    public const byte OtherConfigurationChange = 6;

    /// <summary>Connection Collision Resolution.</summary>
    public const byte CollisionResolution = 7;

    /// <summary>Out of Resources.</summary>
    public const byte OutOfResources = 8;

    /// <summary>Hard Reset (RFC 8538); data: code, subcode and data of what it is about.</summary>
    public const byte HardReset = 9;

    /// <summary>BFD Down (RFC 9384).</summary>
    public const byte BfdDown = 10;
}

/// <summary>Subcodes of ROUTE-REFRESH Message Error (RFC 7313 §5).</summary>
public static class RefreshError
{
    /// <summary>Invalid Message Length; data: the whole message.</summary>
    public const byte InvalidMessageLength = 1;
}
