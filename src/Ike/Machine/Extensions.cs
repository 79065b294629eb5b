namespace Appliance.Ike.Machine;

/// <summary>Extensions that both sides support on an IKE SA.</summary>
[Flags]
internal enum Extensions : ushort
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary>Fragmentation (RFC 7383).</summary>
    Fragmentation = 1,

    /// <summary>MOBIKE (RFC 4555).</summary>
    Mobike = 2,

    /// <summary>Digital signatures with hashes that both know (RFC 7427).</summary>
    SignatureHashes = 4,

    /// <summary>IKE SAs without a child (RFC 6023).</summary>
    Childless = 8,

    /// <summary>The peer can be redirected (RFC 5685).</summary>
    Redirect = 16,

    /// <summary>IKE_INTERMEDIATE (RFC 9242).</summary>
    Intermediate = 32,

    /// <summary>A post-quantum preshared key is in the keys (RFC 8784).</summary>
    Ppk = 64,

    /// <summary>We began the first of the IKE SAs that replaced one another: with MOBIKE we decide about addresses (RFC 4555 §1.3).</summary>
    BeganFirst = 128,

    /// <summary>Multi-point SAs: both sides sent the vendor ID (draft-yamaya-ipsecme-mpsa-04 §3.2.1).</summary>
    Multipoint = 256,

    /// <summary>Sender-IDs, GROUP and MPSA_REFUSED: both sides sent our own vendor ID.</summary>
    SenderIds = 512,
}
