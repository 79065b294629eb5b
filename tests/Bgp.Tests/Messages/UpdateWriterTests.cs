using System.Net;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace Appliance.Bgp.Tests.Messages;

public class UpdateWriterTests
{
    private static readonly WriteOptions Four = new() { FourOctetAs = true };
    private static readonly PathAttributes Simple = new() { AsPath = [new AsSegment(2, [65001])], NextHop = IPAddress.Parse("192.0.2.1") };

    private static byte[] Announce(PathAttributes attributes, WriteOptions options, Family family, params Nlri[] nlri)
    {
        var buffer = new byte[1 << 17];
        var result = new UpdateWriter().Announce(buffer, options, family, attributes, nlri);
        Assert.Equal(nlri.Length, result.Taken);
        return buffer[..result.Octets];
    }

    [Fact]
    public void Rfc4271_4_3_AnUpdateByHand()
    {
        var octets = Announce(Simple, Four, Family.Ipv4Unicast, Wire.Route("10.0.0.0/8"), Wire.Route("192.168.3.128/25"), Wire.Route("0.0.0.0/0"));
        Assert.Equal("ffffffffffffffffffffffffffffffff003302" + "0000" + "0014" + "40010100" + "400206" + "02010000fde9" + "400304c0000201" + "080a" + "19c0a80380" + "00", Convert.ToHexStringLower(octets));
    }

    [Fact]
    public void Rfc7606_5_1_MpReachComesFirstAndAloneAndTheRestInOrder()
    {
        var full = new PathAttributes(Simple)
        {
            NextHop = IPAddress.Parse("2001:db8::1"),
            LinkLocalNextHop = IPAddress.Parse("fe80::1"),
            Med = 1,
            LocalPref = 2,
            AtomicAggregate = true,
            Aggregator = new Aggregator(65001, 1),
            Communities = [1],
            ExtendedCommunities = [2],
            LargeCommunities = [new LargeCommunity(1, 2, 3)],
            OriginatorId = 3,
            ClusterList = [4],
            TunnelEncapsulation = TunnelEncapsulation.Write([new Tunnel(4, [TunnelSubTlv.Endpoint(null)])]),
            Unknown = [new UnknownAttribute(0xE0, 11, [1]), new UnknownAttribute(0xE0, 20, [1]), new UnknownAttribute(0xE0, 30, []), new UnknownAttribute(0xE0, 200, new byte[300])],
        };
        var (_, body) = Assert.Single(Wire.Split(Announce(full, Four, Family.Ipv6Unicast, Wire.Route("2001:db8::/32"))));
        Assert.True(UpdateReader.TryRead(body, Wire.Internal, out var view));
        var cursor = new AttributeCursor(view.Attributes);
        var types = new List<byte>();
        while (cursor.MoveNext()) types.Add(cursor.Type);
        Assert.Equal([14, 1, 2, 4, 5, 6, 7, 8, 9, 10, 11, 16, 20, 23, 30, 32, 200], types);
        Assert.Equal(full, AttributeReader.Read(view, true));
        Assert.Equal(32, view.ReachNextHop.Length);
        Assert.True(view.Withdrawn.IsEmpty && view.Announced.IsEmpty && !view.HasUnreach);
    }

