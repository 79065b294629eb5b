using Xunit;

namespace Appliance.Bgp.Tests.Messages;

/// <summary>A row for each sentence of RFC 7606 (and its relatives) that says what an error leads to.</summary>
[Trait("RFC", "7606")]
public class Rfc7606Tests
{
    private const string Origin = "40010100";
    private const string Path = "4002060201 0000fde9";
    private const string Hop = "400304c0000201";
    private const string Good = Origin + Path + Hop;
    private const string Nlri = "180a0000";

    public static TheoryData<string, string, UpdateError, byte> Attributes => new()
    {
        { "nothing wrong", Good, UpdateError.None, 0 },
        { "7.1 ORIGIN of two octets", "4001020000" + Path + Hop, UpdateError.TreatAsWithdraw, 5 },
        { "7.1 ORIGIN of no octets", "400100" + Path + Hop, UpdateError.TreatAsWithdraw, 5 },
        { "7.1 ORIGIN 3", "40010103" + Path + Hop, UpdateError.TreatAsWithdraw, 6 },
        { "7.2 AS_PATH may be empty", Origin + "400200" + Hop, UpdateError.None, 0 },
        { "7.2 segment type 5", Origin + "4002060501 0000fde9" + Hop, UpdateError.TreatAsWithdraw, 11 },
        { "7.2 segment type 0", Origin + "4002060001 0000fde9" + Hop, UpdateError.TreatAsWithdraw, 11 },
        { "7.2 overrun", Origin + "4002060202 0000fde9" + Hop, UpdateError.TreatAsWithdraw, 11 },
        { "7.2 underrun", Origin + "4002070201 0000fde9 02" + Hop, UpdateError.TreatAsWithdraw, 11 },
        { "7.2 empty segment", Origin + "4002020200" + Hop, UpdateError.TreatAsWithdraw, 11 },
        { "RFC 7607 AS 0 in AS_PATH", Origin + "40020a0202 0000fde9 00000000" + Hop, UpdateError.TreatAsWithdraw, 11 },
        { "7.3 NEXT_HOP of five octets", Origin + Path + "400305c000020100", UpdateError.TreatAsWithdraw, 5 },
        { "RFC 4271 6.3 NEXT_HOP 0.0.0.0", Origin + Path + "40030400000000", UpdateError.TreatAsWithdraw, 8 },
        { "RFC 4271 6.3 NEXT_HOP multicast", Origin + Path + "400304e0000001", UpdateError.TreatAsWithdraw, 8 },
        { "7.4 MED of three octets", Good + "800403000001", UpdateError.TreatAsWithdraw, 5 },
        { "7.5 LOCAL_PREF of five octets", Good + "4005050000000100", UpdateError.TreatAsWithdraw, 5 },
        { "7.6 ATOMIC_AGGREGATE of one octet", Good + "40060100", UpdateError.AttributeDiscard, 0 },
        { "7.7 AGGREGATOR of six octets", Good + "c00706fde9c0000201", UpdateError.AttributeDiscard, 0 },
        { "RFC 7607 AS 0 in AGGREGATOR", Good + "c00708 00000000c0000201", UpdateError.AttributeDiscard, 0 },
        { "7.8 COMMUNITIES of no octets", Good + "c00800", UpdateError.TreatAsWithdraw, 5 },
        { "7.8 COMMUNITIES of five octets", Good + "c008050000000100", UpdateError.TreatAsWithdraw, 5 },
        { "7.9 ORIGINATOR_ID of three octets", Good + "8009030a0000", UpdateError.TreatAsWithdraw, 5 },
        { "7.10 CLUSTER_LIST of no octets", Good + "800a00", UpdateError.TreatAsWithdraw, 5 },
        { "7.10 CLUSTER_LIST of six octets", Good + "800a060a0000010000", UpdateError.TreatAsWithdraw, 5 },
        { "7.14 EXTENDED COMMUNITIES of no octets", Good + "c01000", UpdateError.TreatAsWithdraw, 5 },
        { "7.14 EXTENDED COMMUNITIES of nine octets", Good + "c01009000200010000000100", UpdateError.TreatAsWithdraw, 5 },
        { "7.14 extended community of an unknown type", Good + "c01008ffff000100000001", UpdateError.None, 0 },
        { "7.15 IPv6 communities of eight octets", Good + "c01908000200010000000a", UpdateError.TreatAsWithdraw, 5 },
        { "RFC 8092 6 LARGE_COMMUNITY of no octets", Good + "c02000", UpdateError.TreatAsWithdraw, 5 },
        { "RFC 8092 6 LARGE_COMMUNITY of eight octets", Good + "c020080000000100000002", UpdateError.TreatAsWithdraw, 5 },
        { "RFC 8092 6 the same large community twice", Good + "c02018" + "000000010000000200000003" + "000000010000000200000003", UpdateError.None, 0 },
        { "3 c ORIGIN flagged optional", "c0010100" + Path + Hop, UpdateError.TreatAsWithdraw, 4 },
        { "3 c MED flagged transitive", Good + "c0040400000001", UpdateError.TreatAsWithdraw, 4 },
        { "3 c COMMUNITIES flagged non-transitive", Good + "80080400000001", UpdateError.TreatAsWithdraw, 4 },
        { "3 c the unused bits do not matter", "4f010100" + Path + Hop, UpdateError.None, 0 },
        { "3 d ORIGIN is missing", Path + Hop, UpdateError.TreatAsWithdraw, 3 },
        { "3 d AS_PATH is missing", Origin + Hop, UpdateError.TreatAsWithdraw, 3 },
        { "3 d NEXT_HOP is missing", Origin + Path, UpdateError.TreatAsWithdraw, 3 },
        { "3 g an attribute twice: the first counts", Good + "40010102", UpdateError.AttributeDiscard, 1 },
        { "3 g an unknown attribute twice", Good + "c0c80101" + "c0c80102", UpdateError.AttributeDiscard, 1 },
        { "3 h the strongest counts", "40010103" + Path + Hop + "40060100", UpdateError.TreatAsWithdraw, 6 },
        { "3 h the strongest counts, in any order", Good + "40060100" + "800403000001", UpdateError.TreatAsWithdraw, 5 },
        { "4 the last attribute is longer than all", Good + "8004050000", UpdateError.TreatAsWithdraw, 1 },
        { "4 two octets are left over", Good + "8004", UpdateError.TreatAsWithdraw, 1 },
        { "4 three octets with Extended Length", Good + "900400", UpdateError.TreatAsWithdraw, 1 },
        { "4 MP_REACH_NLRI is cut off (3 j)", Good + "800e0900020110", UpdateError.ResetSession, 1 },
        { "RFC 4271 6.3 an unknown well-known attribute", Good + "40c80101", UpdateError.ResetSession, 2 },
        { "RFC 4271 5 unknown optional ones are no error", Good + "80c80101" + "c0c90101", UpdateError.None, 0 },
        { "RFC 6793 6 AS4_PATH from a NEW speaker", Good + "c01106 0201 0000fde9", UpdateError.AttributeDiscard, 0 },
        { "RFC 9012 13 a TLV that lies", Good + "c01704 00040001", UpdateError.TreatAsWithdraw, 9 },
        { "RFC 9012 13 no TLV", Good + "c01700", UpdateError.TreatAsWithdraw, 9 },
        { "RFC 9012 13 no egress endpoint", Good + "c01704 00040000", UpdateError.TreatAsWithdraw, 9 },
        { "RFC 9012 13 two egress endpoints", Good + "c01714 00040010 0606000000000000 0606000000000000", UpdateError.TreatAsWithdraw, 9 },
        { "RFC 9012 3.1 the next hop is the endpoint", Good + "c0170c 00040008 0606000000000000", UpdateError.None, 0 },
        { "RFC 9012 3.1 an endpoint of a wrong length", Good + "c0170d 00040009 060700000000000000", UpdateError.TreatAsWithdraw, 9 },
        { "RFC 9012 3.1 a loopback as endpoint", Good + "c01710 0004000c 060a 00000000 0001 7f000001", UpdateError.TreatAsWithdraw, 9 },
        { "RFC 9012 13 a tunnel type that is not known", Good + "c0170c ffff0008 0606000000000000", UpdateError.None, 0 },
        { "RFC 9012 13 one TLV of two is right", Good + "c01710 00040000 00040008 0606000000000000", UpdateError.None, 0 },
    };

