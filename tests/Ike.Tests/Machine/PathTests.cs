using System.Net;
using Appliance.Ike.Machine.Rig;
using Appliance.Ike.Messages;
using static Appliance.Ike.Machine.Rig.Samples;

namespace Appliance.Ike.Machine;

/// <summary>What networks do to messages: loss, repetition, forgery, NATs.</summary>
public class PathTests
{
    private static readonly IPAddress Outside = IPAddress.Parse("203.0.113.7");

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Rfc7296_2_1_EveryMessageMayBeLostOnce(int lost)
    {
        var count = 0;
        var net = new Net { Path = f => count++ == lost ? [] : [f] };
        net.Start(With(PeerB()), With(PeerA())).Pass(2000);
        Assert.Single(net.A.Installed);
        Assert.Single(net.B.Installed);
        Assert.Equal(net.A.Sa.ResponderSpi, net.B.Sa.ResponderSpi);
    }

    [Fact]
    public void Rfc7296_2_4_APeerThatNeverAnswersIsTriedAgainWithBackOff()
    {
        var net = new Net { Path = _ => [] };
        net.Start(With(PeerB()), With(PeerA())).Pass(300_000);
        var status = net.A.Machine.Peers.Single();
        Assert.InRange((int)status.Attempts, 5, 7);
        Assert.Contains("did not answer", status.LastProblem, StringComparison.Ordinal);
        Assert.True(net.A.Machine.All.Count <= 1);
    }

    [Fact]
    public void Rfc7296_2_2_WhatLiesOutsideOfTheWindowChangesNothing()
    {
        var net = new Net().Start(With(PeerB()), With(PeerA())).Run();
        var auth = net.Seen[2];
        net.Seen.Clear();
        var (before, expected) = (net.B.Actions.Count, net.B.Sa.ExpectedRequestId);
        foreach (var id in (uint[])[0, 3, 4, 1000, uint.MaxValue])
        {
            var sealedMessage = net.A.Sa.Keys!.Seal(true, net.A.Sa.HeaderOf(ExchangeType.Informational, false, id), PayloadType.None, [], new Appliance.Machine.Entropy(new byte[32]));
            net.B.Do(new DatagramReceived(auth.Local, auth.Remote, sealedMessage));
        }

        Assert.Equal(expected, net.B.Sa.ExpectedRequestId);
        Assert.Empty(net.B.Outbox);
        Assert.DoesNotContain(net.B.Actions.Skip(before), a => a is not WriteLog);
    }

    [Fact]
    public void Rfc7296_2_1_AReplayedRequestGetsTheSameAnswerAndNoMore()
    {
        var net = new Net().Start(With(PeerB()), With(PeerA())).Run();
        var (request, response) = (net.Seen[2], net.Seen[3]);
        net.B.Do(new DatagramReceived(request.Local, request.Remote, request.Octets));
        Assert.Equal(response.Octets, net.B.Outbox.Dequeue().Octets);
        Assert.Empty(net.B.Outbox);
        Assert.Single(net.B.Installed);
        net.A.Do(new DatagramReceived(response.Local, response.Remote, response.Octets));
        Assert.Empty(net.A.Outbox);
    }

    [Fact]
    public void EveryOctetChangedOnTheWayIsNoticedAndTheTrueMessageStillCounts()
    {
        for (var at = 0; at < 4; at++)
        {
            for (var octet = 0; octet < 120; octet += 3)
            {
                var (count, target, position) = (0, at, octet);
                var net = new Net
                {
                    Path = f =>
                    {
                        if (count++ != target || position >= f.Octets.Length) return [f];
                        var changed = f.Octets.ToArray();
                        changed[position] ^= 0x41;
                        // IKE_SA_INIT is not protected: what a forger does to it shows in IKE_AUTH.
                        return target < 2 ? [f with { Octets = changed }] : [f with { Octets = changed }, f];
                    },
                };
                net.Start(With(PeerB()), With(PeerA())).Run();
                if (target >= 2) Assert.True(net.A.Installed.Count == 1 && net.B.Installed.Count == 1, $"message {target} octet {position}");
                else Assert.True(net.A.Installed.Count == net.B.Installed.Count || net.A.Installed.Count == 0, $"message {target} octet {position}");
            }
        }
    }

    [Fact]
    public void Rfc7296_2_23_BehindANatBothGoToPort4500AndKeepTheMappingAlive()
    {
        var net = Natted(out _);
        Assert.Equal((NatState.Local, NatState.Remote), (net.A.Sa.Nat, net.B.Sa.Nat));
        Assert.Equal(new IPEndPoint(AddressA, 4500), net.A.Sa.Local);
        Assert.Equal(new IPEndPoint(AddressB, 4500), net.A.Sa.Remote);
        Assert.Equal(new IPEndPoint(Outside, 14500), net.B.Sa.Remote);
        Assert.True(net.A.Installed.Values.Single().Sa.UdpEncapsulation);
        Assert.Equal(new IPEndPoint(Outside, 14500), net.B.Installed.Values.Single().Sa.Remote);
        net.Pass(61_000);
        Assert.InRange(net.A.Actions.OfType<SendKeepalive>().Count(), 3, 3);
        Assert.Empty(net.B.Actions.OfType<SendKeepalive>());
    }

    [Fact]
    public void Rfc7296_2_23_ANewMappingIsFollowedWhenTheMessageIsAuthentic()
    {
        var net = Natted(out var shift);
        shift(20_000);
        net.B.Do(new PeerMoved(net.B.Sa.Children[0].InboundSpi, new IPEndPoint(Outside, 24_500)));
        Assert.Equal(new IPEndPoint(Outside, 24_500), net.B.Sa.Remote);
        Assert.Single(net.B.Actions.OfType<MoveChildren>());
        var forged = net.Seen[2].Octets.ToArray();
        forged[23] = 9;
        net.B.Do(new DatagramReceived(new IPEndPoint(AddressB, 4500), new IPEndPoint(Outside, 1), forged));
        Assert.Equal(new IPEndPoint(Outside, 24_500), net.B.Sa.Remote);
    }

    [Fact]
    public void UdpIsForcedWithoutANat()
    {
        var net = new Net().Start(With(PeerB() with { ForceUdp = true, Mobike = false }), With(PeerA())).Run();
        Assert.True(net.A.Installed.Values.Single().Sa.UdpEncapsulation);
        Assert.True(net.B.Installed.Values.Single().Sa.UdpEncapsulation);
        Assert.Equal(4500, net.B.Sa.Remote.Port);
    }

    [Fact]
    public void WithoutANatAndMobikePort500Stays()
    {
        var net = new Net().Start(With(PeerB() with { Mobike = false }), With(PeerA())).Run();
        Assert.Equal((500, 500), (net.A.Sa.Local.Port, net.A.Sa.Remote.Port));
        Assert.False(net.A.Installed.Values.Single().Sa.UdpEncapsulation);
    }

    private static Net Natted(out Action<int> shift)
    {
        var by = 10_000;
        shift = to => by = to;
        var net = new Net
        {
            Path = f => f.To.Name == "b"
                ? [f with { Remote = new IPEndPoint(Outside, f.Remote.Port + by) }]
                : [f with { Local = new IPEndPoint(AddressA, f.Local.Port - by) }],
        };
        return net.Start(With(PeerB() with { Mobike = false }), With(PeerA() with { Remote = [], Mobike = false })).Run();
    }
}
