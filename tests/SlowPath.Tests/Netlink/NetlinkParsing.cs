using System.Buffers.Binary;
using Appliance.Policy;
using Appliance.Shared;
using Appliance.SlowPath.Netlink;
using FsCheck;
using FsCheck.Fluent;

namespace Appliance.SlowPath.Tests.Netlink;

/// <summary>Messages recorded from a kernel (6.18), each beside the iproute2 command that made it what it is. The link message is cut after its MTU and address.</summary>
public class NetlinkParsing
{
    // ip link add lan0 address 02:00:00:00:00:05 type veth; ip link set lan0 mtu 1480 up
    private const string Link =
        "480000001000020001000000cf3200000000010003000000431001000000000009000300" + "6c616e3000000000" + "08000d00e8030000" + "08000400c8050000" + "0a00010002000000000500000000";

    // ip addr add 192.0.2.1/24 dev lan0
    private const string AddressV4 = "500000001400020001000000cf3200000218800003000000" + "08000100c000020108000200c0000201090003006c616e3000000000080008008000000014000600ffffffffffffffffa0140b00a0140b00";

    // ip addr add 2001:db8::1/64 dev lan0
    private const string AddressV6 = "480000001400020001000000cf3200000a408200030000001400010020010db800000000000000000000000114000600ffffffffffffffffa0140b00a0140b000800080082000000";

    // ip neigh add 192.0.2.254 lladdr 02:00:00:00:00:fe dev lan0
    private const string Neighbour =
        "4c0000001c00020001000000cf32000002000000030000008000000108000100c00002fe0a0002000200000000fe00000800040000000000140003001c0000001c0000001c00000000000000";

    // ip route add default via 192.0.2.254 metric 7
    private const string DefaultRoute = "3c0000001800020001000000cf32000002000000fe0300010000000008000f00fe000000080006000700000008000500c00002fe0800040003000000";

    // ip route add 10.9.0.0/16 nexthop via 192.0.2.7 nexthop via 192.0.2.8
    private const string TwoHops =
        "500000001800020001000000cf32000002100000fe0300010000000008000f00fe000000080001000a09000024000900100000000300000008000500c0000207100000000300000008000500c0000208";

    // ip -6 route add blackhole fd00::/16 proto 169 metric 4000000000
    private const string Blackhole = "740000001800020001000000cf3200000a100000fea900060000000008000f00fe00000014000100fd0000000000000000000000000000000800060000286bee08000400010000"
        + "0024000c0000000000000000000000000000000000000000000000000000000000000000000500140000000000";

    public static TheoryData<string> Recorded => [Link, AddressV4, AddressV6, Neighbour, DefaultRoute, TwoHops, Blackhole];

    private static KernelChange Parse(string hex)
    {
        var reader = new NetlinkReader(Convert.FromHexString(hex));
        Assert.True(reader.TryNext(out var message));
        Assert.True(KernelChange.TryParse(message, out var change));
        return change;
    }

    private static IpAddress Ip(string text) => IpAddress.TryParse(text, out var address) ? address : throw new FormatException(text);

    [Fact]
    public void LinkMessage() => Assert.Equal(new KernelLink(3, "lan0", 1480, 0x0500_0000_0002, true), Parse(Link).Link);

    [Fact]
    public void AddressMessages()
    {
        Assert.Equal(new KernelAddress(3, Ip("192.0.2.1"), 24), Parse(AddressV4).Address);
        Assert.Equal(new KernelAddress(3, Ip("2001:db8::1"), 64), Parse(AddressV6).Address);
    }

    [Fact]
    public void NeighbourMessage()
    {
        var change = Parse(Neighbour);
        Assert.Equal(new KernelNeighbour(3, Ip("192.0.2.254"), 0xfe00_0000_0002), change.Neighbour);
        Assert.False(change.IsRemoval);
        Assert.Equal(NeighbourState.Permanent, change.NeighbourState);
        Assert.True(Parse(Neighbour.Replace("03000000800000010800", "03000000200000010800", StringComparison.Ordinal)).IsRemoval, "a neighbour that failed is gone");
    }

