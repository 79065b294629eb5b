using System.Buffers.Binary;

namespace Appliance.Bgp;

/// <summary>Reads capabilities (RFC 5492 §4) one after another and gathers what they say. A later instance of one adds to a list and replaces a single value.</summary>
internal sealed class CapabilityReader
{
    private readonly List<Family> families = [];
    private readonly List<NextHopEncoding> nextHops = [];
    private readonly List<AddPathFamily> addPath = [];
    private readonly List<UnknownCapability> unknown = [];
    private Capabilities single = new();

    /// <summary>What was read.</summary>
    public Capabilities Result => single with { Families = families, ExtendedNextHop = nextHops, AddPath = addPath, Unknown = unknown };

    /// <summary>Reads the value of a Capabilities parameter. False: a length is wrong.</summary>
    public bool TryRead(ReadOnlySpan<byte> octets)
    {
        while (!octets.IsEmpty)
        {
            if (octets.Length < 2 || octets.Length < 2 + octets[1]) return false;
            if (!TryReadOne(octets[0], octets.Slice(2, octets[1]))) return false;
            octets = octets[(2 + octets[1])..];
        }

        return true;
    }

    private bool TryReadOne(byte code, ReadOnlySpan<byte> value) => code switch
    {
        CapabilityCode.Multiprotocol => ReadFamily(value),
        CapabilityCode.RouteRefresh => value.IsEmpty && Set(single with { RouteRefresh = true }),
        CapabilityCode.ExtendedNextHop => ReadNextHops(value),
        CapabilityCode.ExtendedMessage => value.IsEmpty && Set(single with { ExtendedMessage = true }),
        CapabilityCode.GracefulRestart => ReadRestart(value),
        CapabilityCode.FourOctetAs => value.Length == 4 && Set(single with { FourOctetAs = BinaryPrimitives.ReadUInt32BigEndian(value) }),
        CapabilityCode.AddPath => ReadAddPath(value),
        CapabilityCode.EnhancedRouteRefresh => value.IsEmpty && Set(single with { EnhancedRouteRefresh = true }),
        _ => Keep(code, value),
    };

    private bool Set(Capabilities changed)
    {
        single = changed;
        return true;
    }

    private bool Keep(byte code, ReadOnlySpan<byte> value)
    {
        unknown.Add(new UnknownCapability(code, value.ToArray()));
        return true;
    }

    private bool ReadFamily(ReadOnlySpan<byte> value)
    {
        if (value.Length != 4) return false;
        var family = new Family(BinaryPrimitives.ReadUInt16BigEndian(value), value[3]);
        if (!families.Contains(family)) families.Add(family);
        return true;
    }

    private bool ReadNextHops(ReadOnlySpan<byte> value)
    {
        if (value.Length % 6 != 0) return false;
        for (; !value.IsEmpty; value = value[6..])
        {
            // The SAFI stands in two octets here; one beyond 255 is none.
            if (value[2] == 0) nextHops.Add(new NextHopEncoding(new Family(BinaryPrimitives.ReadUInt16BigEndian(value), value[3]), BinaryPrimitives.ReadUInt16BigEndian(value[4..])));
        }

        return true;
    }

    private bool ReadRestart(ReadOnlySpan<byte> value)
    {
        if (value.Length % 4 != 2) return false;
        var first = BinaryPrimitives.ReadUInt16BigEndian(value);
        var restart = new List<RestartFamily>();
        for (var rest = value[2..]; !rest.IsEmpty; rest = rest[4..])
        {
            restart.Add(new RestartFamily(new Family(BinaryPrimitives.ReadUInt16BigEndian(rest), rest[2]), (rest[3] & 0x80) != 0));
        }

        return Set(single with { GracefulRestart = new GracefulRestart((first & 0x8000) != 0, (first & 0x4000) != 0, first & 0xfff, restart) });
    }

    private bool ReadAddPath(ReadOnlySpan<byte> value)
    {
        if (value.Length % 4 != 0) return false;
        for (; !value.IsEmpty; value = value[4..])
        {
            // RFC 7911 §4: any other value is not understood, and ignored.
            if (value[3] is < 1 or > 3) continue;
            var family = new Family(BinaryPrimitives.ReadUInt16BigEndian(value), value[2]);
            // RFC 7911 §4: where a family is named more than once, the last counts.
            addPath.RemoveAll(a => a.Family == family);
            addPath.Add(new AddPathFamily(family, (AddPathMode)value[3]));
        }

        return true;
    }
}
