using System.Net;
using Xunit;

namespace Appliance.Bgp.Tests.Messages;

public class UpdateRoundTripTests
{
    private static PathAttributes Simple(string hop) => new() { AsPath = [new AsSegment(2, [65001, 4200000000])], NextHop = IPAddress.Parse(hop), LocalPref = 100, Communities = [1, 2] };

    [Theory]
    [InlineData("ipv4", "192.0.2.1")]
    [InlineData("ipv4", "2001:db8::1")]
    [InlineData("ipv6", "2001:db8::1")]
    [InlineData("vpnv4", "192.0.2.1")]
    [InlineData("vpnv4", "2001:db8::1")]
    [InlineData("vpnv6", "2001:db8::1")]
    [InlineData("vpnv6", "192.0.2.1")]
    [InlineData("ipv4-encapsulation", "192.0.2.1")]
    [InlineData("ipv6-encapsulation", "2001:db8::1")]
    [InlineData("route-target", "192.0.2.1")]
    public void WhatWasWrittenIsReadEqual(string name, string hop)
    {
        var family = Family.All.Single(f => f.ToString() == name);
        var nlri = Enumerable.Range(1, 3000).Select(i => One(family, i)).ToArray();
        foreach (var addPath in (bool[])[false, true])
        {
            var set = addPath ? FamilySet.None.With(family) : FamilySet.None;
            if (!addPath) nlri = [.. nlri.Select(n => n with { PathId = 0 })];
            var attributes = Simple(hop);
            var buffer = new byte[1 << 18];
            var written = new UpdateWriter().Announce(buffer, new WriteOptions { FourOctetAs = true, AddPath = set }, family, attributes, nlri);
            Assert.Equal(nlri.Length, written.Taken);
            var read = new List<Nlri>();
            var messages = Wire.Split(buffer.AsSpan(0, written.Octets), MessageHeader.MaximumLength);
            Assert.True(messages.Count > 1 || family.AddressBits == 32);
            foreach (var (_, body) in messages)
            {
                Assert.True(UpdateReader.TryRead(body, Wire.Internal with { AddPath = set, ExtendedNextHop = FamilySet.Of(Family.All) }, out var view));
                Assert.Equal(UpdateError.None, view.Error);
                Assert.Equal(attributes, AttributeReader.Read(view, view.HasReach));
                read.AddRange(Wire.List(view.HasReach ? view.ReachedNlri : view.AnnouncedNlri));
            }

            Assert.Equal(nlri, read);
        }

        static Nlri One(Family family, int i) => family.Safi switch
        {
            1 when family.Afi == 1 => new Nlri(new Prefix((ulong)(0x0A000000 + i * 256) << 32, 0, 24), PathId: (uint)i),
            1 => new Nlri(new Prefix(0x20010db800000000 + ((ulong)i << 8), 0, 56), PathId: (uint)i),
            128 when family.Afi == 1 => new Nlri(new Prefix((ulong)(0x0A000000 + i * 256) << 32, 0, 24), 65000UL << 32 | 7, 16, (uint)i),
            128 => new Nlri(new Prefix(0x20010db800000000 + ((ulong)i << 8), 5UL << 60, 68), 1UL << 48 | 0xC0000201UL << 16 | 5, 0xFFFFF, (uint)i),
            7 when family.Afi == 1 => new Nlri(new Prefix((ulong)(0x0A000000 + i) << 32, 0, 32), PathId: (uint)i),
            7 => new Nlri(new Prefix(0x20010db800000000, (ulong)i, 128), PathId: (uint)i),
            _ => new Nlri(new Prefix(65000UL << 32 | 0x00020000, (ulong)i << 32, 96), PathId: (uint)i),
        };
    }
}
