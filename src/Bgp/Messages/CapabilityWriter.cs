namespace Appliance.Bgp;

/// <summary>Writes capabilities, each as RFC 5492 §4 has it.</summary>
internal static class CapabilityWriter
{
    public static void Write(ref OctetWriter to, Capabilities capabilities)
    {
        foreach (var family in capabilities.Families)
        {
            Begin(ref to, CapabilityCode.Multiprotocol, 4);
            to.Write16(family.Afi);
            to.Write16(family.Safi);
        }

        if (capabilities.RouteRefresh) Begin(ref to, CapabilityCode.RouteRefresh, 0);
        if (capabilities.EnhancedRouteRefresh) Begin(ref to, CapabilityCode.EnhancedRouteRefresh, 0);
        if (capabilities.ExtendedMessage) Begin(ref to, CapabilityCode.ExtendedMessage, 0);
        WriteNextHops(ref to, capabilities.ExtendedNextHop);
        if (capabilities.GracefulRestart is { } restart) WriteRestart(ref to, restart);
        if (capabilities.FourOctetAs is { } autonomous)
        {
            Begin(ref to, CapabilityCode.FourOctetAs, 4);
            to.Write32(autonomous);
        }

        WriteAddPath(ref to, capabilities.AddPath);
        foreach (var unknown in capabilities.Unknown)
        {
            Begin(ref to, unknown.Code, unknown.Value.Length);
            to.Write(unknown.Value);
        }
    }

    private static void Begin(ref OctetWriter to, byte code, int length)
    {
        to.Write(code);
        to.Write((byte)length);
    }

    private static void WriteNextHops(ref OctetWriter to, IReadOnlyList<NextHopEncoding> encodings)
    {
        // A length of one octet: what does not fit into one instance goes into the next.
        foreach (var chunk in encodings.Chunk(byte.MaxValue / 6))
        {
            Begin(ref to, CapabilityCode.ExtendedNextHop, chunk.Length * 6);
            foreach (var encoding in chunk)
            {
                to.Write16(encoding.Family.Afi);
                to.Write16(encoding.Family.Safi);
                to.Write16(encoding.NextHopAfi);
            }
        }
    }

    private static void WriteRestart(ref OctetWriter to, GracefulRestart restart)
    {
        var families = restart.Families.Take((byte.MaxValue - 2) / 4).ToArray();
        Begin(ref to, CapabilityCode.GracefulRestart, 2 + families.Length * 4);
        to.Write16((restart.Restarted ? 0x8000 : 0) | (restart.Notification ? 0x4000 : 0) | restart.Seconds & 0xfff);
        foreach (var (family, kept) in families)
        {
            to.Write16(family.Afi);
            to.Write(family.Safi);
            to.Write((byte)(kept ? 0x80 : 0));
        }
    }

    private static void WriteAddPath(ref OctetWriter to, IReadOnlyList<AddPathFamily> families)
    {
        foreach (var chunk in families.Chunk(byte.MaxValue / 4))
        {
            Begin(ref to, CapabilityCode.AddPath, chunk.Length * 4);
            foreach (var (family, mode) in chunk)
            {
                to.Write16(family.Afi);
                to.Write(family.Safi);
                to.Write((byte)mode);
            }
        }
    }
}
