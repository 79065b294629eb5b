namespace Appliance.Shared;

/// <summary>How large packets get by ESP (RFC 4303 §2): the arithmetic behind MTUs and MSS clamping. All lengths are octets.</summary>
public static class EspSize
{
    private const int SpiAndSequence = 8;
    private const int PadLengthAndNextHeader = 2;

    /// <summary>Octets of the outer packet that carries an inner packet (transport mode: the packet as it was before) of <paramref name="inner"/> octets, without TFC padding.</summary>
    public static int OuterLength(in OutboundSa sa, int inner)
    {
        var payload = inner - OwnIpHeader(sa);
        var mask = sa.Alignment - 1;
        return sa.OuterHeaderLength + SpiAndSequence + sa.IvLength + ((payload + PadLengthAndNextHeader + mask) & ~mask) + sa.IcvLength;
    }

    /// <summary>
    /// Octets of the largest inner packet (transport mode: of the packet as it was before, with an IP header without options) whose outer packet fits <paramref name="pathMtu"/>;
    /// 0 when none does.
    /// </summary>
    public static int InnerMtu(in OutboundSa sa, int pathMtu)
    {
        var room = (pathMtu - sa.OuterHeaderLength - SpiAndSequence - sa.IvLength - sa.IcvLength) & ~(sa.Alignment - 1);
        return room <= PadLengthAndNextHeader ? 0 : Math.Min(room - PadLengthAndNextHeader + OwnIpHeader(sa), 65535);
    }

    // In transport mode the outer IP header is the packet's own.
    private static int OwnIpHeader(in OutboundSa sa) =>
        sa.Mode == EspMode.Tunnel || (sa.Flags & SaFlags.IipTran) != 0 ? 0 : sa.OuterHeaderLength >= 40 ? 40 : 20;
}
