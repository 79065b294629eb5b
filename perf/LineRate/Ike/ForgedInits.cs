using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Appliance.LineRate.Nodes;

namespace Appliance.LineRate.Ike;

/// <summary>
/// A flood of IKE_SA_INIT requests from forged addresses, as fast as one core sends: each with an address, port, SPI and nonce of its own and otherwise like an honest one (an acceptable proposal, a
/// KE payload of the right length), so that nothing but a cookie tells them apart.
/// </summary>
internal sealed class ForgedInits : IDisposable
{
    /// <summary>Where the forged addresses are.</summary>
    public const string Network = "10.128.0.0/9";

    private const int Ipv4 = 20, Udp = 8, Header = 28, UdpProtocol = 17, Port = 500;
    private readonly Thread thread;
    private Exception? failure;
    private long sent;
    private volatile bool stopping;

    public ForgedInits(NetworkNamespace space, IPAddress target)
    {
        thread = new Thread(() => Run(space, target)) { IsBackground = true, Name = "flood" };
        thread.Start();
    }

    /// <summary>Datagrams so far.</summary>
    public long Sent => Volatile.Read(ref sent);

    /// <summary>Stops it.</summary>
    /// <exception cref="IOException">It could not send.</exception>
    public void Stop()
    {
        Dispose();
        if (failure is not null) throw new IOException($"flood: {failure.Message}", failure);
    }

    public void Dispose()
    {
        stopping = true;
        thread.Join();
    }

    private void Run(NetworkNamespace space, IPAddress target)
    {
        try
        {
            space.Enter();
            using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Raw, ProtocolType.Udp) { SendBufferSize = 1 << 20 };
            socket.SetSocketOption(SocketOptionLevel.IP, SocketOptionName.HeaderIncluded, true);
            var to = new IPEndPoint(target, 0).Serialize();
            var packet = Packet(target);
            // The message's SPI is its beginning, and its nonce its end.
            var random = new Random(1);
            while (!stopping)
            {
                BinaryPrimitives.WriteUInt32BigEndian(packet.AsSpan(12), 0x0a80_0000u | (uint)random.Next(1 << 23));
                BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(Ipv4), (ushort)random.Next(1024, 65536));
                random.NextBytes(packet.AsSpan(Ipv4 + Udp, 8));
                random.NextBytes(packet.AsSpan(packet.Length - 32));
                socket.SendTo(packet, SocketFlags.None, to);
                Volatile.Write(ref sent, sent + 1);
            }
        }
        catch (Exception e) when (e is IOException or SocketException)
        {
            failure = e;
        }
    }

    /// <summary>IPv4, UDP without checksum, and the message: SA (AES-256-GCM, PRF-HMAC-SHA2-256, X25519), KE, Nonce (RFC 7296 §3).</summary>
    private static byte[] Packet(IPAddress target)
    {
        byte[] proposal =
        [
            34, 0, 0, 40, 0, 0, 0, 36, 1, 1, 0, 3,
            3, 0, 0, 12, 1, 0, 0, 20, 0x80, 14, 1, 0,
            3, 0, 0, 8, 2, 0, 0, 5,
            0, 0, 0, 8, 4, 0, 0, 31,
        ];
        byte[] keyExchange = [40, 0, 0, 40, 0, 31, 0, 0, .. RandomNumberGenerator.GetBytes(32)];
        byte[] nonce = [0, 0, 0, 36, .. new byte[32]];
        var length = Header + proposal.Length + keyExchange.Length + nonce.Length;
        var packet = new byte[Ipv4 + Udp + length];
        packet[0] = 0x45;
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(2), (ushort)packet.Length);
        (packet[8], packet[9]) = (64, UdpProtocol);
        target.GetAddressBytes().CopyTo(packet, 16);
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(Ipv4 + 2), Port);
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(Ipv4 + 4), (ushort)(Udp + length));
        var message = packet.AsSpan(Ipv4 + Udp);
        (message[16], message[17], message[18], message[19]) = (33, 0x20, 34, 0x08);
        BinaryPrimitives.WriteUInt32BigEndian(message[24..], (uint)length);
        proposal.CopyTo(message[Header..]);
        keyExchange.CopyTo(message[(Header + proposal.Length)..]);
        nonce.CopyTo(message[(Header + proposal.Length + keyExchange.Length)..]);
        return packet;
    }
}
