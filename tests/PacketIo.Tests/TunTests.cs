using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Appliance.PacketIo.Memory;
using Appliance.PacketIo.Tun;
using Appliance.Shared;

namespace Appliance.PacketIo.Tests;

/// <summary>
/// The kernel is the judge: two TUN devices in two namespaces, and our queues between them. A TCP transfer only ends when every checksum, length and
/// sequence number that we wrote is right.
/// </summary>
public sealed partial class TunTests
{
    private const int Octets = 24 << 20;

    [SkippableTheory]
    [InlineData("10.9.0.1", "10.9.0.2", 32, 1400)]
    [InlineData("fd00:9::1", "fd00:9::2", 128, 1400)]
    [InlineData("10.9.0.1", "10.9.0.2", 32, 9000)]
    public void A_tcp_transfer_of_the_kernels_passes_cut_and_joined_with_every_checksum_right(string left, string right, int prefix, int mtu) =>
        Between(left, right, prefix, mtu, (link, a, b) =>
        {
            var sent = RandomNumberGenerator.GetBytes(Octets);
            Socket? listener = null;
            b.Run(() =>
            {
                listener = new Socket(IPAddress.Parse(right).AddressFamily, SocketType.Stream, ProtocolType.Tcp);
                listener.Bind(new IPEndPoint(IPAddress.Parse(right), 5001));
                listener.Listen();
            });
            var receiving = Task.Run(() =>
            {
                using var accepted = listener!.Accept();
                var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
                var buffer = new byte[1 << 16];
                for (int n; (n = accepted.Receive(buffer)) > 0;) hash.AppendData(buffer, 0, n);
                return hash.GetHashAndReset();
            });
            a.Run(() =>
            {
                using var socket = new Socket(IPAddress.Parse(left).AddressFamily, SocketType.Stream, ProtocolType.Tcp);
                socket.Connect(new IPEndPoint(IPAddress.Parse(right), 5001));
                var at = 0;
                while (at < sent.Length) at += socket.Send(sent.AsSpan(at, Math.Min(1 << 18, sent.Length - at)));
            });
            Assert.True(receiving.Wait(TimeSpan.FromSeconds(30)), "the transfer did not end");
            Assert.Equal(SHA256.HashData(sent), receiving.Result);
            listener!.Dispose();
            link.Stop();
            Assert.InRange(link.LongestPacket, mtu - 100, mtu);
            Assert.True(link.Segments > 3 * link.Reads, $"{link.Segments} segments in {link.Reads} rounds: the kernel handed over no super-packets");
            Assert.Equal(0, Counter(b, "TcpInCsumErrors") + Counter(a, "TcpInCsumErrors"));
            Assert.Equal(0ul, link.Missed);
            // The receiver's kernel saw far fewer packets than we passed on: they were joined.
            Assert.True(DeviceReceived(b) * 3 < link.Segments, $"{DeviceReceived(b)} packets of {link.Segments} segments: nothing was joined");
        });

    [SkippableTheory]
    [InlineData("10.9.0.1", "10.9.0.2", 32)]
    [InlineData("fd00:9::1", "fd00:9::2", 128)]
    public void Udp_super_packets_arrive_as_the_datagrams_that_were_sent(string left, string right, int prefix) =>
        Between(left, right, prefix, 1400, (link, a, b) =>
        {
            const int size = 1000, count = 20;
            Socket? receiver = null;
            b.Run(() =>
            {
                receiver = new Socket(IPAddress.Parse(right).AddressFamily, SocketType.Dgram, ProtocolType.Udp) { ReceiveTimeout = 5000 };
                receiver.Bind(new IPEndPoint(IPAddress.Parse(right), 5002));
            });
            var sent = RandomNumberGenerator.GetBytes(size * count - 300);
            a.Run(() =>
            {
                using var socket = new Socket(IPAddress.Parse(left).AddressFamily, SocketType.Dgram, ProtocolType.Udp);
                var segment = BitConverter.GetBytes(size);
                const int solUdp = 17, udpSegment = 103;
                socket.SetRawSocketOption(solUdp, udpSegment, segment);
                Assert.Equal(sent.Length, socket.SendTo(sent, new IPEndPoint(IPAddress.Parse(right), 5002)));
            });
            var got = new byte[2000];
            for (var i = 0; i < count; i++)
            {
                var length = receiver!.Receive(got);
                Assert.Equal(i == count - 1 ? size - 300 : size, length);
                Assert.True(sent.AsSpan(i * size, length).SequenceEqual(got.AsSpan(0, length)));
            }

            receiver!.Dispose();
            Assert.Equal(0, Counter(b, prefix == 32 ? "UdpInCsumErrors" : "Udp6InCsumErrors"));
        });

    [Fact]
    public void A_segment_with_a_wrong_checksum_is_not_joined_with_its_neighbours()
    {
        using var memory = new FrameMemory(64, 1);
        var pool = new FrameExchange(memory, 1).Pools[0];
        Span<byte> headers = stackalloc byte[Coalescer.LongestHeaders];
        var good = Segments(memory, pool, 5);
        Assert.Equal(5, Coalescer.Join(memory, good, headers, out var length, out var virtio));
        Assert.Equal((40, 1000), (length, virtio.SegmentSize));
        var bad = Segments(memory, pool, 5);
        memory.Span(bad[3])[500] ^= 1;
        Assert.Equal(3, Coalescer.Join(memory, bad, headers, out _, out _));
        var reordered = Segments(memory, pool, 5);
        (reordered[1], reordered[2]) = (reordered[2], reordered[1]);
        Assert.Equal(1, Coalescer.Join(memory, reordered, headers, out length, out _));
        Assert.Equal(0, length);
    }

