using System.Runtime.CompilerServices;
using Appliance.Shared;
using Appliance.Wire;

namespace Appliance.DataPlane;

/// <summary>Compares a packet to one SPD entry or one pair of traffic selectors (RFC 4301 §4.4.1.1).</summary>
internal static class SpdMatch
{
    /// <summary>True when addresses, protocol and ports fit. Inbound the packet's destination is the local side.</summary>
    public static bool Matches(in SpdRule rule, in PacketFields packet, bool inbound) => inbound
        ? Within(packet.Destination(), rule.LocalLow, rule.LocalHigh) && Within(packet.Source(), rule.RemoteLow, rule.RemoteHigh) && MatchesUpper(rule, packet, inbound)
        : Within(packet.Source(), rule.LocalLow, rule.LocalHigh) && Within(packet.Destination(), rule.RemoteLow, rule.RemoteHigh) && MatchesUpper(rule, packet, inbound);

    /// <summary>True when the packet fits one of an SA's pairs of traffic selectors.</summary>
    public static bool MatchesAny(Region region, uint first, uint count, in PacketFields packet, bool inbound)
    {
        for (uint i = 0; i < count && first + i < (uint)region.Counts.SpdRules; i++)
        {
            if (Matches(region.SpdRule(first + i), packet, inbound)) return true;
        }

        return false;
    }

    /// <summary>
    /// Protocol and ports alone. For ICMP one range counts: the local one for what goes out, the remote one for what comes in.
    /// A fragment without ports matches only a rule that does not ask for them.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool MatchesUpper(in SpdRule rule, in PacketFields packet, bool inbound)
    {
        if (rule.Protocol != SpdRule.AnyProtocol && rule.Protocol != packet.Protocol) return false;
        if (rule.HasPorts == 0) return true;
        if (!packet.HasPorts) return false;
        if (packet.Protocol is IpProtocol.Icmp or IpProtocol.IcmpV6)
        {
            return inbound ? Within(packet.SourcePort, rule.RemotePortLow, rule.RemotePortHigh) : Within(packet.SourcePort, rule.LocalPortLow, rule.LocalPortHigh);
        }

        return inbound
            ? Within(packet.DestinationPort, rule.LocalPortLow, rule.LocalPortHigh) && Within(packet.SourcePort, rule.RemotePortLow, rule.RemotePortHigh)
            : Within(packet.SourcePort, rule.LocalPortLow, rule.LocalPortHigh) && Within(packet.DestinationPort, rule.RemotePortLow, rule.RemotePortHigh);
    }

    /// <summary>True when a range stands for every address of both families.</summary>
    public static bool IsAny(IpAddress low, IpAddress high) => low.IsAny && high.IsAny;

    private static bool Within(ushort value, ushort low, ushort high) => (uint)(value - low) <= (uint)(high - low);

    private static bool Within(IpAddress value, IpAddress low, IpAddress high) => IsAny(low, high) || (low <= value && value <= high);
}
