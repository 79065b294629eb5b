using System.Buffers.Binary;
using System.Net;
using Appliance.PacketIo.AfXdp;
using Appliance.PacketIo.Bpf;
using Appliance.Shared;

namespace Appliance.PacketIo.Tests;

/// <summary>The steering program, packet by packet, by BPF_PROG_TEST_RUN: with a worker that listens, and without.</summary>
public sealed class SteeringTests
{
    private const string Us4 = "192.0.2.1", Us6 = "2001:db8::1", Far4 = "198.51.100.9", Far6 = "2001:db8:f::9";
    private const ulong OurMac = 0x0100_0000_0002, OtherMac = 0x0900_0000_0002, GroupMac = 0x0100_0000_0033;

    /// <summary>Name, frame, verdict with a worker, verdict without one.</summary>
    private static readonly (string Name, byte[] Frame, XdpVerdict With, XdpVerdict Without)[] Table =
    [
        ("IPv4 ESP to us", Ip4(Us4, 50, Esp()), XdpVerdict.Redirect, XdpVerdict.Drop),
        ("IPv4 ESP with IP options to us", Ip4(Us4, 50, Esp(), options: 8), XdpVerdict.Redirect, XdpVerdict.Drop),
        ("IPv4 ESP in UDP to us", Ip4(Us4, 17, Udp(4500, Esp())), XdpVerdict.Redirect, XdpVerdict.Drop),
        ("IPv4 IKE on 4500 to us", Ip4(Us4, 17, Udp(4500, new byte[32])), XdpVerdict.Pass, XdpVerdict.Pass),
        ("IPv4 IKE on 500 to us", Ip4(Us4, 17, Udp(500, Esp())), XdpVerdict.Pass, XdpVerdict.Pass),
        ("IPv4 NAT keepalive to us", Ip4(Us4, 17, Udp(4500, [0xff])), XdpVerdict.Redirect, XdpVerdict.Drop),
        ("IPv4 one octet that is no keepalive", Ip4(Us4, 17, Udp(4500, [0xfe])), XdpVerdict.Pass, XdpVerdict.Pass),
        ("IPv4 first fragment to us", Ip4(Us4, 50, Esp(), fragment: 0x2000), XdpVerdict.Redirect, XdpVerdict.Pass),
        ("IPv4 last fragment to us", Ip4(Us4, 17, Esp(), fragment: 100), XdpVerdict.Redirect, XdpVerdict.Pass),
        ("IPv4 DF alone is no fragment", Ip4(Us4, 6, new byte[20], fragment: 0x4000), XdpVerdict.Pass, XdpVerdict.Pass),
        ("ICMP unreachable that quotes ESP", Ip4(Us4, 1, Icmp(3, Quote4(50, Esp()))), XdpVerdict.Redirect, XdpVerdict.Drop),
        ("ICMP time exceeded that quotes ESP", Ip4(Us4, 1, Icmp(11, Quote4(50, Esp()))), XdpVerdict.Redirect, XdpVerdict.Drop),
        ("ICMP parameter problem that quotes ESP", Ip4(Us4, 1, Icmp(12, Quote4(50, Esp()))), XdpVerdict.Redirect, XdpVerdict.Drop),
        ("ICMP unreachable that quotes ESP in UDP", Ip4(Us4, 1, Icmp(3, Quote4(17, UdpFrom(4500, Esp())))), XdpVerdict.Redirect, XdpVerdict.Drop),
        ("ICMP unreachable that quotes IKE on 4500", Ip4(Us4, 1, Icmp(3, Quote4(17, UdpFrom(4500, new byte[8])))), XdpVerdict.Pass, XdpVerdict.Pass),
        ("ICMP unreachable that quotes TCP", Ip4(Us4, 1, Icmp(3, Quote4(6, Esp()))), XdpVerdict.Pass, XdpVerdict.Pass),
        ("ICMP echo to us", Ip4(Us4, 1, Icmp(8, Quote4(50, Esp()))), XdpVerdict.Pass, XdpVerdict.Pass),
        ("BGP to us", Ip4(Us4, 6, Tcp(179)), XdpVerdict.Pass, XdpVerdict.Pass),
        ("SSH to us", Ip4(Us4, 6, Tcp(22)), XdpVerdict.Pass, XdpVerdict.Pass),
        ("IPv4 to be forwarded", Ip4(Far4, 6, Tcp(80)), XdpVerdict.Redirect, XdpVerdict.Drop),
        ("IPv4 ESP to be forwarded", Ip4(Far4, 50, Esp()), XdpVerdict.Redirect, XdpVerdict.Drop),
        ("IPv4 for another machine on the link", Ip4(Far4, 6, Tcp(80), mac: OtherMac), XdpVerdict.Drop, XdpVerdict.Drop),
        ("IPv4 multicast", Ip4("224.0.0.5", 89, Esp(), mac: GroupMac), XdpVerdict.Pass, XdpVerdict.Pass),
        ("IPv4 multicast in a unicast frame", Ip4("224.0.0.5", 89, Esp()), XdpVerdict.Pass, XdpVerdict.Pass),
        ("IPv4 broadcast", Ip4("255.255.255.255", 17, Udp(67, Esp())), XdpVerdict.Pass, XdpVerdict.Pass),
        ("IPv4 header cut off", Ip4(Us4, 50, Esp())[..30], XdpVerdict.Redirect, XdpVerdict.Drop),
        ("IPv4 header length 4", Patch(Ip4(Us4, 50, Esp()), 14, 0x41), XdpVerdict.Redirect, XdpVerdict.Drop),
        ("IPv6 ESP to us", Ip6(Us6, 50, Esp()), XdpVerdict.Redirect, XdpVerdict.Drop),
        ("IPv6 ESP behind destination options", Ip6(Us6, 60, [50, 0, 1, 4, 0, 0, 0, 0, .. Esp()]), XdpVerdict.Redirect, XdpVerdict.Drop),
        ("IPv6 ESP in UDP to us", Ip6(Us6, 17, Udp(4500, Esp())), XdpVerdict.Redirect, XdpVerdict.Drop),
        ("IPv6 IKE on 4500 to us", Ip6(Us6, 17, Udp(4500, new byte[32])), XdpVerdict.Pass, XdpVerdict.Pass),
        ("IPv6 NAT keepalive to us", Ip6(Us6, 17, Udp(4500, [0xff])), XdpVerdict.Redirect, XdpVerdict.Drop),
        ("IPv6 fragment to us", Ip6(Us6, 44, [50, 0, 0, 1, 0, 0, 0, 1, .. Esp()]), XdpVerdict.Redirect, XdpVerdict.Pass),
        ("ICMPv6 too big that quotes ESP", Ip6(Us6, 58, Icmp(2, Quote6(50, Esp()))), XdpVerdict.Redirect, XdpVerdict.Drop),
        ("ICMPv6 unreachable that quotes a fragment of ESP", Ip6(Us6, 58, Icmp(1, Quote6(44, [50, 0, 0, 1, 0, 0, 0, 1, .. Esp()]))), XdpVerdict.Redirect, XdpVerdict.Drop),
        ("ICMPv6 time exceeded that quotes ESP in UDP", Ip6(Us6, 58, Icmp(3, Quote6(17, UdpFrom(4500, Esp())))), XdpVerdict.Redirect, XdpVerdict.Drop),
        ("ICMPv6 too big that quotes TCP", Ip6(Us6, 58, Icmp(2, Quote6(6, Esp()))), XdpVerdict.Pass, XdpVerdict.Pass),
        ("ICMPv6 echo to us", Ip6(Us6, 58, Icmp(128, Quote6(50, Esp()))), XdpVerdict.Pass, XdpVerdict.Pass),
        ("BGP to us over IPv6", Ip6(Us6, 6, Tcp(179)), XdpVerdict.Pass, XdpVerdict.Pass),
        ("IPv6 to be forwarded", Ip6(Far6, 6, Tcp(80)), XdpVerdict.Redirect, XdpVerdict.Drop),
        ("IPv6 for another machine on the link", Ip6(Far6, 6, Tcp(80), mac: OtherMac), XdpVerdict.Drop, XdpVerdict.Drop),
        ("neighbour solicitation", Ip6("ff02::1:ff00:1", 58, Icmp(135, new byte[16]), mac: GroupMac), XdpVerdict.Pass, XdpVerdict.Pass),
        ("neighbour solicitation for an address not heard of", Ip6(Far6, 58, Icmp(135, new byte[16])), XdpVerdict.Pass, XdpVerdict.Pass),
        ("neighbour solicitation through a router", Ip6(Far6, 58, Icmp(135, new byte[16]), hops: 64), XdpVerdict.Redirect, XdpVerdict.Drop),
        ("IPv6 to a link-local address", Ip6("fe80::1", 6, Tcp(179)), XdpVerdict.Pass, XdpVerdict.Pass),
        ("IPv6 from a link-local address", Ip6(Far6, 6, Tcp(80), source: "fe80::2"), XdpVerdict.Pass, XdpVerdict.Pass),
        ("IPv6 from the unspecified address", Ip6(Us6, 58, Icmp(135, new byte[16]), source: "::"), XdpVerdict.Pass, XdpVerdict.Pass),
        ("IPv6 header cut off", Ip6(Us6, 50, Esp())[..40], XdpVerdict.Redirect, XdpVerdict.Drop),
        ("ARP request", Ethernet(0x0806, new byte[28], 0xffff_ffff_ffff), XdpVerdict.Pass, XdpVerdict.Pass),
        ("ARP reply", Ethernet(0x0806, new byte[28]), XdpVerdict.Pass, XdpVerdict.Pass),
        ("IS-IS hello", Ethernet(0x0022, new byte[46], GroupMac), XdpVerdict.Pass, XdpVerdict.Pass),
        ("tagged, to us", Tagged(Ip4(Us4, 6, Tcp(22))), XdpVerdict.Pass, XdpVerdict.Pass),
        ("tagged, to be forwarded", Tagged(Ip4(Far4, 6, Tcp(80))), XdpVerdict.Drop, XdpVerdict.Drop),
        ("tagged twice, to be forwarded", Tagged(Tagged(Ip6(Far6, 6, Tcp(80)))), XdpVerdict.Drop, XdpVerdict.Drop),
        ("tagged three times", Tagged(Tagged(Tagged(Ip6(Far6, 6, Tcp(80))))), XdpVerdict.Drop, XdpVerdict.Drop),
        ("tagged ARP", Tagged(Ethernet(0x0806, new byte[28])), XdpVerdict.Pass, XdpVerdict.Pass),
    ];

