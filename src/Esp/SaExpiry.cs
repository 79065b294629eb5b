namespace Appliance.Esp;

/// <summary>An outbound SA came to a limit; said once for each limit and SA.</summary>
/// <param name="Slot">Slot of the SA.</param>
/// <param name="IsHard">True: it sends nothing any more. False: it should be rekeyed.</param>
/// <param name="Sequence">Its last sequence number.</param>
public readonly record struct SaExpiry(uint Slot, bool IsHard, ulong Sequence);