    [Theory]
    [InlineData("ipv4", "ffffffffffffffffffffffffffffffff00170200000000")]
    [InlineData("ipv6", "ffffffffffffffffffffffffffffffff001d0200000006800f03000201")]
    [InlineData("vpnv4", "ffffffffffffffffffffffffffffffff001d0200000006800f03000180")]
    public void Rfc4724_2_EndOfRib(string name, string octets)
    {
        var family = Family.All.Single(f => f.ToString() == name);
        var buffer = new byte[64];
        Assert.Equal(octets, Convert.ToHexStringLower(buffer.AsSpan(0, UpdateWriter.EndOfRib(buffer, family))));
        Assert.True(UpdateReader.TryRead(Wire.Hex(octets).AsSpan(19), Wire.Internal, out var view));
        Assert.True(view.IsEndOfRib(out var read));
        Assert.Equal(family, read);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void WithdrawalsAreReadEqualInEveryFamily(bool addPath)
    {
        foreach (var family in Family.All)
        {
            var nlri = Enumerable.Range(1, 2500).Select(i => new Nlri(new Prefix(((ulong)i << 40) | 0x0a00000000000000, 0, (byte)(family.Safi is 7 ? family.AddressBits : 32)).Masked(),
                family.IsVpn ? (ulong)i : 0, 0, addPath ? (uint)i : 0)).ToArray();
            var set = addPath ? FamilySet.None.With(family) : FamilySet.None;
            var buffer = new byte[1 << 18];
            var result = UpdateWriter.Withdraw(buffer, new WriteOptions { AddPath = set }, family, nlri);
            Assert.Equal(nlri.Length, result.Taken);
            var read = new List<Nlri>();
            foreach (var (header, body) in Wire.Split(buffer.AsSpan(0, result.Octets), MessageHeader.MaximumLength))
            {
                Assert.True(UpdateReader.TryRead(body, Wire.Internal with { AddPath = set }, out var view));
                Assert.Equal(UpdateError.None, view.Error);
                read.AddRange(Wire.List(view.HasUnreach ? view.UnreachedNlri : view.WithdrawnNlri).Select(n => n with { Label = 0 }));
            }

            Assert.Equal(nlri, read);
        }
    }

    [Fact]
    public void Rfc8277_2_4_AWithdrawnVpnRouteHasTheLabelThatMeansIt()
    {
        var buffer = new byte[4096];
        var result = UpdateWriter.Withdraw(buffer, Four, Family.Vpnv4, [new Nlri(new Prefix(10UL << 56, 0, 8), 65000UL << 32 | 1, 17)]);
        Assert.EndsWith("60" + "800000" + "0000fde800000001" + "0a", Convert.ToHexStringLower(buffer.AsSpan(0, result.Octets)), StringComparison.Ordinal);
    }

    [Fact]
    public void MessagesAreFilledToTheLimitAndNeverBeyond()
    {
        var nlri = Enumerable.Range(0, 5000).Select(i => new Nlri(new Prefix((ulong)(0x0a000000 + i) << 32, 0, 32))).ToArray();
        foreach (var maximum in (int[])[MessageHeader.MaximumLength, MessageHeader.ExtendedLength])
        {
            var messages = Wire.Split(Announce(Simple, Four with { MaximumLength = maximum }, Family.Ipv4Unicast, nlri));
            Assert.All(messages, m => Assert.True(m.Header.Length <= maximum));
            Assert.All(messages.SkipLast(1), m => Assert.True(m.Header.Length > maximum - 5));
        }
    }

    [Fact]
    public void WhatDoesNotFitIntoTheBufferIsLeftForTheNext()
    {
        var nlri = Enumerable.Range(0, 5000).Select(i => new Nlri(new Prefix((ulong)(0x0a000000 + i) << 32, 0, 32))).ToArray();
        foreach (var family in (Family[])[Family.Ipv4Unicast, Family.Vpnv4])
        {
            var writer = new UpdateWriter();
            var buffer = new byte[5000];
            var taken = 0;
            while (taken < nlri.Length)
            {
                var result = writer.Announce(buffer, Four, family, Simple, nlri.AsSpan(taken));
                Assert.True(result.Taken > 0 && result.Octets <= buffer.Length && !result.IsTooLong);
                taken += result.Taken;
            }

            for (taken = 0; taken < nlri.Length;)
            {
                var result = UpdateWriter.Withdraw(buffer, Four, family, nlri.AsSpan(taken));
                Assert.True(result.Taken > 0 && result.Octets <= buffer.Length);
                taken += result.Taken;
            }
        }
    }

    [Theory]
    [InlineData(1009, false)]
    [InlineData(1010, true)]
    [InlineData(20000, true)]
    public void Rfc4271_9_2_AttributesThatFitIntoNoMessageAreSaidToBe(int communities, bool isTooLong)
    {
        // 19 + 4 of the message, 4 + 9 + 7 of the first three attributes, 4 + 4 for each community, 5 of a route of 32 bits: 1011 communities make 4096.
        var attributes = new PathAttributes(Simple) { Communities = new uint[communities + 2] };
        var result = new UpdateWriter().Announce(new byte[8192], Four, Family.Ipv4Unicast, attributes, [Wire.Route("10.0.0.1/32")]);
        Assert.Equal((isTooLong, isTooLong ? 0 : 1), (result.IsTooLong, result.Taken));
        result = new UpdateWriter().Announce(new byte[100000], Four with { MaximumLength = MessageHeader.ExtendedLength }, Family.Ipv4Unicast, attributes, [Wire.Route("10.0.0.1/32")]);
        Assert.Equal(communities == 20000, result.IsTooLong);
    }

    [Fact]
    public void Rfc6793_4_2_2_AnOldSpeakerGetsAsTransAndAs4Path()
    {
        var attributes = new PathAttributes(Simple) { AsPath = [new AsSegment(3, [64512]), new AsSegment(2, [65001, 4200000000]), new AsSegment(1, [4200000001, 7])], Aggregator = new Aggregator(4200000000, 5) };
        var (_, body) = Assert.Single(Wire.Split(Announce(attributes, new WriteOptions(), Family.Ipv4Unicast, Wire.Route("10.0.0.0/8"))));
        var text = Convert.ToHexStringLower(body);
        Assert.Contains("400210" + "0301fc00" + "0202fde95ba0" + "01025ba00007", text, StringComparison.Ordinal);
        Assert.Contains("c01114" + "02020000fde9fa56ea00" + "0102fa56ea0100000007", text, StringComparison.Ordinal);
        Assert.Contains("c007065ba000000005" + "c01114", text, StringComparison.Ordinal);
        Assert.Contains("c01208fa56ea0000000005", text, StringComparison.Ordinal);
        Assert.True(UpdateReader.TryRead(body, Wire.Internal with { FourOctetAs = false }, out var view));
        Assert.Equal(UpdateError.None, view.Error);
        Assert.Equal(attributes, AttributeReader.Read(view, false));
    }

    [Fact]
    public void Rfc6793_4_2_2_WithoutLongAsesThereIsNoAs4Path()
    {
        var (_, body) = Assert.Single(Wire.Split(Announce(new PathAttributes(Simple) { Aggregator = new Aggregator(65001, 5) }, new WriteOptions(), Family.Ipv4Unicast, Wire.Route("10.0.0.0/8"))));
        Assert.True(UpdateReader.TryRead(body, Wire.Internal with { FourOctetAs = false }, out var view));
        var cursor = new AttributeCursor(view.Attributes);
        while (cursor.MoveNext()) Assert.True(cursor.Type is not (AttributeType.As4Path or AttributeType.As4Aggregator));
    }

    [Fact]
    public void ALongSequenceIsSplitIntoSegments()
    {
        var path = Enumerable.Range(1, 600).Select(i => (uint)i).ToArray();
        var (_, body) = Assert.Single(Wire.Split(Announce(new PathAttributes(Simple) { AsPath = [new AsSegment(2, path)] }, Four, Family.Ipv4Unicast, Wire.Route("10.0.0.0/8"))));
        Assert.True(UpdateReader.TryRead(body, Wire.Internal, out var view));
        Assert.Equal(path, AttributeReader.Read(view, false).AsPath.SelectMany(s => s.Ases));
    }

    [Fact]
    public void WhateverAttributesThereAreAreReadEqual()
    {
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(1000), Prop.ForAll(Samples.Attributes.ToArbitrary(), attributes =>
        {
            foreach (var isFour in (bool[])[true, false])
            {
                var family = attributes.NextHop.IsV4() ? Family.Ipv4Unicast : Family.Ipv6Unicast;
                var octets = Announce(attributes, new WriteOptions { FourOctetAs = isFour }, family, Wire.Route(family.Afi == 1 ? "10.0.0.0/8" : "2001:db8::/32"));
                Assert.True(UpdateReader.TryRead(octets.AsSpan(19), Wire.Internal with { FourOctetAs = isFour }, out var view));
                Assert.Equal(UpdateError.None, view.Error);
                Assert.Equal(attributes, AttributeReader.Read(view, view.HasReach));
            }
        }));
    }
}