    [SkippableFact]
    public void Each_kind_of_packet_goes_where_it_belongs()
    {
        Need.Root();
        using var network = new NetworkNamespace();
        network.Run(() =>
        {
            using var addresses = LocalAddressMaps.Create();
            Assert.Equal(0, addresses.Set([Address(Us4), Address(Us6), IpAddress.Any]));
            using var maps = SteeringMaps.Create(addresses);
            maps.SetMac(OurMac);
            using var program = maps.LoadSteer();
            var wrong = new List<string>();
            foreach (var (name, frame, _, without) in Table) Check(program, name + ", no worker", frame, without, wrong);

            network.AddVeth("x0", "x1");
            using var memory = new FrameMemory(256, 1);
            var pool = new FrameExchange(memory, 1).Pools[0];
            using (var queue = AfXdpPort.Open(new XskMemory(memory), [pool], 0, "x0", PortMode.None, maps.Xsk)[0])
            {
                foreach (var (name, frame, with, _) in Table) Check(program, name, frame, with, wrong);
            }

            foreach (var (name, frame, _, without) in Table) Check(program, name + ", worker gone", frame, without, wrong);
            Assert.True(wrong.Count == 0, string.Join("\n", wrong));
        });
    }

    [SkippableFact]
    public void A_frame_cut_at_any_length_is_never_passed_to_be_forwarded()
    {
        Need.Root();
        using var addresses = LocalAddressMaps.Create();
        addresses.Set([Address(Us4), Address(Us6)]);
        using var maps = SteeringMaps.Create(addresses);
        using var program = maps.LoadSteer();
        foreach (var frame in new[] { Ip4(Far4, 50, Esp()), Ip6(Far6, 50, Esp()), Ip4(Far4, 17, Udp(4500, Esp())) })
        {
            for (var length = 15; length <= frame.Length; length++) Assert.Equal(XdpVerdict.Drop, program.Test(frame.AsSpan(0, length)));
        }
    }

