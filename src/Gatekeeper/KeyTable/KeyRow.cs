using Appliance.Crypto;

namespace Appliance.Gatekeeper;

/// <summary>For which traffic a key may be used (RFC 7210 §2, Direction).</summary>
[Flags]
public enum KeyDirection : byte
{
    /// <summary>None at present.</summary>
    Disabled = 0,

    /// <summary>Inbound.</summary>
    In = 1,

    /// <summary>Outbound.</summary>
    Out = 2,

    /// <summary>Both.</summary>
    Both = In | Out,
}

/// <summary>A row of the crypto key table (RFC 7210 §2): one long-lived key and what it is for. The key is the row's; disposing wipes it.</summary>
public sealed record KeyRow : IDisposable
{
    /// <summary>In <see cref="Interfaces"/>: every interface.</summary>
    public const string AllInterfaces = "all";

    /// <summary>What an operator calls it; unique in a table.</summary>
    public required string AdminKeyName { get; init; }

    /// <summary>Its name in messages that come in, as the protocol writes it (§5.1: hexadecimal digits).</summary>
    public required string LocalKeyName { get; init; }

    /// <summary>Its name in messages that go out; empty for a group's key.</summary>
    public required string PeerKeyName { get; init; }

    /// <summary>Peers that have it, as the protocol spells them.</summary>
    public required IReadOnlyList<string> Peers { get; init; }

    /// <summary>Interfaces that it may be used on; "all" for every one.</summary>
    public IReadOnlyList<string> Interfaces { get; init; } = [AllInterfaces];

    /// <summary>The protocol: "TCP-AO", "BFD" and so on.</summary>
    public required string Protocol { get; init; }

    /// <summary>What the protocol wants to know besides; never needed to find the key.</summary>
    public string ProtocolSpecificInfo { get; init; } = "";

    /// <summary>Key derivation function; "none" for the key itself.</summary>
    public string Kdf { get; init; } = "none";

    /// <summary>Algorithm.</summary>
    public required string AlgId { get; init; }

    /// <summary>The key. Never shown.</summary>
    public required Secret Key { get; init; }

    /// <summary>For which traffic.</summary>
    public KeyDirection Direction { get; init; } = KeyDirection.Both;

    /// <summary>When it may be sent by.</summary>
    public KeyLifetime Send { get; init; } = KeyLifetime.Always;

    /// <summary>When it is accepted.</summary>
    public KeyLifetime Accept { get; init; } = KeyLifetime.Always;

    /// <inheritdoc/>
    public void Dispose() => Key.Dispose();

    /// <summary>Names no key.</summary>
    public override string ToString() => $"key {AdminKeyName} ({Protocol} {LocalKeyName}/{PeerKeyName}, {AlgId})";
}