    [Theory]
    [MemberData(nameof(Attributes))]
    public void AnErrorInAnAttribute(string what, string attributes, UpdateError error, byte subcode)
    {
        Assert.NotEmpty(what);
        var read = UpdateReader.TryRead(Wire.Update("", attributes, Nlri), Wire.Internal, out var view);
        Assert.Equal(error, view.Error);
        Assert.Equal(error != UpdateError.ResetSession, read);
        Assert.Equal(subcode, view.Fault.Subcode);
        Assert.Equal(error == UpdateError.None, view.Why.Length == 0);
        if (error <= UpdateError.AttributeDiscard) Assert.Equal("192.0.2.1", AttributeReader.Read(view, false).NextHop.ToString());
        if (error != UpdateError.ResetSession) Assert.Equal([Wire.Route("10.0.0.0/24")], Wire.List(view.AnnouncedNlri));
    }

    [Theory]
    [InlineData("40010103", 6)]
    [InlineData("4005050000000100", 5)]
    [InlineData("8004", 1)]
    [InlineData("c0010100", 4)]
    public void Section5_2_WithoutRoutesAnErrorThatWouldWithdrawThemEndsTheSession(string attributes, byte subcode)
    {
        foreach (var withdrawn in (string[])["", "180a0000"])
        {
            Assert.False(UpdateReader.TryRead(Wire.Update(withdrawn, attributes, ""), Wire.Internal, out var view));
            Assert.Equal(UpdateError.ResetSession, view.Error);
            Assert.Equal((NotificationCode.UpdateMessage, subcode), (view.Notification!.Code, view.Notification.Subcode));
        }
    }

