namespace Appliance.Ike.Machine;

/// <summary>What a timer of an IKE SA is for.</summary>
internal enum TimerKind : byte
{
    /// <summary>Our outstanding request was not answered (RFC 7296 §2.1).</summary>
    Retransmit,

    /// <summary>An IKE SA that is not established by now is given up.</summary>
    HalfOpen,

    /// <summary>A NAT's mapping is kept (RFC 7296 §2.23).</summary>
    NatKeepalive,

    /// <summary>Fragments that never become a message are forgotten (RFC 7383 §2.6).</summary>
    Fragments,

    /// <summary>The IKE SA is rekeyed.</summary>
    RekeyIke,

    /// <summary>The IKE SA has lived for too long.</summary>
    ExpireIke,

    /// <summary>Nothing was heard for a while (RFC 7296 §2.4).</summary>
    Liveness,

    /// <summary>An IKE SA that was replaced, or whose deletion is under way, goes.</summary>
    Linger,

    /// <summary>A child is rekeyed.</summary>
    RekeyChild,

    /// <summary>A child has lived for too long.</summary>
    ExpireChild,

    /// <summary>A child that replaces another waits for the peer to have it.</summary>
    ActivateChild,

    /// <summary>Something that failed for the moment is tried again.</summary>
    Retry,

    /// <summary>A request that came too early is taken.</summary>
    Early,

    /// <summary>Key exchanges that the peer does not go on with are forgotten (RFC 9370 §2.2.4).</summary>
    Followup,
}

/// <summary>A timer: of which IKE SA (our SPI), what for, and of which child (inbound SPI; 0 for none).</summary>
internal readonly record struct TimerKey(ulong Sa, TimerKind Kind, uint Child = 0);
