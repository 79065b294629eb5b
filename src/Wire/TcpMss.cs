using System.Buffers.Binary;

namespace Appliance.Wire;

/// <summary>Lowers the maximum segment size that a SYN announces, so that TCP fits the tunnel without ICMP (RFC 9293 §3.7.1).</summary>
public static class TcpMss
{
    private const byte OptionKind = 2;
    private const int OptionLength = 4;

    /// <summary>
    /// Lowers the MSS option of a TCP SYN to <paramref name="maximum"/> octets and keeps the checksum right (which must be complete: not the partial one of a
    /// device with offload). True when the packet was changed. <paramref name="fields"/> were read from <paramref name="ip"/>; 0 never clamps.
    /// </summary>
    public static bool Clamp(Span<byte> ip, in PacketFields fields, ushort maximum)
    {
        if (maximum == 0 || fields.Protocol != IpProtocol.Tcp || fields.FragmentOffset != 0 || fields.TotalLength > ip.Length) return false;
        var segment = ip[fields.HeaderLength..fields.TotalLength];
        if (!TcpView.TryParse(segment, out var tcp) || (tcp.Flags & TcpView.Syn) == 0) return false;
        var option = tcp.FindOption(OptionKind, out var length);
        if (option < 0 || length != OptionLength) return false;
        var announced = BinaryPrimitives.ReadUInt16BigEndian(segment[(option + 2)..]);
        if (announced <= maximum) return false;
        BinaryPrimitives.WriteUInt16BigEndian(segment[(option + 2)..], maximum);
        // An option at an odd offset straddles two words of the sum: there its octets count swapped.
        var (before, after) = (option & 1) == 0 ? (announced, maximum) : (Swap(announced), Swap(maximum));
        BinaryPrimitives.WriteUInt16BigEndian(segment[16..], InternetChecksum.Update(tcp.Checksum, before, after));
        return true;
    }

    private static ushort Swap(ushort value) => BinaryPrimitives.ReverseEndianness(value);
}