    [Fact]
    public void Section5_2_AttributeDiscardNeedsNoRoutes()
    {
        Assert.True(UpdateReader.TryRead(Wire.Update("180a0000", "40060100", ""), Wire.Internal, out var view));
        Assert.Equal(UpdateError.AttributeDiscard, view.Error);
        Assert.Equal([Wire.Route("10.0.0.0/24")], Wire.List(view.WithdrawnNlri));
    }

    [Fact]
    public void Section5_2_AttributesWithoutRoutesAreNoErrorInThemselves()
    {
        Assert.True(UpdateReader.TryRead(Wire.Update("", Origin, ""), Wire.Internal, out var view));
        Assert.Equal(UpdateError.None, view.Error);
        Assert.False(view.IsEndOfRib(out _));
    }

    [Theory]
    [InlineData("00", "a withdrawn length is cut off")]
    [InlineData("0000", "no attribute length")]
    [InlineData("00050000", "withdrawn routes beyond the message")]
    [InlineData("00000001", "attributes beyond the message")]
    [InlineData("ffffffff", "both")]
    public void Section3b_LengthsThatDoNotFitEndTheSession(string body, string what)
    {
        Assert.NotEmpty(what);
        Assert.False(UpdateReader.TryRead(Wire.Hex(body), Wire.Internal, out var view));
        Assert.Equal(UpdateErrorCode.MalformedAttributeList, view.Notification!.Subcode);
    }

    [Theory]
    [InlineData("", "210a00000000")]
    [InlineData("", "180a00")]
    [InlineData("", "180a000020")]
    [InlineData("210a00000000", "")]
    [InlineData("180a00", "180a0000")]
    public void Section5_3_NetworkFieldsThatAreNoPrefixesEndTheSession(string withdrawn, string nlri)
    {
        Assert.False(UpdateReader.TryRead(Wire.Update(withdrawn, nlri.Length == 0 ? "" : Good, nlri), Wire.Internal, out var view));
        Assert.Equal(UpdateErrorCode.InvalidNetworkField, view.Notification!.Subcode);
    }

