using System.Globalization;
using System.Net;
using Appliance.Ike.Messages;
using FsCheck;
using FsCheck.Fluent;

namespace Appliance.Ike.Children;

[Trait("RFC", "7296")]
public class SelectorNarrowingTests
{
    /// <summary><c>10.0.0.0-10.0.0.9 tcp 80-90</c>, parts from the right may be missing.</summary>
    private static TrafficSelector Ts(string text)
    {
        var parts = text.Split(' ');
        var ends = parts[0].Split('-');
        var ports = parts.Length > 2 ? parts[2].Split('-') : ["0", "65535"];
        var protocol = parts.Length > 1 ? byte.Parse(parts[1], CultureInfo.InvariantCulture) : (byte)0;
        return new(protocol, ushort.Parse(ports[0], CultureInfo.InvariantCulture), ushort.Parse(ports[^1], CultureInfo.InvariantCulture), IPAddress.Parse(ends[0]), IPAddress.Parse(ends[^1]));
    }

    private static TrafficSelector[] List(string text) => [.. text.Split(';', StringSplitOptions.RemoveEmptyEntries).Select(Ts)];

    [Theory]
    [InlineData("10.0.0.0-10.0.0.255", "10.0.0.0-10.0.0.255", "10.0.0.0-10.0.0.255")] // policy allows all of it
    [InlineData("0.0.0.0-255.255.255.255", "10.0.0.0-10.0.0.255", "10.0.0.0-10.0.0.255")] // a subset
    [InlineData("10.0.0.0-10.0.0.255", "0.0.0.0-255.255.255.255", "10.0.0.0-10.0.0.255")]
    [InlineData("10.0.0.0-10.0.0.200", "10.0.0.100-10.0.0.255", "10.0.0.100-10.0.0.200")] // overlap
    [InlineData("10.0.0.0-10.0.0.9", "10.0.0.10-10.0.0.20", "")] // TS_UNACCEPTABLE
    [InlineData("10.0.0.0-10.0.0.9", "2001:db8::-2001:db8::ff", "")]
    [InlineData("2001:db8::-2001:db8::ffff", "2001:db8::10-2001:db8::1:0", "2001:db8::10-2001:db8::ffff")]
    [InlineData("10.0.0.43 6 1234;10.0.0.0-10.0.0.255", "10.0.0.0-10.0.0.255", "10.0.0.0-10.0.0.255")] // the packet's own lies in the rest
    [InlineData("10.0.0.43 6 1234;10.0.0.0-10.0.0.255", "10.0.0.40-10.0.0.50 6", "10.0.0.40-10.0.0.50 6")]
    [InlineData("10.0.0.43 17 53;10.0.0.0-10.0.0.255 6", "10.0.0.0-10.0.0.255", "10.0.0.43 17 53;10.0.0.0-10.0.0.255 6")]
    [InlineData("10.0.0.0-10.0.0.255;10.0.2.0-10.0.2.255", "10.0.0.128-10.0.2.15", "10.0.0.128-10.0.0.255;10.0.2.0-10.0.2.15")] // several ranges
    [InlineData("0.0.0.0-255.255.255.255", "10.0.0.0-10.0.0.9;10.0.9.0-10.0.9.9", "10.0.0.0-10.0.0.9;10.0.9.0-10.0.9.9")]
    [InlineData("10.0.0.0-10.0.0.9 6", "10.0.0.0-10.0.0.9 17", "")] // protocols
    [InlineData("10.0.0.0-10.0.0.9 6", "10.0.0.0-10.0.0.9", "10.0.0.0-10.0.0.9 6")]
    [InlineData("10.0.0.0-10.0.0.9", "10.0.0.0-10.0.0.9 17", "10.0.0.0-10.0.0.9 17")]
    [InlineData("10.0.0.0-10.0.0.9 6 80-90", "10.0.0.0-10.0.0.9 6 85-100", "10.0.0.0-10.0.0.9 6 85-90")] // ports
    [InlineData("10.0.0.0-10.0.0.9 6 80-90", "10.0.0.0-10.0.0.9 6 91", "")]
    [InlineData("10.0.0.0-10.0.0.9 1 2048-2303", "10.0.0.0-10.0.0.9 1", "10.0.0.0-10.0.0.9 1 2048-2303")] // ICMP type 8, every code
    [InlineData("10.0.0.1 6 65535-0", "10.0.0.0-10.0.0.9", "10.0.0.1 6 65535-0")] // OPAQUE in ANY
    [InlineData("10.0.0.1 6 65535-0", "10.0.0.0-10.0.0.9 6 65535-0", "10.0.0.1 6 65535-0")]
    [InlineData("10.0.0.1 6 65535-0", "10.0.0.0-10.0.0.9 6 80-90", "")]
    [InlineData("10.0.0.9-10.0.0.1", "0.0.0.0-255.255.255.255", "")] // ends the wrong way round are no selector
    [InlineData("10.0.0.1 6 90-80", "0.0.0.0-255.255.255.255", "")]
    public void Rfc7296_2_9_Narrowing(string proposed, string policy, string narrowed) => Assert.Equal(List(narrowed), SelectorNarrowing.Narrow(List(proposed), List(policy)));

