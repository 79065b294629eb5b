using System.Buffers.Binary;
using System.Net;
using Appliance.Shared;
using Appliance.Wire;

namespace Appliance.DataPlane.Tests;

/// <summary>Packets as tests write them.</summary>
internal static class Ip
{
    public static byte[] Udp(string from, string to, ushort sourcePort = 1000, ushort destinationPort = 2000, int payload = 32, byte ttl = 64, bool df = false)
    {
        var body = new byte[8 + payload];
        UdpHeader.TryWrite(body, sourcePort, destinationPort, body.Length);
        for (var i = 8; i < body.Length; i++) body[i] = (byte)i;
        return Packet(from, to, IpProtocol.Udp, body, ttl, df);
    }

    public static byte[] TcpSyn(string from, string to, ushort mss)
    {
        var body = new byte[24];
        BinaryPrimitives.WriteUInt16BigEndian(body, 1000);
        BinaryPrimitives.WriteUInt16BigEndian(body.AsSpan(2), 80);
        body[12] = 6 << 4;
        body[13] = TcpView.Syn;
        body[20] = 2;
        body[21] = 4;
        BinaryPrimitives.WriteUInt16BigEndian(body.AsSpan(22), mss);
        return Packet(from, to, IpProtocol.Tcp, body);
    }

    public static byte[] Icmp(string from, string to, byte type, byte code = 0, byte[]? body = null)
    {
        byte[] message = [type, code, 0, 0, 0, 0, 0, 0, .. body ?? new byte[16]];
        return Packet(from, to, from.Contains(':') ? IpProtocol.IcmpV6 : IpProtocol.Icmp, message);
    }

    public static byte[] Packet(string from, string to, byte protocol, byte[] body, byte ttl = 64, bool df = false)
    {
        byte[] packet;
        if (from.Contains(':'))
        {
            packet = new byte[40 + body.Length];
            var (a, b) = (Address(from), Address(to));
            Ipv6Header.TryWrite(packet, body.Length, protocol, a.High, a.Low, b.High, b.Low, 0, ttl);
            body.CopyTo(packet, 40);
        }
        else
        {
            packet = new byte[20 + body.Length];
            Ipv4Header.TryWrite(packet, packet.Length, protocol, Address(from).V4, Address(to).V4, 0, ttl, 7, df ? Ipv4Header.DontFragment : (ushort)0);
            body.CopyTo(packet, 20);
        }

        if (PacketFields.TryRead(packet, out var fields)) TransportChecksum.Complete(packet, fields);
        return packet;
    }

    /// <summary>With the link header that a neighbour would write.</summary>
    public static byte[] Frame(byte[] ip) => [2, 0, 0, 0, 0, 9, 2, 0, 0, 0, 0, 1, .. ip[0] >> 4 == 4 ? (byte[])[8, 0] : [0x86, 0xdd], .. ip];

    /// <summary>Without it.</summary>
    public static byte[] Unframe(byte[] frame) => frame[14..];

    public static IpAddress Address(string text) => IpAddress.From(IPAddress.Parse(text));

    public static PacketFields Fields(byte[] ip)
    {
        Assert.True(PacketFields.TryRead(ip, out var fields), fields.Error.ToString());
        return fields;
    }

    /// <summary>A rule; null is "any". Ports are inclusive ranges.</summary>
    public static SpdRule Rule(
        SpdAction action, string? local = null, string? remote = null, uint tunnel = SpdRule.ByRoute, byte protocol = 0, (ushort Low, ushort High)? localPorts = null, (ushort Low, ushort High)? remotePorts = null)
    {
        var rule = new SpdRule { Action = action, Tunnel = tunnel, Protocol = protocol };
        (rule.LocalLow, rule.LocalHigh) = Range(local);
        (rule.RemoteLow, rule.RemoteHigh) = Range(remote);
        rule.HasPorts = localPorts is null && remotePorts is null ? (byte)0 : (byte)1;
        (rule.LocalPortLow, rule.LocalPortHigh) = localPorts ?? (0, ushort.MaxValue);
        (rule.RemotePortLow, rule.RemotePortHigh) = remotePorts ?? (0, ushort.MaxValue);
        return rule;
    }

    private static (IpAddress Low, IpAddress High) Range(string? prefix)
    {
        if (prefix is null) return (IpAddress.Any, new IpAddress(ulong.MaxValue, ulong.MaxValue));
        var parts = prefix.Split('/');
        var low = Address(parts[0]);
        var bits = 128 - (low.IsV4 ? 96 : 0) - byte.Parse(parts[1]);
        var value = new UInt128(low.High, low.Low) | (bits == 128 ? UInt128.MaxValue : (UInt128.One << bits) - 1);
        return (low, new IpAddress((ulong)(value >> 64), (ulong)value));
    }
}