    [Theory]
    [InlineData("800e1e 000201 10 20010db8000000000000000000000001 00 40 20010db800010000", true, 0)]
    [InlineData("c00e1e 000201 10 20010db8000000000000000000000001 00 40 20010db800010000", false, 4)]
    [InlineData("800e04 00020100", false, 9)]
    [InlineData("800e1e 000201 ff 20010db8000000000000000000000001 00 40 20010db800010000", false, 9)]
    [InlineData("800e0a 000201 04 c0000201 00 00", false, 9)]
    [InlineData("800e2e 000201 18 0000000000000000 20010db8000000000000000000000001 00 40 20010db800010000 0000000000000000", false, 9)]
    [InlineData("800e1e 000201 10 20010db8000000000000000000000001 00 81 20010db800010000", false, 9)]
    [InlineData("800e1e 000201 10 20010db8000000000000000000000001 00 48 20010db800010000", false, 9)]
    [InlineData("800f02 0002", false, 9)]
    [InlineData("c00f03 000201", false, 4)]
    [InlineData("800f05 000201 4020", false, 9)]
    [InlineData("800f03 000201 800f03 000201", false, 1)]
    [InlineData("800e16 000201 10 20010db8000000000000000000000001 00 00 800e16 000201 10 20010db8000000000000000000000001 00 00", false, 1)]
    public void Section5_3_7_11_MultiprotocolErrorsEndTheSession(string attribute, bool isRight, byte subcode)
    {
        Assert.Equal(isRight, UpdateReader.TryRead(Wire.Update("", attribute + Origin + Path, ""), Wire.Internal, out var view));
        Assert.Equal(isRight ? null : subcode, view.Notification?.Subcode);
    }

    [Theory]
    [InlineData("00000000000000000000000000000000")]
    [InlineData("00000000000000000000000000000001")]
    [InlineData("ff020000000000000000000000000001")]
    public void AMultiprotocolNextHopThatIsNoHostWithdrawsTheRoutes(string hop)
    {
        Assert.True(UpdateReader.TryRead(Wire.Update("", $"800e1e 000201 10 {hop} 00 40 20010db800010000" + Origin + Path, ""), Wire.Internal, out var view));
        Assert.Equal(UpdateError.TreatAsWithdraw, view.Error);
        Assert.Single(Wire.List(view.ReachedNlri));
    }

    [Fact]
    public void Section7_5_7_9_7_10_WhatAnExternalNeighbourCannotSayIsLeftOut()
    {
        const string Said = Good + "400504000000c8" + "8009040a000001" + "800a040a000002";
        Assert.True(UpdateReader.TryRead(Wire.Update("", Said, Nlri), Wire.External, out var view));
        Assert.Equal(UpdateError.AttributeDiscard, view.Error);
        Assert.Equal("LOCAL_PREF, ORIGINATOR_ID, CLUSTER_LIST", view.Discarded.ToString());
        var attributes = AttributeReader.Read(view, false);
        Assert.Null(attributes.LocalPref);
        Assert.Null(attributes.OriginatorId);
        Assert.Empty(attributes.ClusterList);

        Assert.True(UpdateReader.TryRead(Wire.Update("", Said, Nlri), Wire.Internal, out view));
        attributes = AttributeReader.Read(view, false);
        Assert.Equal((200u, 0x0a000001u, 0x0a000002u), (attributes.LocalPref!.Value, attributes.OriginatorId!.Value, attributes.ClusterList[0]));
    }

    [Theory]
    [InlineData("400503000000")]
    [InlineData("800903000000")]
    [InlineData("800a03000000")]
    [InlineData("c00504000000c8")]
    public void Section7_5_7_9_7_10_FromOutsideTheyAreLeftOutAlsoWhenTheyAreWrong(string attribute)
    {
        Assert.True(UpdateReader.TryRead(Wire.Update("", Good + attribute, Nlri), Wire.External, out var view));
        Assert.Equal(UpdateError.AttributeDiscard, view.Error);
    }