    [SkippableFact]
    public void Addresses_are_added_and_taken_away()
    {
        Need.Root();
        using var addresses = LocalAddressMaps.Create();
        using var maps = SteeringMaps.Create(addresses);
        using var program = maps.LoadSteer();
        var toUs = Ip4(Us4, 6, Tcp(22));
        Assert.Equal(XdpVerdict.Drop, program.Test(toUs));
        addresses.Set([Address(Us4)]);
        Assert.Equal(XdpVerdict.Pass, program.Test(toUs));
        addresses.Set([Address(Us6)]);
        Assert.Equal(XdpVerdict.Drop, program.Test(toUs));
        Assert.Empty(addresses.Local4.Keys());
        Assert.Single(addresses.Local6.Keys());
    }

    [SkippableFact]
    public void Multicast_that_somebody_wants_is_a_workers_inside_and_the_kernels_outside()
    {
        Need.Root();
        using var addresses = LocalAddressMaps.Create();
        using var multicast = MulticastMaps.Create();
        Assert.Equal(0, multicast.Set([(Address("239.1.1.0"), 24), (Address("239.9.9.9"), 32), (Address("ff08:1::"), 32)]));
        using var inside = SteeringMaps.Create(addresses, multicast);
        using var outside = SteeringMaps.Create(addresses);
        using var steerInside = inside.LoadSteer();
        using var steerOutside = outside.LoadSteer();
        (byte[] Frame, bool IsWanted)[] frames =
        [
            (Ip4("239.1.1.7", 17, Udp(5000, Esp()), mac: GroupMac), true),
            (Ip4("239.1.2.7", 17, Udp(5000, Esp()), mac: GroupMac), false),
            (Ip4("239.9.9.9", 17, Udp(5000, Esp()), mac: GroupMac), true),
            (Ip4("239.9.9.8", 17, Udp(5000, Esp()), mac: GroupMac), false),
            (Ip4("239.1.1.7", 2, new byte[8], mac: GroupMac), false),
            (Ip4("224.0.0.5", 89, Esp(), mac: GroupMac), false),
            (Tagged(Ip4("239.1.1.7", 17, Udp(5000, Esp()), mac: GroupMac)), false),
            (Ip4("239.1.1.7", 17, Udp(5000, Esp()), mac: GroupMac)[..30], false),
            (Ip6("ff08:1::5", 17, Udp(5000, Esp()), mac: GroupMac), true),
            (Ip6("ff08:2::5", 17, Udp(5000, Esp()), mac: GroupMac), false),
            (Ip6("ff08:1::5", 17, Udp(5000, Esp()), source: "fe80::5", mac: GroupMac), false),
            (Ip6("ff08:1::5", 17, Udp(5000, Esp()), mac: GroupMac)[..50], false),
        ];
        foreach (var (frame, isWanted) in frames)
        {
            // No worker listens here: what would be a worker's is nobody's.
            Assert.Equal(isWanted ? XdpVerdict.Drop : XdpVerdict.Pass, steerInside.Test(frame));
            Assert.Equal(XdpVerdict.Pass, steerOutside.Test(frame));
        }

        using var taken = MulticastMaps.Own(Dup(multicast.Groups4.Descriptor), Dup(multicast.Groups6.Descriptor));
        Assert.Equal(0, taken.Set([(Address("239.1.0.0"), 16)]));
        Assert.Equal(XdpVerdict.Drop, steerInside.Test(frames[1].Frame));
        Assert.Equal(XdpVerdict.Pass, steerInside.Test(frames[2].Frame));
        Assert.Equal(XdpVerdict.Pass, steerInside.Test(frames[8].Frame));
        Assert.Single(multicast.Groups4.Keys());
        Assert.Empty(multicast.Groups6.Keys());
        Assert.Equal(0, taken.Set([(Address("224.0.0.0"), 4), (Address("ff00::"), 8)]));
        Assert.Equal(XdpVerdict.Drop, steerInside.Test(frames[3].Frame));
        Assert.Equal(XdpVerdict.Pass, steerInside.Test(frames[5].Frame));
        Assert.Equal(XdpVerdict.Drop, steerInside.Test(frames[9].Frame));
        Assert.Equal(XdpVerdict.Pass, steerInside.Test(Ip6("ff12::5", 17, Udp(5000, Esp()), mac: GroupMac)));
    }

