using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Appliance.Shared;

namespace Appliance.SlowPath.Netlink;

/// <summary>Attributes of a route; of several next hops the first counts.</summary>
internal ref struct RouteFields(IpAddress destination, byte table)
{
    private const int NextHopHeader = 8;

    public IpAddress Destination = destination;
    public IpAddress Gateway;
    public IpAddress Source;
    public uint Table = table;
    public uint Link;
    public uint Metric;

    /// <summary>False when an address has a length that none has.</summary>
    public bool Read(AttributeReader attributes)
    {
        while (attributes.TryNext(out var type, out var value))
        {
            var good = type switch
            {
                Attribute.RouteDestination => AttributeReader.TryAddress(value, out Destination),
                Attribute.RouteGateway => AttributeReader.TryAddress(value, out Gateway),
                Attribute.RoutePreferredSource => AttributeReader.TryAddress(value, out Source),
                Attribute.RouteVia => Via(value),
                Attribute.RouteMultipath => FirstOf(value),
                _ => true,
            };
            if (!good) return false;
            if (type == Attribute.RouteOutInterface) Link = AttributeReader.Number(value);
            else if (type == Attribute.RoutePriority) Metric = AttributeReader.Number(value);
            else if (type == Attribute.RouteTable) Table = AttributeReader.Number(value);
        }

        return true;
    }

    /// <summary>A gateway of the other family: two octets of family in front.</summary>
    private bool Via(ReadOnlySpan<byte> value) => value.Length > 2 && BinaryPrimitives.ReadUInt16LittleEndian(value) is Rtnetlink.FamilyV4 or Rtnetlink.FamilyV6
        && AttributeReader.TryAddress(value[2..], out Gateway);

    private bool FirstOf(ReadOnlySpan<byte> hops)
    {
        if (hops.Length < NextHopHeader) return false;
        int length = MemoryMarshal.Read<ushort>(hops);
        if (length < NextHopHeader || length > hops.Length) return false;
        Link = MemoryMarshal.Read<uint>(hops[4..]);
        var attributes = new AttributeReader(hops[NextHopHeader..length]);
        while (attributes.TryNext(out var type, out var value))
        {
            if (type == Attribute.RouteGateway && !AttributeReader.TryAddress(value, out Gateway)) return false;
            if (type == Attribute.RouteVia && !Via(value)) return false;
        }

        return true;
    }
}