    [Fact]
    public void Rfc7296_2_9_ThePacketsSelectorComesFirst()
    {
        var policy = List("10.0.0.0-10.0.0.255");
        Assert.Equal(List("10.0.0.43 6 80;10.0.0.0-10.0.0.255"), SelectorNarrowing.WithPacket(Ts("10.0.0.43 6 80"), policy));
        Assert.Equal(policy, SelectorNarrowing.WithPacket(Ts("10.0.9.43 6 80"), policy));
        Assert.Equal(policy, SelectorNarrowing.WithPacket(null, policy));
    }

    [Fact]
    public void Rfc7296_2_9_AnAnswerIsASubset()
    {
        Assert.True(SelectorNarrowing.CoversAll(List("10.0.0.0-10.0.0.255"), List("10.0.0.4-10.0.0.9 6;10.0.0.255")));
        Assert.False(SelectorNarrowing.CoversAll(List("10.0.0.0-10.0.0.255"), List("10.0.0.4-10.0.1.0")));
        Assert.False(SelectorNarrowing.CoversAll(List("10.0.0.0-10.0.0.255 6"), List("10.0.0.4")));
    }

    [Fact]
    public void WhatIsKeptIsBounded()
    {
        var many = Enumerable.Range(0, 250).Select(i => Ts($"10.0.{i}.1")).ToArray();
        Assert.Equal(SelectorNarrowing.Most, SelectorNarrowing.Narrow(many, [TrafficSelector.AnyV4]).Count);
    }

    [Fact]
    public void Rfc7296_2_9_TheResultLiesInBothAndHoldsWhatIsInBoth()
    {
        var selector = from low in Gen.Choose(0, 40)
                       from size in Gen.Choose(0, 20)
                       from protocol in Gen.Elements<byte>(0, 6, 17)
                       from port in Gen.Choose(0, 3)
                       from ports in Gen.Choose(0, 3)
                       select new TrafficSelector(protocol, protocol == 0 ? (ushort)0 : (ushort)port, protocol == 0 ? ushort.MaxValue : (ushort)(port + ports), Address(low), Address(low + size));
        var list = from length in Gen.Choose(0, 4) from selectors in selector.ArrayOf(length) select selectors;
        var lists = from proposed in list from policy in list select (Proposed: proposed, Policy: policy);
        Prop.ForAll(lists.ToArbitrary(), both =>
        {
            var (proposed, policy) = both;
            var narrowed = SelectorNarrowing.Narrow(proposed, policy);
            Assert.True(SelectorNarrowing.CoversAll(proposed, narrowed));
            Assert.True(SelectorNarrowing.CoversAll(policy, narrowed));
            // Every single packet that both want is in the result.
            for (var host = 0; host <= 60; host++)
            {
                foreach (var packet in from p in new byte[] { 6, 17, 50 } from port in Enumerable.Range(0, 8) select new TrafficSelector(p, (ushort)port, (ushort)port, Address(host), Address(host)))
                {
                    var wanted = proposed.Any(s => SelectorNarrowing.Covers(s, packet)) && policy.Any(s => SelectorNarrowing.Covers(s, packet));
                    Assert.Equal(wanted, narrowed.Any(s => SelectorNarrowing.Covers(s, packet)));
                }
            }
        }).QuickCheckThrowOnFailure();

        static IPAddress Address(int host) => new([10, 0, 0, (byte)host]);
    }

    [Fact]
    public void Rfc7296_2_23_1_AddressesBehindANatAreReplacedInTransportMode()
    {
        var seen = IPAddress.Parse("198.51.100.9");
        Assert.Equal(List("198.51.100.9 6 80;198.51.100.9 17"), TransportSelectors.Substitute(List("10.0.0.1 6 80;10.0.0.1 17"), seen));
        Assert.Equal(List("10.0.0.0-10.0.0.9"), TransportSelectors.Substitute(List("10.0.0.0-10.0.0.9"), seen));
    }

    [Fact]
    public void Rfc3884_IipTranProtectsIpInIpBetweenTheOuterAddresses() =>
        Assert.Equal(List("192.0.2.1 4;192.0.2.1 41"), TransportSelectors.IipTran(IPAddress.Parse("192.0.2.1")));
}