    [SkippableFact]
    public void A_device_takes_in_all_multicast_while_somebody_asks_for_it()
    {
        Need.Root();
        using var network = new NetworkNamespace();
        network.AddVeth("m0", "m1");
        network.Run(() =>
        {
            Assert.Null(AllMulticast.TryOpen("gone"));
            using (AllMulticast.TryOpen("m0") ?? throw new InvalidOperationException("refused")) Assert.Contains("allmulti 1", network.Exec("ip -d link show m0"), StringComparison.Ordinal);
            Assert.Contains("allmulti 0", network.Exec("ip -d link show m0"), StringComparison.Ordinal);
        });
    }

    [SkippableFact]
    public void A_program_that_the_verifier_refuses_says_why()
    {
        Need.Root();
        using var resource = typeof(XdpProgram).Assembly.GetManifestResourceStream("pass.bpf.o")!;
        var file = new byte[resource.Length];
        resource.ReadExactly(file);
        Assert.True(ElfObject.TryReadFunction(file, "pass", out var function, out _));
        var at = file.AsSpan().IndexOf(function.Instructions);
        file[at] = 0xbf; // r0 = r0, which is not initialised
        file[at + 1] = 0;
        file.AsSpan(at + 2, 6).Clear();
        var failure = Assert.Throws<IOException>(() => XdpProgram.Load(file, "pass", new Dictionary<string, BpfMap>()));
        Assert.Contains("!read_ok", failure.Message, StringComparison.Ordinal);
    }

