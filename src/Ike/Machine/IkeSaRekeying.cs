namespace Appliance.Ike.Machine;

/// <summary>An IKE SA that another one replaces (RFC 7296 §2.8.2).</summary>
internal sealed partial class IkeSa
{
    /// <summary>The IKE SA that replaced this one and has its children; this one is only there to be deleted.</summary>
    public IkeSa? Successor { get; set; }

    /// <summary>What the peer made while we were rekeying too.</summary>
    public PeerIkeRekey? PeerRekey { get; set; }

    /// <summary>Rekeyings of it that the peer put off, one after the other.</summary>
    public int RekeyRefusals { get; set; }
}

/// <summary>The peer replaced an IKE SA that we were replacing too: what it made, and the nonces that will tell who wins (RFC 7296 §2.8.2).</summary>
internal sealed record PeerIkeRekey(IkeSa Sa, byte[] InitiatorNonce, byte[] ResponderNonce);
