using Appliance.Shared;

namespace Appliance.Esp;

/// <summary>What became of a received ESP packet.</summary>
public struct EspResult
{
    /// <summary><see cref="DropReason.None"/>, or why the packet must be dropped. After <see cref="DropReason.IntegrityFailed"/> its octets are wiped or still ciphertext.</summary>
    public DropReason Reason;

    /// <summary>Next header of the ESP trailer: 4 or 41 in tunnel mode and IIPtran, the transport protocol in transport mode.</summary>
    public byte NextHeader;

    /// <summary>A dummy packet (RFC 4303 §2.6): authentic, to be absorbed.</summary>
    public bool IsAbsorbed;
}