    [Fact]
    public void RouteMessages()
    {
        Assert.Equal(new KernelRoute(new IpPrefix(Ip("0.0.0.0"), 0), KernelRouteKind.Unicast, 3, Ip("192.0.2.254"), 7, 3, default), Parse(DefaultRoute).Route);
        Assert.Equal(new KernelRoute(new IpPrefix(Ip("10.9.0.0"), 16), KernelRouteKind.Unicast, 3, Ip("192.0.2.7"), 0, 3, default), Parse(TwoHops).Route);
    }

    [Fact]
    public void BlackholeHasNoDevice() => Assert.Equal(
        new KernelRoute(new IpPrefix(Ip("fd00::"), 16), KernelRouteKind.Discard, 0, default, KernelRoutes.BlackholeMetric, KernelRoutes.OwnProtocol, default), Parse(Blackhole).Route);

    [Theory]
    [MemberData(nameof(Recorded))]
    public void EveryTruncationIsRefusedOrRead(string hex)
    {
        var whole = Convert.FromHexString(hex);
        for (var length = 0; length < whole.Length; length++)
        {
            // The datagram ends early: the message's own length is not trusted.
            var reader = new NetlinkReader(whole.AsSpan(0, Math.Min(length, (int)BinaryPrimitives.ReadUInt32LittleEndian(whole) - 1)));
            Assert.False(reader.TryNext(out _));
            if (length < 16) continue;

            // The message itself says that it is shorter.
            var cut = whole[..length];
            BinaryPrimitives.WriteUInt32LittleEndian(cut, (uint)length);
            reader = new NetlinkReader(cut);
            Assert.True(reader.TryNext(out var message));
            _ = KernelChange.TryParse(message, out _);
        }
    }

    [Theory]
    [MemberData(nameof(Recorded))]
    public void NoOctetIsTrusted(string hex)
    {
        for (var at = 0; at < hex.Length / 2; at++)
            foreach (var value in new byte[] { 0, 1, 3, 4, 5, 0x7f, 0xff })
            {
                var octets = Convert.FromHexString(hex);
                octets[at] = value;
                var reader = new NetlinkReader(octets);
                while (reader.TryNext(out var message)) _ = KernelChange.TryParse(message, out _);
            }
    }

    [Fact]
    public void ArbitraryOctetsNeverThrow() => Prop.ForAll(ArbMap.Default.ArbFor<byte[]>(), ArbMap.Default.ArbFor<ushort>(), (octets, type) =>
    {
        var mirror = new KernelMirror();
        var framed = new byte[16 + octets.Length];
        BinaryPrimitives.WriteUInt32LittleEndian(framed, (uint)framed.Length);
        BinaryPrimitives.WriteUInt16LittleEndian(framed.AsSpan(4), (ushort)(16 + type % 16));
        octets.CopyTo(framed, 16);
        foreach (var datagram in new[] { octets, framed })
        {
            var reader = new NetlinkReader(datagram);
            while (reader.TryNext(out var message))
                if (KernelChange.TryParse(message, out var change))
                    _ = mirror.Apply(change);
        }
    }).Check(Config.QuickThrowOnFailure.WithMaxTest(20_000).WithEndSize(200));

    [Fact]
    public void WriterAndReaderAgreeOnRoutes()
    {
        var buffer = new byte[512];
        foreach (var route in new[]
        {
            new KernelRoute(new IpPrefix(Ip("10.2.0.0"), 16), KernelRouteKind.Unicast, 9, default, 0, KernelRoutes.OwnProtocol, Ip("10.1.255.1")),
            new KernelRoute(new IpPrefix(Ip("fd00::"), 16), KernelRouteKind.Discard, 0, default, KernelRoutes.BlackholeMetric, KernelRoutes.OwnProtocol, default),
            new KernelRoute(new IpPrefix(Ip("198.51.100.1"), 32), KernelRouteKind.Unicast, 3, Ip("192.0.2.254"), 0, KernelRoutes.OwnProtocol, default, IsForIke: true),
            new KernelRoute(new IpPrefix(Ip("2001:db8::7"), 128), KernelRouteKind.Unicast, 3, default, KernelRoutes.DoorMetricV6, KernelRoutes.OwnProtocol, default, IsForIke: true),
        })
        {
            var reader = new NetlinkReader(NetlinkWriter.Route(buffer, true, route, 1).Finish());
            Assert.True(reader.TryNext(out var message));
            Assert.True(KernelChange.TryParse(message, out var change));
            Assert.Equal(route, change.Route);
        }
    }
}
