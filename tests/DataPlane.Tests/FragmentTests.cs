using Appliance.Shared;
using Appliance.Wire;

namespace Appliance.DataPlane.Tests;

/// <summary>Fragments of outer packets that are addressed to us (RFC 791 §3.2, RFC 8200 §4.5, RFC 5722).</summary>
public class FragmentTests
{
    [Theory]
    [InlineData(false, false)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public void Esp_in_fragments_arrives_in_any_order(bool outerV6, bool reversed)
    {
        using var sites = new Sites(outerV6: outerV6);
        var pieces = Pieces(sites, outerV6);
        if (reversed) pieces.Reverse();
        foreach (var piece in pieces) sites.B.Gateway.Port(Gateway.Wan).Put(Ip.Frame(piece));
        sites.B.Gateway.Run();
        Assert.Equal(Ip.Udp(Sites.HostA, Sites.HostB, payload: 1000, ttl: 62), Assert.Single(sites.B.TakeLan()));
        Assert.Equal((ulong)pieces.Count - 1, sites.B.Gateway.Sum(b => b.Absorbed));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Rfc5722_An_overlap_ends_the_datagram(bool outerV6)
    {
        using var sites = new Sites(outerV6: outerV6);
        var pieces = Pieces(sites, outerV6);
        foreach (var piece in (byte[][])[pieces[0], pieces[0], .. pieces[1..]]) sites.B.Gateway.Port(Gateway.Wan).Put(Ip.Frame(piece));
        sites.B.Gateway.Run();
        Assert.Empty(sites.B.TakeLan());
        Assert.Equal(2UL, sites.B.Gateway.Drops(DropReason.BadFragment));
        sites.B.Gateway.AssertIdentity();
    }

    [Fact]
    public void Fragments_of_many_datagrams_stay_within_bounds()
    {
        using var sites = new Sites();
        var piece = Pieces(sites, false)[0];
        for (var i = 0; i < 300; i++)
        {
            piece[4] = (byte)(i >> 8);
            piece[5] = (byte)i;
            Ipv4Header.WriteChecksum(piece.AsSpan(0, 20));
            sites.B.Gateway.Port(Gateway.Wan).Put(Ip.Frame(piece));
        }

        sites.B.Gateway.Run();
        Assert.Equal((ulong)Tuning.ReassemblyContexts, sites.B.Gateway.Sum(b => b.Held));
        Assert.Equal(300UL - (ulong)Tuning.ReassemblyContexts, sites.B.Gateway.Drops(DropReason.ReassemblyFull));
        sites.B.Gateway.AssertIdentity();
    }

    [Fact]
    public void What_is_not_ESP_once_it_is_whole_goes_to_the_host()
    {
        using var sites = new Sites();
        var whole = Ip.Udp("198.51.100.1", "192.0.2.1", 500, 500, 900);
        foreach (var piece in Cut(whole, 400, false)) sites.A.Gateway.Port(Gateway.Wan).Put(Ip.Frame(piece));
        sites.A.Gateway.Run();
        var arrived = Assert.Single(sites.A.TakeHost());
        Assert.Equal(whole[20..], arrived[20..]);
        Assert.False(Ip.Fields(arrived).IsFragment);
    }

    private static List<byte[]> Pieces(Sites sites, bool outerV6)
    {
        sites.A.Gateway.Port(Gateway.Lan).Put(Ip.Frame(Ip.Udp(Sites.HostA, Sites.HostB, payload: 1000)));
        sites.A.Gateway.Run();
        return Cut(Ip.Unframe(Assert.Single(sites.A.TakeWire())), 400, outerV6);
    }

    private static List<byte[]> Cut(byte[] packet, int mtu, bool v6)
    {
        var pieces = new List<byte[]>();
        if (v6)
        {
            Assert.True(Ipv6Fragments.TryStart(packet, mtu, 77, out var fragments));
            while (fragments.NextLength is > 0 and var length)
            {
                pieces.Add(new byte[length]);
                fragments.Write(pieces[^1]);
            }
        }
        else
        {
            packet[6] = 0;
            Ipv4Header.WriteChecksum(packet.AsSpan(0, 20));
            Assert.True(Ipv4Fragments.TryStart(packet, mtu, out var fragments));
            while (fragments.NextLength is > 0 and var length)
            {
                pieces.Add(new byte[length]);
                fragments.Write(pieces[^1]);
            }
        }

        return pieces;
    }
}
