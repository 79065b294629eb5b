namespace Appliance.Ike.Machine;

/// <summary>What the host decides about the machine once and for all.</summary>
public sealed record IkeMachineOptions
{
    /// <summary>Keys of IKE SAs are handed out for a file that Wireshark reads (<see cref="Ike.ExportKeys"/>).</summary>
    public bool ExportKeys { get; init; }
}
