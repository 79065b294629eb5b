using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using Appliance.Policy;
using Appliance.Shared;

namespace Appliance.SlowPath.Netlink;

/// <summary>What a message of rtnetlink says.</summary>
internal enum KernelChangeKind
{
    None,
    Link,
    Address,
    Neighbour,
    Route,
}

/// <summary>One thing that is there or is there no more. Only the field of its kind counts.</summary>
internal readonly record struct KernelChange
{
    public KernelChangeKind Kind { get; init; }

    /// <summary>It is gone.</summary>
    public bool IsRemoval { get; init; }

    /// <summary>It takes the place of what had the same key.</summary>
    public bool Replaces { get; init; }

    public KernelLink? Link { get; init; }

    public KernelAddress Address { get; init; }

    public KernelNeighbour Neighbour { get; init; }

    public NeighbourState NeighbourState { get; init; }

    public KernelRoute Route { get; init; }

    public uint Table { get; init; }

    /// <summary>Reads one message; false when it is nothing that we mirror, or is cut short. Trusts no length.</summary>
    public static bool TryParse(in NetlinkMessage message, out KernelChange change)
    {
        change = default;
        return message.Type switch
        {
            MessageType.NewLink or MessageType.DeleteLink => ParseLink(message, out change),
            MessageType.NewAddress or MessageType.DeleteAddress => ParseAddress(message, out change),
            MessageType.NewNeighbour or MessageType.DeleteNeighbour => ParseNeighbour(message, out change),
            MessageType.NewRoute or MessageType.DeleteRoute => ParseRoute(message, out change),
            _ => false,
        };
    }

    private static bool ParseLink(in NetlinkMessage message, out KernelChange change)
    {
        change = default;
        const int header = 16;
        if (message.Body.Length < header || message.Body[0] != 0) return false;
        var (name, mtu, mac) = ("", 0u, 0UL);
        var attributes = new AttributeReader(message.Body[header..]);
        while (attributes.TryNext(out var type, out var value))
        {
            if (type == Attribute.LinkName) name = Encoding.UTF8.GetString(value.TrimEnd((byte)0));
            else if (type == Attribute.LinkMtu) mtu = AttributeReader.Number(value);
            else if (type == Attribute.LinkAddress) mac = Mac(value);
        }

        var index = MemoryMarshal.Read<uint>(message.Body[4..]);
        var flags = MemoryMarshal.Read<uint>(message.Body[8..]);
        change = new KernelChange
        {
            Kind = KernelChangeKind.Link, IsRemoval = message.Type == MessageType.DeleteLink,
            Link = new KernelLink(index, name, (int)Math.Min(mtu, int.MaxValue), mac, (flags & Rtnetlink.LinkIsUp) != 0, (flags & Rtnetlink.LinkHasCarrier) != 0),
        };
        return index != 0 && name.Length > 0;
    }

    private static bool ParseAddress(in NetlinkMessage message, out KernelChange change)
    {
        change = default;
        const int header = 8;
        if (message.Body.Length < header || message.Body[0] is not (Rtnetlink.FamilyV4 or Rtnetlink.FamilyV6)) return false;
        IpAddress local = default, peer = default;
        var (hasLocal, hasPeer, flags) = (false, false, (uint)message.Body[2]);
        var attributes = new AttributeReader(message.Body[header..]);
        while (attributes.TryNext(out var type, out var value))
        {
            if (type == Attribute.AddressLocal) hasLocal = AttributeReader.TryAddress(value, out local);
            else if (type == Attribute.Address) hasPeer = AttributeReader.TryAddress(value, out peer);
            else if (type == Attribute.AddressFlags) flags = AttributeReader.Number(value);
        }

        var address = hasLocal ? local : peer;
        var v4 = message.Body[0] == Rtnetlink.FamilyV4;
        if (!(hasLocal || hasPeer) || address.IsV4 != v4 || message.Body[1] > (v4 ? 32 : 128)) return false;
        change = new KernelChange
        {
            Kind = KernelChangeKind.Address, IsRemoval = message.Type == MessageType.DeleteAddress || (flags & Rtnetlink.AddressDuplicate) != 0,
            Address = new KernelAddress(MemoryMarshal.Read<uint>(message.Body[4..]), address, message.Body[1]),
        };
        return true;
    }

    private static bool ParseNeighbour(in NetlinkMessage message, out KernelChange change)
    {
        change = default;
        const int header = 12;
        if (message.Body.Length < header || message.Body[0] is not (Rtnetlink.FamilyV4 or Rtnetlink.FamilyV6) || (message.Body[10] & Rtnetlink.NeighbourProxy) != 0) return false;
        IpAddress address = default;
        var (hasAddress, mac) = (false, 0UL);
        var attributes = new AttributeReader(message.Body[header..]);
        while (attributes.TryNext(out var type, out var value))
        {
            if (type == Attribute.NeighbourDestination) hasAddress = AttributeReader.TryAddress(value, out address);
            else if (type == Attribute.NeighbourLinkLayer) mac = Mac(value);
        }

        if (!hasAddress || address.IsV4 != (message.Body[0] == Rtnetlink.FamilyV4)) return false;
        var state = (NeighbourState)MemoryMarshal.Read<ushort>(message.Body[8..]);
        change = new KernelChange
        {
            Kind = KernelChangeKind.Neighbour, NeighbourState = state,
            IsRemoval = message.Type == MessageType.DeleteNeighbour || (state & NeighbourState.Resolved) == 0 || mac == 0,
            Neighbour = new KernelNeighbour(MemoryMarshal.Read<uint>(message.Body[4..]), address, mac),
        };
        return true;
    }

    private static bool ParseRoute(in NetlinkMessage message, out KernelChange change)
    {
        change = default;
        const int header = 12;
        var body = message.Body;
        if (body.Length < header || body[0] is not (Rtnetlink.FamilyV4 or Rtnetlink.FamilyV6)) return false;
        var v4 = body[0] == Rtnetlink.FamilyV4;
        var fields = new RouteFields(v4 ? IpAddress.FromV4(0) : default, body[4]);
        if (!fields.Read(new AttributeReader(body[header..])) || body[1] > (v4 ? 32 : 128) || fields.Destination.IsV4 != v4) return false;
        if ((MemoryMarshal.Read<uint>(body[8..]) & Rtnetlink.RouteIsCached) != 0) return false;
        var ike = fields.Table == KernelRoutes.IkeTable && body[5] == KernelRoutes.OwnProtocol;
        if (!ike && fields.Table is not (Rtnetlink.TableMain or Rtnetlink.TableLocal)) return false;
        KernelRouteKind? kind = body[7] switch
        {
            Rtnetlink.RouteUnicast => KernelRouteKind.Unicast,
            Rtnetlink.RouteLocal => KernelRouteKind.Local,
            Rtnetlink.RouteBroadcast => KernelRouteKind.Broadcast,
            Rtnetlink.RouteBlackhole or Rtnetlink.RouteUnreachable or Rtnetlink.RouteProhibit => KernelRouteKind.Discard,
            _ => null,
        };
        if (kind is not { } known) return false;
        var link = known == KernelRouteKind.Discard ? 0 : fields.Link;
        change = new KernelChange
        {
            Kind = KernelChangeKind.Route, IsRemoval = message.Type == MessageType.DeleteRoute, Replaces = (message.Flags & MessageFlags.Replace) != 0, Table = fields.Table,
            Route = new KernelRoute(new IpPrefix(fields.Destination, body[1]), known, link, fields.Gateway, fields.Metric, body[5], fields.Source, ike),
        };
        return true;
    }

    private static ulong Mac(ReadOnlySpan<byte> value) =>
        value.Length == 6 ? BinaryPrimitives.ReadUInt32LittleEndian(value) | (ulong)BinaryPrimitives.ReadUInt16LittleEndian(value[4..]) << 32 : 0;
}
