namespace Appliance.Ike.Messages;

/// <summary>
/// Limits on what a message may hold, far above what an honest peer sends. What a peer can make us keep or compute is bounded by these; more is an error
/// (<see cref="MessageErrorKind.TooMany"/>).
/// </summary>
public static class MessageTuning
{
    /// <summary>Octets of a message, whole or put together from fragments: what a UDP datagram can carry.</summary>
    public const int MaximumMessage = 65_507;

    /// <summary>Payloads of a message.</summary>
    public const int MaximumPayloads = 64;

    /// <summary>Proposals of an SA payload.</summary>
    public const int MaximumProposals = 64;

    /// <summary>Transforms of all proposals of an SA payload together.</summary>
    public const int MaximumTransforms = 1024;

    /// <summary>Attributes of a transform.</summary>
    public const int MaximumTransformAttributes = 8;

    /// <summary>Octets of an SPI in a proposal.</summary>
    public const int MaximumSpi = 16;

    /// <summary>CERT payloads of a message: a chain and a little more.</summary>
    public const int MaximumCertificates = 10;

    /// <summary>Octets of all CERT payloads of a message together.</summary>
    public const int MaximumCertificateOctets = 32_768;

    /// <summary>CERTREQ payloads of a message.</summary>
    public const int MaximumCertificateRequests = 8;

    /// <summary>Octets of an identity; a distinguished name is the longest.</summary>
    public const int MaximumIdentity = 2048;

    /// <summary>Selectors of a TS payload; the field counts to 255.</summary>
    public const int MaximumSelectors = 255;

    /// <summary>Attributes of a CP payload.</summary>
    public const int MaximumConfigurationAttributes = 64;

    /// <summary>SPIs of a D payload.</summary>
    public const int MaximumDeletedSpis = 4096;

    /// <summary>Fragments of a message (RFC 7383): 64 KiB in pieces of some 500 octets, and a little more.</summary>
    public const int MaximumFragments = 160;
}
