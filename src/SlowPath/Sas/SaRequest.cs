using System.Security.Cryptography;
using Appliance.Crypto;

namespace Appliance.SlowPath.Sas;

/// <summary>An SA to be installed. <see cref="Wipe"/> it when done, whatever came of it.</summary>
internal sealed class SaRequest
{
    public required string Tunnel { get; init; }

    public required bool IsOutbound { get; init; }

    public required uint Spi { get; init; }

    public required Cipher Cipher { get; init; }

    public required int KeyLength { get; init; }

    /// <summary>Encryption key, salt, integrity key (RFC 7296 §2.17).</summary>
    public required byte[] KeyMaterial { get; init; }

    public bool Esn { get; init; }

    /// <summary>Packets; 0 for no replay protection.</summary>
    public int ReplayWindow { get; init; }

    /// <summary>Owner; null for the tunnel's own.</summary>
    public int? Worker { get; init; }

    /// <summary>Outbound: every worker of the tunnel sends by it, whoever owns it; otherwise the named worker alone does (a per-resource child, RFC 9611).</summary>
    public bool ServesTunnel { get; init; }

    /// <summary>Soft limit of sequence numbers; 0 for the usual.</summary>
    public ulong SoftSequence { get; init; }

    /// <summary>Hard limit of sequence numbers; 0 for the usual.</summary>
    public ulong HardSequence { get; init; }

    /// <summary>Milliseconds that it lives; 0 for ever.</summary>
    public long LifetimeMilliseconds { get; init; }

    /// <summary>What IKE negotiated besides; null for keys by hand.</summary>
    public NegotiatedSa? Negotiated { get; init; }

    public string Direction => IsOutbound ? "outbound" : "inbound";

    /// <summary>Forgets the key.</summary>
    public void Wipe() => CryptographicOperations.ZeroMemory(KeyMaterial);

    /// <summary>Names no key.</summary>
    public override string ToString() => $"{Direction} SA 0x{Spi:x8} of tunnel {Tunnel}";
}

/// <summary>What only a negotiated SA has.</summary>
/// <param name="SelectorStart">First rule of its traffic selectors.</param>
/// <param name="SelectorCount">How many.</param>
/// <param name="CheckSelectors">Outbound: routes and policy alone would let other packets in.</param>
/// <param name="SoftBytes">Octets at which a soft event comes; 0 for never.</param>
/// <param name="HardBytes">Octets after which it sends nothing; 0 for never.</param>
/// <param name="Tfc">The peer takes padding.</param>
/// <param name="Worker">For this worker's packets alone (RFC 9611).</param>
internal sealed record NegotiatedSa(uint SelectorStart, uint SelectorCount, bool CheckSelectors, ulong SoftBytes, ulong HardBytes, bool Tfc, int? Worker);

/// <summary>Why something asked for was not done: what, what to do, and the HTTP status that says so.</summary>
internal sealed class RefusedException(string message, string hint, int status = 400) : Exception(message)
{
    public string Hint { get; } = hint;

    public int Status { get; } = status;
}
