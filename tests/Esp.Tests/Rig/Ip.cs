using Appliance.Wire;

namespace Appliance.Esp.Tests;

/// <summary>IP packets for tests, all checksums right.</summary>
internal static class Ip
{
    /// <summary>UDP in IPv4 of <paramref name="length"/> octets in all (28 or more).</summary>
    public static byte[] V4(int length, byte trafficClass = 0, bool dontFragment = false, byte protocol = IpProtocol.Udp, uint from = 0x0a010001, uint to = 0x0a020002)
    {
        var packet = new byte[length];
        Fill(packet);
        Ipv4Header.TryWrite(packet, length, protocol, from, to, trafficClass, 63, 7, dontFragment ? Ipv4Header.DontFragment : (ushort)0);
        return WithTransport(packet, 20, protocol);
    }

    /// <summary>UDP in IPv6 of <paramref name="length"/> octets in all (48 or more).</summary>
    public static byte[] V6(int length, byte trafficClass = 0, byte protocol = IpProtocol.Udp, ulong fromHigh = 0xfd00_0001_0000_0000, ulong toHigh = 0xfd00_0002_0000_0000)
    {
        var packet = new byte[length];
        Fill(packet);
        Ipv6Header.TryWrite(packet, length - 40, protocol, fromHigh, 1, toHigh, 2, trafficClass, 63);
        return WithTransport(packet, 40, protocol);
    }

    public static byte[] Of(bool isV6, int length) => isV6 ? V6(Math.Max(48, length)) : V4(Math.Max(28, length));

    private static void Fill(byte[] packet)
    {
        for (var i = 0; i < packet.Length; i++) packet[i] = (byte)(i * 13 + 5);
    }

    private static byte[] WithTransport(byte[] packet, int at, byte protocol)
    {
        if (protocol == IpProtocol.Udp) UdpHeader.TryWrite(packet.AsSpan(at), 1111, 2222, packet.Length - at);
        Assert.True(PacketFields.TryRead(packet, out var fields));
        TransportChecksum.Complete(packet, fields);
        return packet;
    }
}
