namespace Appliance.Ike.Children;

/// <summary>The peer replaced a child that we were replacing too (RFC 7296 §2.8.1): what it made, and the nonces that will tell who wins.</summary>
internal sealed record PeerRekey(ChildState Child, byte[] InitiatorNonce, byte[] ResponderNonce);
