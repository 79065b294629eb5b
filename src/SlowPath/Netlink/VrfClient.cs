using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using Appliance.Policy;
using Appliance.Shared;

namespace Appliance.SlowPath.Netlink;

/// <summary>Writes into the tables of VRF devices. The kernel finds the way to a next hop in the VRF's own table first. One thread.</summary>
internal sealed class VrfClient : IVrfKernel
{
    private const int NoSuchProcess = 3, LinkHeader = 16, RouteHeader = 12, NextHopHeader = 8, Attempts = 5;

    /// <summary>What says that a route is ours, beside the protocol's number.</summary>
    private const uint Metric = 20;

    /// <summary>Paths that share the flows at most.</summary>
    private const int MostHops = 32;
    private readonly NetlinkDialogue kernel = new();

    /// <inheritdoc/>
    public uint? TableOf(string device)
    {
        uint? table = null;
        for (var i = 0; i < Attempts && !kernel.TryDump(NetlinkWriter.Dump(kernel.Request, MessageType.GetLink, kernel.Next()).Finish(), Take); i++)
        {
        }

        return table;

        void Take(in NetlinkMessage message)
        {
            if (TryParse(message, out var name, out var found) && name == device) table = found;
        }
    }

    /// <inheritdoc/>
    public IReadOnlyCollection<IpPrefix> OwnRoutes(uint table)
    {
        var routes = new HashSet<IpPrefix>();
        for (var i = 0; i < Attempts && !kernel.TryDump(NetlinkWriter.Dump(kernel.Request, MessageType.GetRoute, kernel.Next()).Finish(), Take); i++)
        {
        }

        return routes;

        void Take(in NetlinkMessage message)
        {
            var body = message.Body;
            if (message.Type != MessageType.NewRoute || body.Length < RouteHeader || body[0] is not (Rtnetlink.FamilyV4 or Rtnetlink.FamilyV6) || body[5] != KernelRoutes.OwnProtocol) return;
            var v4 = body[0] == Rtnetlink.FamilyV4;
            var fields = new RouteFields(v4 ? IpAddress.FromV4(0) : default, body[4]);
            if (!fields.Read(new AttributeReader(body[RouteHeader..])) || body[1] > (v4 ? 32 : 128) || fields.Destination.IsV4 != v4 || fields.Table != table) return;
            routes.Add(new IpPrefix(fields.Destination, body[1]));
        }
    }

    /// <inheritdoc/>
    public string? Write(uint table, IpPrefix prefix, IReadOnlyList<IpAddress> nextHops)
    {
        var add = nextHops.Count > 0;
        Span<byte> part = [prefix.IsV4 ? Rtnetlink.FamilyV4 : Rtnetlink.FamilyV6, (byte)prefix.Length, 0, 0, 0, KernelRoutes.OwnProtocol, Rtnetlink.ScopeUniverse, Rtnetlink.RouteUnicast, 0, 0, 0, 0];
        var flags = MessageFlags.Request | MessageFlags.Acknowledge | (add ? MessageFlags.Create | MessageFlags.Replace : 0);
        var writer = new NetlinkWriter(kernel.Request, add ? MessageType.NewRoute : MessageType.DeleteRoute, (ushort)flags, kernel.Next(), part);
        writer.Add(Attribute.RouteDestination, prefix.Address);
        writer.Add(Attribute.RouteTable, table);
        writer.Add(Attribute.RoutePriority, Metric);
        if (nextHops.Count == 1) AddHop(ref writer, prefix, nextHops[0]);
        else if (add) AddHops(ref writer, prefix, nextHops);
        return kernel.Change(writer.Finish(), add ? 0 : NoSuchProcess);
    }

    /// <inheritdoc/>
    public void Dispose() => kernel.Dispose();

    /// <summary>Reads what kind of device a link is; false for what is none of a VRF.</summary>
    internal static bool TryParse(in NetlinkMessage message, out string name, out uint table)
    {
        (name, table) = ("", 0);
        if (message.Type != MessageType.NewLink || message.Body.Length < LinkHeader) return false;
        var attributes = new AttributeReader(message.Body[LinkHeader..]);
        while (attributes.TryNext(out var type, out var value))
        {
            if (type == Attribute.LinkName) name = Encoding.UTF8.GetString(value.TrimEnd((byte)0));
            else if (type == Attribute.LinkInfo) table = Table(value);
        }

        return table != 0;
    }

    private static uint Table(ReadOnlySpan<byte> info)
    {
        var (isVrf, table) = (false, 0u);
        var attributes = new AttributeReader(info);
        while (attributes.TryNext(out var type, out var value))
        {
            if (type == Attribute.InfoKind) isVrf = value.TrimEnd((byte)0).SequenceEqual("vrf"u8);
            if (type != Attribute.InfoData) continue;
            var data = new AttributeReader(value);
            while (data.TryNext(out var kind, out var number))
                if (kind == Attribute.VrfTable)
                    table = AttributeReader.Number(number);
        }

        return isVrf ? table : 0;
    }

    private static void AddHop(ref NetlinkWriter writer, IpPrefix prefix, IpAddress hop)
    {
        if (hop.IsV4 == prefix.IsV4)
        {
            writer.Add(Attribute.RouteGateway, hop);
            return;
        }

        Span<byte> via = stackalloc byte[2 + 16];
        writer.Add(Attribute.RouteVia, via[..Via(via, hop)]);
    }

    private static void AddHops(ref NetlinkWriter writer, IpPrefix prefix, IReadOnlyList<IpAddress> hops)
    {
        Span<byte> all = stackalloc byte[MostHops * (NextHopHeader + 4 + 20)];
        all.Clear();
        var length = 0;
        for (var i = 0; i < hops.Count && i < MostHops; i++)
        {
            var hop = all[length..];
            var same = hops[i].IsV4 == prefix.IsV4;
            var value = same ? Address(hop[(NextHopHeader + 4)..], hops[i]) : Via(hop[(NextHopHeader + 4)..], hops[i]);
            var size = NextHopHeader + 4 + ((value + 3) & ~3);
            MemoryMarshal.Write(hop, (ushort)size);
            MemoryMarshal.Write(hop[NextHopHeader..], (ushort)(4 + value));
            MemoryMarshal.Write(hop[(NextHopHeader + 2)..], same ? Attribute.RouteGateway : Attribute.RouteVia);
            length += size;
        }

        writer.Add(Attribute.RouteMultipath, all[..length]);
    }

    private static int Address(Span<byte> to, IpAddress address)
    {
        Span<byte> octets = stackalloc byte[16];
        address.WriteV6(octets);
        var used = address.IsV4 ? octets[12..] : octets;
        used.CopyTo(to);
        return used.Length;
    }

    private static int Via(Span<byte> to, IpAddress address)
    {
        BinaryPrimitives.WriteUInt16LittleEndian(to, address.IsV4 ? Rtnetlink.FamilyV4 : Rtnetlink.FamilyV6);
        return 2 + Address(to[2..], address);
    }
}