    [Theory]
    [InlineData(65001u, UpdateError.None)]
    [InlineData(65002u, UpdateError.TreatAsWithdraw)]
    [InlineData(0u, UpdateError.None)]
    public void Section7_2_TheLeftmostAsIsTheNeighbours(uint first, UpdateError error)
    {
        UpdateReader.TryRead(Wire.Update("", Good, Nlri), Wire.External with { FirstAs = first }, out var view);
        Assert.Equal(error, view.Error);
        UpdateReader.TryRead(Wire.Update("", Origin + "400200" + Hop, Nlri), Wire.External with { FirstAs = first }, out view);
        Assert.Equal(first == 0 ? UpdateError.None : UpdateError.TreatAsWithdraw, view.Error);
    }

    [Fact]
    public void Rfc5065_5_SegmentsOfAConfederationComeFromInsideAlone()
    {
        const string Confederation = Origin + "4002060301 0000fde9" + Hop;
        UpdateReader.TryRead(Wire.Update("", Confederation, Nlri), Wire.External, out var view);
        Assert.Equal(UpdateError.TreatAsWithdraw, view.Error);
        UpdateReader.TryRead(Wire.Update("", Confederation, Nlri), Wire.Internal, out view);
        Assert.Equal(UpdateError.None, view.Error);
    }

    [Fact]
    public void TheSentenceSaysWhatWhereAndWhatFollows()
    {
        UpdateReader.TryRead(Wire.Update("", "40010103" + Path + Hop, Nlri), Wire.Internal, out var view);
        Assert.Equal("ORIGIN: has a value that is not defined (RFC 7606 §7.1); the routes of the message are withdrawn", view.Why);
        UpdateReader.TryRead(Wire.Update("", Good + "40060100", Nlri), Wire.Internal, out view);
        Assert.Equal("ATOMIC_AGGREGATE: its length is not 0 (RFC 7606 §7.6); left out: ATOMIC_AGGREGATE", view.Why);
        UpdateReader.TryRead(Wire.Update("", Good + "40c80101", Nlri), Wire.Internal, out view);
        Assert.Equal("attribute 200: is flagged as well-known and is not known (RFC 4271 §6.3); the session ends", view.Why);
        Assert.Equal(Wire.Hex("40c80101"), view.Notification!.Data);
    }

    [Fact]
    public void Section6_TheRoutesAndTheWholeMessageCanBeLogged()
    {
        UpdateReader.TryRead(Wire.Update("", "40010103", Nlri + "080b"), Wire.Internal, out var view);
        Assert.Equal("routes: 10.0.0.0/24 11.0.0.0/8; the message behind its header: 00000004" + "40010103" + Nlri + "080b", view.Evidence);
        UpdateReader.TryRead(Wire.Update("", Good, Nlri), Wire.Internal, out view);
        Assert.Empty(view.Evidence);
        UpdateReader.TryRead(Wire.Update("", "40010103", string.Concat(Enumerable.Repeat(Nlri, 5000))), Wire.Internal, out view);
        Assert.True(view.Evidence.Length < 10000);
        Assert.Contains(" …; the message", view.Evidence, StringComparison.Ordinal);
    }

    [Fact]
    public void AFamilyThatIsNotSpokenIsIgnored()
    {
        var options = Wire.Internal with { Families = FamilySet.None.With(Family.Ipv6Unicast) };
        Assert.True(UpdateReader.TryRead(Wire.Update("180b0000", Good, Nlri), options, out var view));
        Assert.Equal(Family.Ipv4Unicast, view.IgnoredFamily);
        Assert.Empty(Wire.List(view.AnnouncedNlri));
        Assert.Empty(Wire.List(view.WithdrawnNlri));
        Assert.False(view.IsEndOfRib(out _));
        Assert.True(UpdateReader.TryRead(Wire.Update("", "800e06 001946 00 00 ff" + Origin + Path, ""), options, out view));
        Assert.Equal(new Family(25, 70), view.IgnoredFamily);
        Assert.False(view.HasReach);
    }
}
