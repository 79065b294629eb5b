using Appliance.Shared;

namespace Appliance.Esp;

/// <summary>The newest packet of an inbound SA, in UDP and authenticated, came from elsewhere than the SA's peer (RFC 7296 §2.23).</summary>
/// <param name="Slot">Slot of the SA.</param>
/// <param name="Source">Outer source.</param>
/// <param name="Port">UDP source port.</param>
public readonly record struct SaMove(uint Slot, IpAddress Source, ushort Port);
