namespace Appliance.Machine;

/// <summary>What comes in with every event besides the event: the time and fresh randomness. A machine has no other clock and no other source of chance.</summary>
/// <param name="Now">The host's clock.</param>
/// <param name="Entropy">Unpredictable octets for nonces, SPIs, cookies and jitter.</param>
public readonly record struct StepContext(Instant Now, Entropy Entropy);
