using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using Appliance.Policy;
using Appliance.Shared;

namespace Appliance.SlowPath.Netlink;

/// <summary>Builds one request: header, fixed part, attributes. The buffer is large enough for every request here.</summary>
internal ref struct NetlinkWriter
{
    private const int HeaderLength = 16;
    private readonly Span<byte> buffer;
    private int length;

    public NetlinkWriter(Span<byte> buffer, ushort type, ushort flags, uint sequence, scoped ReadOnlySpan<byte> fixedPart)
    {
        this.buffer = buffer;
        buffer.Clear();
        MemoryMarshal.Write(buffer[4..], type);
        MemoryMarshal.Write(buffer[6..], flags);
        MemoryMarshal.Write(buffer[8..], sequence);
        fixedPart.CopyTo(buffer[HeaderLength..]);
        length = HeaderLength + fixedPart.Length;
    }

    /// <summary>The finished request.</summary>
    public readonly ReadOnlySpan<byte> Finish()
    {
        MemoryMarshal.Write(buffer, (uint)length);
        return buffer[..length];
    }

    public void Add(ushort type, scoped ReadOnlySpan<byte> value)
    {
        MemoryMarshal.Write(buffer[length..], (ushort)(4 + value.Length));
        MemoryMarshal.Write(buffer[(length + 2)..], type);
        value.CopyTo(buffer[(length + 4)..]);
        length = (length + 4 + value.Length + 3) & ~3;
    }

    public void Add(ushort type, uint value)
    {
        Span<byte> octets = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(octets, value);
        Add(type, octets);
    }

    public void Add(ushort type, IpAddress address)
    {
        Span<byte> octets = stackalloc byte[16];
        address.WriteV6(octets);
        Add(type, address.IsV4 ? octets[12..] : octets);
    }

    /// <summary>A dump of one kind of table.</summary>
    public static NetlinkWriter Dump(Span<byte> buffer, ushort type, uint sequence)
    {
        // The longest of the fixed parts; the family is unspecified: both.
        Span<byte> part = stackalloc byte[16];
        part.Clear();
        return new NetlinkWriter(buffer, type, MessageFlags.Request | MessageFlags.Dump, sequence, type == MessageType.GetLink ? part : part[..12]);
    }

    /// <summary>Sets MTU and brings a device up.</summary>
    public static NetlinkWriter LinkUp(Span<byte> buffer, uint link, int mtu, uint sequence)
    {
        Span<byte> part = stackalloc byte[16];
        part.Clear();
        MemoryMarshal.Write(part[4..], link);
        MemoryMarshal.Write(part[8..], Rtnetlink.LinkIsUp);
        MemoryMarshal.Write(part[12..], Rtnetlink.LinkIsUp);
        var writer = new NetlinkWriter(buffer, MessageType.NewLink, MessageFlags.Request | MessageFlags.Acknowledge, sequence, part);
        writer.Add(Attribute.LinkMtu, (uint)mtu);
        return writer;
    }

    /// <summary>Says whether a TUN device's other end is there.</summary>
    public static NetlinkWriter Carrier(Span<byte> buffer, uint link, bool isThere, uint sequence)
    {
        Span<byte> part = stackalloc byte[16];
        part.Clear();
        MemoryMarshal.Write(part[4..], link);
        var writer = new NetlinkWriter(buffer, MessageType.NewLink, MessageFlags.Request | MessageFlags.Acknowledge, sequence, part);
        writer.Add(Attribute.LinkCarrier, [isThere ? (byte)1 : (byte)0]);
        return writer;
    }

    /// <summary>Adds or removes an address.</summary>
    public static NetlinkWriter Address(Span<byte> buffer, bool add, uint link, InterfaceAddress address, uint sequence)
    {
        const byte noDuplicateDetection = 2;
        Span<byte> part = [Family(address.Address), (byte)address.PrefixLength, noDuplicateDetection, Rtnetlink.ScopeUniverse, 0, 0, 0, 0];
        MemoryMarshal.Write(part[4..], link);
        var flags = add ? MessageFlags.Create | MessageFlags.Replace : 0;
        var writer = new NetlinkWriter(buffer, add ? MessageType.NewAddress : MessageType.DeleteAddress, (ushort)(MessageFlags.Request | MessageFlags.Acknowledge | flags), sequence, part);
        writer.Add(Attribute.AddressLocal, address.Address);
        writer.Add(Attribute.Address, address.Address);
        return writer;
    }

    /// <summary>Adds or removes a route of ours in the main table, or in IKE's.</summary>
    public static NetlinkWriter Route(Span<byte> buffer, bool add, in KernelRoute route, uint sequence)
    {
        var discards = route.Kind == KernelRouteKind.Discard;
        Span<byte> part =
        [
            Family(route.Prefix.Address), (byte)route.Prefix.Length, 0, 0, (byte)(route.IsForIke ? KernelRoutes.IkeTable : Rtnetlink.TableMain), route.Protocol,
            discards || !route.Prefix.IsV4 || !route.Gateway.IsAny ? Rtnetlink.ScopeUniverse : Rtnetlink.ScopeLink, discards ? Rtnetlink.RouteBlackhole : Rtnetlink.RouteUnicast, 0, 0, 0, 0,
        ];
        if (!route.Gateway.IsAny) MemoryMarshal.Write(part[8..], Rtnetlink.RouteIsOnLink);
        var flags = add ? MessageFlags.Create | MessageFlags.Exclusive : 0;
        var writer = new NetlinkWriter(buffer, add ? MessageType.NewRoute : MessageType.DeleteRoute, (ushort)(MessageFlags.Request | MessageFlags.Acknowledge | flags), sequence, part);
        writer.Add(Attribute.RouteDestination, route.Prefix.Address);
        writer.Add(Attribute.RoutePriority, route.Metric);
        if (!discards) writer.Add(Attribute.RouteOutInterface, route.Link);
        if (!route.Gateway.IsAny) writer.Add(Attribute.RouteGateway, route.Gateway);
        if (!route.Source.IsAny) writer.Add(Attribute.RoutePreferredSource, route.Source);
        return writer;
    }

    /// <summary>Adds the rule that leads IKE's mark to IKE's table.</summary>
    public static NetlinkWriter IkeRule(Span<byte> buffer, bool v4, uint sequence)
    {
        Span<byte> part = [v4 ? Rtnetlink.FamilyV4 : Rtnetlink.FamilyV6, 0, 0, 0, (byte)KernelRoutes.IkeTable, 0, 0, Rtnetlink.RuleToTable, 0, 0, 0, 0];
        var writer = new NetlinkWriter(buffer, MessageType.NewRule, MessageFlags.Request | MessageFlags.Acknowledge | MessageFlags.Create | MessageFlags.Exclusive, sequence, part);
        writer.Add(Attribute.RulePriority, KernelRoutes.IkeMark);
        writer.Add(Attribute.RuleMark, KernelRoutes.IkeMark);
        writer.Add(Attribute.RuleMarkMask, uint.MaxValue);
        writer.Add(Attribute.RuleProtocol, [KernelRoutes.OwnProtocol]);
        return writer;
    }

    /// <summary>Makes the kernel resolve a neighbour, or probe one that is stale.</summary>
    public static NetlinkWriter UseNeighbour(Span<byte> buffer, uint link, IpAddress neighbour, uint sequence)
    {
        Span<byte> part = [Family(neighbour), 0, 0, 0, 0, 0, 0, 0, 0, 0, Rtnetlink.NeighbourUse, 0];
        MemoryMarshal.Write(part[4..], link);
        var writer = new NetlinkWriter(buffer, MessageType.NewNeighbour, MessageFlags.Request | MessageFlags.Acknowledge | MessageFlags.Create, sequence, part);
        writer.Add(Attribute.NeighbourDestination, neighbour);
        return writer;
    }

    private static byte Family(IpAddress address) => address.IsV4 ? Rtnetlink.FamilyV4 : Rtnetlink.FamilyV6;
}
