namespace Appliance.Ike.Machine;

/// <summary>Where NATs are between us and the peer (RFC 7296 §2.23).</summary>
[Flags]
internal enum NatState : byte
{
    /// <summary>None, or not known.</summary>
    None = 0,

    /// <summary>We are behind a NAT: the address the peer sees is not ours.</summary>
    Local = 1,

    /// <summary>The peer is behind a NAT.</summary>
    Remote = 2,
}