    [System.Runtime.InteropServices.DllImport("libc", EntryPoint = "dup")]
    private static extern int Dup(int descriptor);

    private static void Check(XdpProgram program, string name, byte[] frame, XdpVerdict expected, List<string> wrong)
    {
        var verdict = program.Test(frame);
        if (verdict != expected) wrong.Add($"{name}: {verdict}, not {expected}");
    }

    private static IpAddress Address(string text) => IpAddress.TryParse(text, out var address) ? address : throw new FormatException(text);

    private static byte[] Esp() => [0, 0, 0x10, 1, 0, 0, 0, 1, .. new byte[40]];

    private static byte[] Udp(ushort destination, byte[] body) => UdpBetween(40000, destination, body);

    private static byte[] UdpFrom(ushort source, byte[] body) => UdpBetween(source, 41000, body);

    private static byte[] UdpBetween(ushort source, ushort destination, byte[] body)
    {
        var packet = new byte[8 + body.Length];
        BinaryPrimitives.WriteUInt16BigEndian(packet, source);
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(2), destination);
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(4), (ushort)packet.Length);
        body.CopyTo(packet, 8);
        return packet;
    }

    private static byte[] Tcp(ushort destination) => [0x9c, 0x40, (byte)(destination >> 8), (byte)destination, .. new byte[8], 0x50, 0x10, .. new byte[6]];

    private static byte[] Icmp(byte type, byte[] quoted) => [type, 0, 0, 0, 0, 0, 0, 0, .. quoted];

    private static byte[] Quote4(byte protocol, byte[] body) => Ip4(Far4, protocol, body)[14..];

    private static byte[] Quote6(byte protocol, byte[] body) => Ip6(Far6, protocol, body)[14..];

    private static byte[] Ip4(string destination, byte protocol, byte[] body, ushort fragment = 0, int options = 0, ulong mac = OurMac)
    {
        var packet = new byte[20 + options + body.Length];
        packet[0] = (byte)(0x45 + options / 4);
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(2), (ushort)packet.Length);
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(6), fragment);
        packet[8] = 64;
        packet[9] = protocol;
        IPAddress.Parse("203.0.113.5").TryWriteBytes(packet.AsSpan(12), out _);
        IPAddress.Parse(destination).TryWriteBytes(packet.AsSpan(16), out _);
        body.CopyTo(packet, 20 + options);
        return Ethernet(0x0800, packet, mac);
    }

    private static byte[] Ip6(string destination, byte next, byte[] body, string source = "2001:db8:e::5", byte hops = 255, ulong mac = OurMac)
    {
        var packet = new byte[40 + body.Length];
        packet[0] = 0x60;
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(4), (ushort)body.Length);
        packet[6] = next;
        packet[7] = hops;
        IPAddress.Parse(source).TryWriteBytes(packet.AsSpan(8), out _);
        IPAddress.Parse(destination).TryWriteBytes(packet.AsSpan(24), out _);
        body.CopyTo(packet, 40);
        return Ethernet(0x86dd, packet, mac);
    }

    private static byte[] Ethernet(ushort type, byte[] body, ulong mac = OurMac)
    {
        var frame = new byte[14 + body.Length];
        BinaryPrimitives.WriteUInt64LittleEndian(frame, mac);
        frame[6] = 2;
        frame[7] = 0;
        BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(12), type);
        body.CopyTo(frame, 14);
        return frame;
    }

    private static byte[] Tagged(byte[] frame) => [.. frame[..12], 0x81, 0x00, 0x00, 0x64, .. frame[12..]];

    private static byte[] Patch(byte[] frame, int at, byte value)
    {
        frame[at] = value;
        return frame;
    }
}
