using Appliance.Crypto;

namespace Appliance.Ike;

/// <summary>What is public of a credential of ours. Its private key stays with the host, which signs (<see cref="MakeSignature"/>).</summary>
/// <param name="Chain">
/// DER of X.509 certificates for CERT payloads (encoding 4, RFC 7296 §3.6), one each: ours first, then the intermediate ones upwards. No trust anchor among them.
/// </param>
/// <param name="Key">Kind of key.</param>
public sealed record CredentialFacts(IReadOnlyList<byte[]> Chain, SignatureKeyKind Key);
