namespace Appliance.SlowPath.Netlink;

/// <summary>Message types of rtnetlink(7) and netlink(7).</summary>
internal static class MessageType
{
    public const ushort Error = 2, Done = 3;
    public const ushort NewLink = 16, DeleteLink = 17, GetLink = 18;
    public const ushort NewAddress = 20, DeleteAddress = 21, GetAddress = 22;
    public const ushort NewRoute = 24, DeleteRoute = 25, GetRoute = 26;
    public const ushort NewNeighbour = 28, DeleteNeighbour = 29, GetNeighbour = 30;
    public const ushort NewRule = 32;
}

/// <summary>Flags of a message.</summary>
internal static class MessageFlags
{
    public const ushort Request = 1, Acknowledge = 4, DumpInterrupted = 0x10, Replace = 0x100, Exclusive = 0x200, Dump = 0x300, Create = 0x400;
}

/// <summary>Attributes of each kind of message.</summary>
internal static class Attribute
{
    public const ushort LinkAddress = 1, LinkName = 3, LinkMtu = 4, LinkCarrier = 33;
    public const ushort LinkInfo = 18, InfoKind = 1, InfoData = 2, VrfTable = 1;
    public const ushort Address = 1, AddressLocal = 2, AddressFlags = 8;
    public const ushort NeighbourDestination = 1, NeighbourLinkLayer = 2;
    public const ushort RouteDestination = 1, RouteOutInterface = 4, RouteGateway = 5, RoutePriority = 6, RoutePreferredSource = 7, RouteMultipath = 9, RouteTable = 15, RouteVia = 18;
    public const ushort RulePriority = 6, RuleMark = 10, RuleMarkMask = 16, RuleProtocol = 21;
}

/// <summary>States of a neighbour (NUD_*).</summary>
[Flags]
internal enum NeighbourState : ushort
{
    None = 0,
    Incomplete = 1,
    Reachable = 2,
    Stale = 4,
    Delay = 8,
    Probe = 0x10,
    Failed = 0x20,
    NoArp = 0x40,
    Permanent = 0x80,
    Resolved = Reachable | Stale | Delay | Probe | NoArp | Permanent,
}

/// <summary>Everything else that rtnetlink numbers.</summary>
internal static class Rtnetlink
{
    public const byte FamilyV4 = 2, FamilyV6 = 10;
    public const uint TableMain = 254, TableLocal = 255;
    public const byte RouteUnicast = 1, RouteLocal = 2, RouteBroadcast = 3, RouteBlackhole = 6, RouteUnreachable = 7, RouteProhibit = 8, RuleToTable = 1;
    public const byte ScopeLink = 253, ScopeUniverse = 0;
    public const uint RouteIsCached = 0x200, RouteIsOnLink = 4, LinkIsUp = 1, LinkHasCarrier = 0x10000;
    public const uint AddressDuplicate = 8;
    public const byte NeighbourUse = 1, NeighbourProxy = 8;

    /// <summary>Multicast groups: link, neigh, IPv4 and IPv6 addresses and routes.</summary>
    public const uint Groups = 1 << 0 | 1 << 2 | 1 << 4 | 1 << 6 | 1 << 8 | 1 << 10;
}
