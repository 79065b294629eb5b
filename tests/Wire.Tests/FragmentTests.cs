namespace Appliance.Wire.Tests;

public class FragmentTests
{
    [Fact]
    [Trait("RFC", "791")]
    public void Rfc791_3_2_FragmentsMakeUpThePacket()
    {
        for (var payload = 1; payload < 200; payload += 7)
        for (var mtu = 28; mtu < 250; mtu += 5)
        {
            var packet = Sample.Ipv4(payload);
            var fragments = Cut4(packet, mtu);
            Assert.All(fragments, f => Assert.True(f.Length <= mtu));
            Assert.Equal(packet[20..], Join4(fragments, 0));
        }
    }

    [Fact]
    [Trait("RFC", "791")]
    public void Rfc791_3_2_AFragmentIsCutFurther()
    {
        var packet = Sample.Ipv4(120, flags: Ipv4Header.MoreFragments | 10);
        var fragments = Cut4(packet, 60);
        Assert.Equal(packet[20..], Join4(fragments, 80, isLast: false));
    }

    [Fact]
    [Trait("RFC", "791")]
    public void Rfc791_3_1_LaterFragmentsRepeatOnlyTheOptionsToBeCopied()
    {
        // Record route (not copied), router alert (copied), end.
        byte[] options = [7, 7, 4, 0, 0, 0, 0, 0x94, 4, 0, 0, 0];
        var packet = Sample.Ipv4(100, options: options);
        var fragments = Cut4(packet, 80);
        Assert.Equal(options, fragments[0][20..32]);
        byte[] copied = [0x94, 4, 0, 0];
        Assert.All(fragments.Skip(1), f => Assert.Equal(copied, f[20..24]));
        Assert.Equal(packet[32..], Join4(fragments, 0));
    }

    [Fact]
    public void WhatMustNotBeCutIsRefused()
    {
        Assert.False(Ipv4Fragments.TryStart(Sample.Ipv4(100, flags: Ipv4Header.DontFragment), 60, out _));
        Assert.False(Ipv4Fragments.TryStart(Sample.Ipv4(100), 27, out _));
        Assert.False(Ipv4Fragments.TryStart(Sample.Ipv4(100).AsSpan(0, 50), 60, out _));
        Assert.False(Ipv4Fragments.TryStart(Sample.Ipv4(100, flags: 0x1ffe), 60, out _));
        Assert.False(Ipv6Fragments.TryStart(Sample.Udp6, 55, 1, out _));
        Assert.False(Ipv6Fragments.TryStart(Sample.Ipv6([IpProtocol.Udp, 0, 0, 0, 0, 0, 0, 0], IpProtocol.Fragment, 20), 80, 1, out _));
    }

    [Fact]
    public void NoRoomWritesNothing()
    {
        Assert.True(Ipv4Fragments.TryStart(Sample.Ipv4(100), 60, out var fragments));
        Assert.Equal(60, fragments.NextLength);
        Assert.Equal(0, fragments.Write(new byte[59]));
        Assert.Equal(60, fragments.Write(new byte[60]));
    }

    [Fact]
    [Trait("RFC", "8200")]
    public void Rfc8200_4_5_FragmentsMakeUpThePacket()
    {
        byte[] routing = [IpProtocol.Udp, 0, 0, 0, 0, 0, 0, 0];
        for (var payload = 1; payload < 300; payload += 11)
        for (var mtu = 64; mtu < 400; mtu += 13)
        {
            var packet = Sample.Ipv6(routing, IpProtocol.Routing, payload);
            Assert.True(Ipv6Fragments.TryStart(packet, mtu, 0xabcd, out var fragments));
            var joined = new List<byte>();
            var more = true;
            while (fragments.NextLength > 0)
            {
                var fragment = new byte[fragments.NextLength];
                Assert.Equal(fragment.Length, fragments.Write(fragment));
                Assert.True(fragment.Length <= mtu);
                Assert.True(PacketFields.TryRead(fragment, out var f));
                Assert.Equal((joined.Count, 0xabcdu, 56, fragment.Length), (f.FragmentOffset, f.Identification, f.HeaderLength, f.TotalLength));
                Assert.Equal(IpProtocol.Udp, fragment[48]);
                more = f.MoreFragments;
                joined.AddRange(fragment[56..]);
            }

            Assert.False(more);
            Assert.Equal(packet[48..], joined);
        }
    }

    private static List<byte[]> Cut4(byte[] packet, int mtu)
    {
        Assert.True(Ipv4Fragments.TryStart(packet, mtu, out var fragments));
        var all = new List<byte[]>();
        while (fragments.NextLength > 0)
        {
            all.Add(new byte[fragments.NextLength]);
            Assert.Equal(all[^1].Length, fragments.Write(all[^1]));
        }

        return all;
    }

    private static byte[] Join4(List<byte[]> fragments, int offset, bool isLast = true)
    {
        var joined = new List<byte>();
        for (var i = 0; i < fragments.Count; i++)
        {
            Assert.True(Ipv4View.TryParse(fragments[i], out var view));
            Assert.True(view.IsChecksumRight);
            Assert.Equal((offset + joined.Count, 7), (view.FragmentOffset, view.Identification));
            Assert.Equal(i < fragments.Count - 1 || !isLast, view.MoreFragments);
            joined.AddRange(view.Payload.ToArray());
        }

        return [.. joined];
    }
}