    [Fact]
    public void Any_header_in_front_of_any_octets_is_cut_or_refused_but_never_throws()
    {
        var random = new Random(4);
        var to = new byte[70000];
        for (var i = 0; i < 200_000; i++)
        {
            var packet = new byte[random.Next(0, 300)];
            random.NextBytes(packet);
            if (packet.Length > 0) packet[0] = (byte)(random.Next(2) == 0 ? 0x45 : 0x60);
            var header = new VirtioHeader
            {
                Flags = (byte)random.Next(2),
                SegmentKind = (byte)random.Next(6),
                SegmentSize = (ushort)random.Next(0, 200),
                ChecksumStart = (ushort)random.Next(0, random.Next(2) == 0 ? 65536 : 100),
                ChecksumOffset = (ushort)random.Next(0, 40),
            };
            var segments = default(Segmenter);
            if (!segments.TryStart(packet, header)) continue;
            var octets = 0;
            while (!segments.IsDone)
            {
                var length = segments.NextLength;
                segments.WriteNext(packet, to.AsSpan(0, length));
                octets += length;
                Assert.True(octets < 70000);
            }
        }
    }

    private static Packet[] Segments(FrameMemory memory, FramePool pool, int count)
    {
        var packets = new Packet[count];
        var super = new byte[40 + 1000 * count];
        Random.Shared.NextBytes(super);
        ((byte[])[0x45, 0, 0, 0, 0, 1, 0x40, 0, 64, 6, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2, 0x20, 0, 0x21, 0, 0, 0, 0, 1, 0, 0, 0, 1, 0x50, 0x10, 1, 0, 0, 0, 0, 0]).CopyTo(super, 0);
        var segmenter = default(Segmenter);
        Assert.True(segmenter.TryStart(super, new VirtioHeader { Flags = 1, SegmentKind = 1, SegmentSize = 1000, ChecksumStart = 20, ChecksumOffset = 16 }));
        for (var i = 0; i < count; i++)
        {
            Assert.True(pool.TryTake(out var frame));
            packets[i] = new Packet { Address = frame + 256, Length = segmenter.NextLength };
            segmenter.WriteNext(super, memory.Span(packets[i]));
        }

        Assert.True(segmenter.IsDone);
        return packets;
    }

    private static void Between(string left, string right, int prefix, int mtu, Action<Forwarder, NetworkNamespace, NetworkNamespace> body)
    {
        Need.Root();
        using var a = new NetworkNamespace();
        using var b = new NetworkNamespace();
        TunDevice? ta = null, tb = null;
        a.Run(() => (ta = TunDevice.Create("t0", 1)).Configure(mtu, [$"{left}/{prefix}"]));
        b.Run(() => (tb = TunDevice.Create("t0", 1)).Configure(mtu, [$"{right}/{prefix}"]));
        a.Exec($"ip route add {right}/{prefix} dev t0");
        b.Exec($"ip route add {left}/{prefix} dev t0");
        using (ta)
        using (tb)
        using (var link = new Forwarder(ta!.Descriptors[0], tb!.Descriptors[0]))
            body(link, a, b);
    }

    private static int Counter(NetworkNamespace network, string name) =>
        int.Parse(network.Exec("nstat -az 2>/dev/null").Split('\n').First(l => l.StartsWith(name + " ", StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[1]);

    private static long DeviceReceived(NetworkNamespace network) =>
        long.Parse(network.Exec("cat /proc/net/dev").Split('\n').First(l => l.Contains("t0:", StringComparison.Ordinal)).Split(':')[1].Split(' ', StringSplitOptions.RemoveEmptyEntries)[1]);

    [LibraryImport("libc")]
    private static partial int dup(int descriptor);

    /// <summary>Passes packets between two queues on a thread of its own.</summary>
    private sealed class Forwarder : IDisposable
    {
        private readonly FrameMemory memory = new(1024, 128);
        private readonly FramePool pool;
        private readonly TunQueue a;
        private readonly TunQueue b;
        private readonly Thread thread;
        private volatile bool stop;

        public Forwarder(int left, int right)
        {
            pool = new FrameExchange(memory, 1).Pools[0];
            a = new TunQueue(pool, 0, dup(left));
            b = new TunQueue(pool, 1, dup(right));
            thread = new Thread(Work);
            thread.Start();
        }

        public int LongestPacket { get; private set; }

        public long Segments { get; private set; }

        public long Reads { get; private set; }

        public ulong Missed => a.Missed + b.Missed;

        public void Stop()
        {
            stop = true;
            thread.Join();
        }

        public void Dispose()
        {
            Stop();
            a.Dispose();
            b.Dispose();
            Assert.Equal(1024, pool.Free);
            Assert.Equal(128, pool.FreeJumbo);
            memory.Dispose();
        }

        private void Work()
        {
            var batch = new Packet[64];
            while (!stop)
            {
                var moved = Move(a, b, batch, count: true) + Move(b, a, batch, count: false);
                if (moved == 0 && !a.HasPending() && !b.HasPending()) Thread.Yield();
            }
        }

        private int Move(TunQueue from, TunQueue to, Packet[] batch, bool count)
        {
            var received = from.Receive(batch);
            if (received == 0) return 0;
            if (count)
            {
                Reads++;
                Segments += received;
                foreach (var packet in batch.AsSpan(0, received)) LongestPacket = Math.Max(LongestPacket, packet.Length);
            }

            var sent = to.Send(batch.AsSpan(0, received));
            foreach (var packet in batch.AsSpan(sent, received - sent)) pool.Give(packet.Address);
            return received;
        }
    }
}
