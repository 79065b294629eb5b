namespace Appliance.Wire.Tests;

/// <summary>Packets that scapy built, as hex, and what is made of them here.</summary>
internal static class Sample
{
    /// <summary>IP(src="10.1.0.1", dst="10.2.0.2", ttl=63, id=7, tos=0xb9)/UDP(sport=1111, dport=2222)/Raw(33 octets).</summary>
    public static byte[] Udp4 => Convert.FromHexString(
        "45b9003d000700003f1166eb0a0100010a020002045708ae0029cd90000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20");

    /// <summary>IPv6(src="fd00:1::1", dst="fd00:2::2", hlim=63)/UDP(sport=1111, dport=2222)/Raw(18 octets).</summary>
    public static byte[] Udp6 => Convert.FromHexString(
        "60000000001a113ffd000001000000000000000000000001fd000002000000000000000000000002045708ae001ab05c000102030405060708090a0b0c0d0e0f1011");

    public static byte[] Ipv4(int payload, byte protocol = IpProtocol.Udp, ushort flags = 0, byte[]? options = null)
    {
        options ??= [];
        var packet = new byte[20 + options.Length + payload];
        for (var i = 0; i < packet.Length; i++) packet[i] = (byte)(i * 7 + 3);
        Ipv4Header.TryWrite(packet, packet.Length, protocol, 0x0a010001, 0x0a020002, 0, 63, 7, flags);
        packet[0] = (byte)(0x45 + options.Length / 4);
        options.CopyTo(packet, 20);
        Ipv4Header.WriteChecksum(packet.AsSpan(0, 20 + options.Length));
        return packet;
    }

    public static byte[] Ipv6(byte[] extensions, byte first, int payload)
    {
        var packet = new byte[40 + extensions.Length + payload];
        for (var i = 0; i < packet.Length; i++) packet[i] = (byte)(i * 7 + 3);
        Ipv6Header.TryWrite(packet, extensions.Length + payload, first, 0xfd00_0001_0000_0000, 1, 0xfd00_0002_0000_0000, 2);
        extensions.CopyTo(packet, 40);
        return packet;
    }

    /// <summary>A SYN with the options given, over IPv4, checksum right.</summary>
    public static byte[] Syn(byte[] options, byte flags = TcpView.Syn)
    {
        var packet = Ipv4(20 + options.Length, IpProtocol.Tcp);
        packet[32] = (byte)((20 + options.Length) / 4 << 4);
        packet[33] = flags;
        options.CopyTo(packet, 40);
        Assert.True(PacketFields.TryRead(packet, out var fields));
        Assert.True(TransportChecksum.Complete(packet, fields));
        return packet;
    }
}
