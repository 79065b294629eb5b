using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Appliance.Ike;

namespace Appliance.SlowPath.Tests.Ike;

/// <summary>RFC 7296 §2.6: forged requests cost a node no state and no honest peer his IKE SA.</summary>
[Collection(Node.Addresses)]
public sealed class FloodTests
{
    private const int Attempts = 5, Port = 500, UdpHeader = 28;
    private static readonly string A = Node.Loopback(0), B = Node.Loopback(1);

    [SkippableFact]
    public async Task Rfc7296_2_6_AnHonestPeerConnectsThroughAFloodFromForgedAddresses()
    {
        using var a = new Node(A, B, TwoNodesTests.Configuration("gw-b", "192.0.2.1", "198.51.100.1"));
        using var b = new Node(B, A, TwoNodesTests.Configuration("gw-a", "198.51.100.1", "192.0.2.1") + "ike: { cookie_threshold: 0 }\n");
        var (sent, stop) = (0L, false);
        var flood = new Thread(() => Flood(IPAddress.Parse(B), () => Volatile.Read(ref stop), ref sent)) { IsBackground = true };
        flood.Start();
        var times = new List<long>();
        try
        {
            await Waiting.For(() => b.Ike.Counters[SlowPath.Ike.IkeCount.MessagesReceived] > 20_000, "the flood");
            for (var i = 0; i < Attempts; i++)
            {
                var clock = Stopwatch.StartNew();
                await a.AskAsync(OperatorVerb.Up, "gw-b");
                times.Add(clock.ElapsedMilliseconds);
                Assert.Single(b.Sas);
                await a.AskAsync(OperatorVerb.Down, "gw-b");
                await Waiting.For(() => a.Sas.Count + b.Sas.Count == 0, "both are gone");
            }
        }
        finally
        {
            Volatile.Write(ref stop, true);
            flood.Join();
        }

        times.Sort();
        Assert.True(times[Attempts / 2] < 2000, $"connected in {string.Join(", ", times)} ms under {sent} forged requests");
        Assert.Empty(b.Children.All);
    }

    /// <summary>IKE_SA_INIT requests like those of an honest peer, each with an address, port, SPI and nonce of its own.</summary>
    private static void Flood(IPAddress target, Func<bool> stop, ref long sent)
    {
        byte[] message =
        [
            .. new byte[16], 33, 0x20, 34, 0x08, 0, 0, 0, 0, 0, 0, 0, 144,
            34, 0, 0, 40, 0, 0, 0, 36, 1, 1, 0, 3, 3, 0, 0, 12, 1, 0, 0, 20, 0x80, 14, 1, 0, 3, 0, 0, 8, 2, 0, 0, 5, 0, 0, 0, 8, 4, 0, 0, 31,
            40, 0, 0, 40, 0, 31, 0, 0, .. Enumerable.Repeat((byte)9, 32), 0, 0, 0, 36, .. new byte[32],
        ];
        byte[] packet = [0x45, 0, 0, (byte)(UdpHeader + message.Length), 0, 0, 0, 0, 64, 17, 0, 0, 127, 0, 0, 0, .. target.GetAddressBytes(), 0, 0, Port >> 8, Port & 255, 0, (byte)(8 + message.Length), 0, 0, .. message];
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Raw, ProtocolType.Udp);
        socket.SetSocketOption(SocketOptionLevel.IP, SocketOptionName.HeaderIncluded, true);
        var to = new IPEndPoint(target, 0).Serialize();
        var random = new Random(1);
        while (!stop())
        {
            // 127.192.0.0/10: no test's own.
            random.NextBytes(packet.AsSpan(13, 3));
            packet[13] |= 192;
            random.NextBytes(packet.AsSpan(20, 2));
            random.NextBytes(packet.AsSpan(UdpHeader, 8));
            random.NextBytes(packet.AsSpan(packet.Length - 32));
            socket.SendTo(packet, SocketFlags.None, to);
            sent++;
        }
    }
}
