using Appliance.Shared;

namespace Appliance.Policy;

/// <summary>Who gets a copy of multicast: a member of a group by its ESP address, and the group's tunnel of that address's family.</summary>
public readonly record struct MulticastMember(IpAddress Address, string Tunnel);
