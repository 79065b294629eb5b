using System.Buffers.Binary;
using System.Net;
using System.Security.Cryptography;

namespace Appliance.LineRate.Wire;

/// <summary>The frames that the generator sends: built here by hand and with the BCL's cipher, not by the code that is measured.</summary>
internal static class Frames
{
    private const int EthernetHeader = 14, Ipv4Header = 20, UdpHeader = 8, EspHeader = 8, EspIv = 8, EspTrailer = 2, EspIcv = 16, KeyOctets = 16, SaltOctets = 4;
    private const byte Udp = 17, Esp = 50, Ipv4InIp = 4;

    /// <summary>UDP port 9 (discard, RFC 863).</summary>
    private const ushort DiscardPort = 9;

    /// <summary>A frame with an IPv4 packet of <paramref name="size"/> octets that holds UDP.</summary>
    public static byte[] Clear(ulong toMac, string source, string destination, int size)
    {
        var frame = new byte[EthernetHeader + size];
        WriteEthernet(frame, toMac);
        WriteUdp(frame.AsSpan(EthernetHeader), source, destination);
        return frame;
    }

    /// <summary>A frame with that packet inside ESP in tunnel mode (RFC 4303, AES-128-GCM of RFC 4106); <paramref name="key"/> is key and salt.</summary>
    public static byte[] Protected(ulong toMac, string outerSource, string outerDestination, uint spi, ReadOnlySpan<byte> key, string source, string destination, int size)
    {
        var padding = -(size + EspTrailer) & 3;
        var body = size + padding + EspTrailer;
        var frame = new byte[EthernetHeader + Ipv4Header + EspHeader + EspIv + body + EspIcv];
        WriteEthernet(frame, toMac);
        WriteIpv4(frame.AsSpan(EthernetHeader), outerSource, outerDestination, Esp);
        var esp = frame.AsSpan(EthernetHeader + Ipv4Header);
        BinaryPrimitives.WriteUInt32BigEndian(esp, spi);
        BinaryPrimitives.WriteUInt32BigEndian(esp[4..], 1);
        esp[EspHeader + EspIv - 1] = 1;
        var inner = esp.Slice(EspHeader + EspIv, body);
        WriteUdp(inner[..size], source, destination);
        for (var i = 0; i < padding; i++) inner[size + i] = (byte)(i + 1);
        inner[^2] = (byte)padding;
        inner[^1] = Ipv4InIp;
        Span<byte> nonce = stackalloc byte[SaltOctets + EspIv];
        key[KeyOctets..].CopyTo(nonce);
        esp.Slice(EspHeader, EspIv).CopyTo(nonce[SaltOctets..]);
        using var cipher = new AesGcm(key[..KeyOctets], EspIcv);
        cipher.Encrypt(nonce, inner, inner, esp[(EspHeader + EspIv + body)..], esp[..EspHeader]);
        return frame;
    }

    private static void WriteEthernet(Span<byte> at, ulong toMac)
    {
        Span<byte> mac = stackalloc byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(mac, toMac);
        mac[..6].CopyTo(at);
        at[6] = 2; // from a locally administered address
        at[11] = 1;
        BinaryPrimitives.WriteUInt16BigEndian(at[12..], 0x0800);
    }

    private static void WriteUdp(Span<byte> at, string source, string destination)
    {
        WriteIpv4(at, source, destination, Udp);
        var udp = at[Ipv4Header..];
        BinaryPrimitives.WriteUInt16BigEndian(udp, 40000);
        BinaryPrimitives.WriteUInt16BigEndian(udp[2..], DiscardPort);
        BinaryPrimitives.WriteUInt16BigEndian(udp[4..], (ushort)udp.Length); // checksum 0: none (RFC 768)
        udp[UdpHeader..].Fill(0x5a);
    }

    private static void WriteIpv4(Span<byte> at, string source, string destination, byte protocol)
    {
        at[0] = 0x45;
        BinaryPrimitives.WriteUInt16BigEndian(at[2..], (ushort)at.Length);
        at[8] = 64;
        at[9] = protocol;
        IPAddress.Parse(source).TryWriteBytes(at[12..], out _);
        IPAddress.Parse(destination).TryWriteBytes(at[16..], out _);
        uint sum = 0;
        for (var i = 0; i < Ipv4Header; i += 2) sum += BinaryPrimitives.ReadUInt16BigEndian(at[i..]);
        sum = (sum & 0xffff) + (sum >> 16);
        BinaryPrimitives.WriteUInt16BigEndian(at[10..], (ushort)~(sum + (sum >> 16)));
    }
}
