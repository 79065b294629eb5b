using Appliance.Crypto;

namespace Appliance.SlowPath.Sas;

/// <summary>What the slow path itself remembers of an SA; everything else is in the region.</summary>
internal sealed record SaEntry(bool IsOutbound, uint Slot, uint Spi, string Tunnel, uint TunnelSlot, Cipher Cipher, int KeyLength, int Worker)
{
    /// <summary>The direction as the API spells it.</summary>
    public string Direction => IsOutbound ? "outbound" : "inbound";

    /// <summary>The worker as records have it.</summary>
    public byte Owner => (byte)Worker;

    /// <summary>Group whose multi-point SA it is part of: one inbound record and an outbound one for each worker and outer family share the SPI. Null for an SA of one peer.</summary>
    public string? Group { get; init; }
}
