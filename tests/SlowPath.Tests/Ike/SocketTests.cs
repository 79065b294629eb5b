using System.Net;
using Appliance.Ike;
using Appliance.SlowPath.Ike;

namespace Appliance.SlowPath.Tests.Ike;

public sealed class SocketTests : IDisposable
{
    private static readonly IPAddress Ours = IPAddress.Parse("127.0.0.2"), Theirs = IPAddress.Parse("127.0.0.3");
    private readonly IkeCounters counters = new();
    private readonly DatagramInbox inbox;
    private readonly IkeSockets ours, theirs;
    private readonly int ikePort, natPort;

    public SocketTests()
    {
        inbox = new DatagramInbox(counters);
        (ikePort, natPort) = FreePorts();
        ours = new IkeSockets(inbox, counters, () => { }, new IkePorts(ikePort, natPort));
        theirs = new IkeSockets(new DatagramInbox(new IkeCounters()), new IkeCounters(), () => { }, new IkePorts(ikePort, natPort));
        Assert.True(ours.Bind([Ours]));
        Assert.True(theirs.Bind([Theirs]));
    }

    public void Dispose()
    {
        ours.Dispose();
        theirs.Dispose();
    }

    [Fact]
    public async Task MessageArrivesWithItsAddresses()
    {
        var message = Message(100);
        Assert.True(theirs.Send(new IPEndPoint(Theirs, ikePort), new IPEndPoint(Ours, ikePort), message));
        var got = await Take();
        Assert.Equal(message, got.Octets);
        Assert.Equal(new IPEndPoint(Ours, ikePort), got.Local);
        Assert.Equal(new IPEndPoint(Theirs, ikePort), got.Remote);
    }

    [Fact]
    public async Task Rfc3948_2_2_TheMarkerStandsBeforeMessagesOfTheNatPortAndIsTakenOff()
    {
        using var plain = new System.Net.Sockets.Socket(System.Net.Sockets.AddressFamily.InterNetwork, System.Net.Sockets.SocketType.Dgram, System.Net.Sockets.ProtocolType.Udp);
        plain.Bind(new IPEndPoint(Theirs, 0));
        plain.ReceiveTimeout = 10_000;
        var message = Message(64);
        Assert.True(ours.Send(new IPEndPoint(Ours, natPort), (IPEndPoint)plain.LocalEndPoint!, message));
        var buffer = new byte[256];
        Assert.Equal([0, 0, 0, 0, .. message], buffer[..plain.Receive(buffer)]);
        plain.SendTo([0, 0, 0, 0, .. message], new IPEndPoint(Ours, natPort));
        Assert.Equal(message, (await Take()).Octets);
    }

    [Fact]
    public async Task WhatIsNoMessageIsDroppedAndCounted()
    {
        using var plain = new System.Net.Sockets.Socket(System.Net.Sockets.AddressFamily.InterNetwork, System.Net.Sockets.SocketType.Dgram, System.Net.Sockets.ProtocolType.Udp);
        plain.Bind(new IPEndPoint(Theirs, 0));
        plain.SendTo([0xff], new IPEndPoint(Ours, natPort));
        plain.SendTo([1, 2, 3, 4, .. Message(60)], new IPEndPoint(Ours, natPort));
        plain.SendTo(new byte[20], new IPEndPoint(Ours, ikePort));
        plain.SendTo([], new IPEndPoint(Ours, natPort));
        plain.SendTo(Message(28), new IPEndPoint(Ours, ikePort));
        Assert.Equal(28, (await Take()).Octets.Length);
        await Waiting.For(() => counters[IkeCount.TooShort] == 2, "the short ones");
        Assert.Equal(1, counters[IkeCount.KeepalivesReceived]);
        Assert.Equal(1, counters[IkeCount.EspOnSocket]);
        Assert.Equal(1, counters[IkeCount.MessagesReceived]);
    }

    [Fact]
    public async Task KeepaliveIsOneOctetWithoutMarker()
    {
        ours.SendKeepalive(new IPEndPoint(Ours, natPort), new IPEndPoint(Ours, natPort));
        await Waiting.For(() => counters[IkeCount.KeepalivesReceived] == 1, "the keepalive");
        Assert.Equal(1, counters[IkeCount.KeepalivesSent]);
    }

    [Fact]
    public async Task LargestDatagramOfIpv6ArrivesWhole()
    {
        var one = new IPEndPoint(IPAddress.IPv6Loopback, ikePort);
        Assert.True(ours.Bind([Ours, IPAddress.IPv6Loopback]));
        var message = Message(65_000);
        Assert.True(ours.Send(one, one, message));
        Assert.Equal(message, (await Take()).Octets);
    }

    [Fact]
    public async Task SocketsFollowTheAddresses()
    {
        var third = IPAddress.Parse("127.0.0.4");
        Assert.True(ours.Bind([third]));
        Assert.Equal([third], ours.Addresses);
        Assert.False(ours.Bind([third]));
        Assert.False(ours.Send(new IPEndPoint(Ours, ikePort), new IPEndPoint(Theirs, ikePort), Message(40)));
        Assert.Equal(1, counters[IkeCount.NoSocket]);
        Assert.True(theirs.Send(new IPEndPoint(Theirs, ikePort), new IPEndPoint(third, ikePort), Message(40)));
        Assert.Equal(third, (await Take()).Local.Address);
        Assert.True(ours.Bind([Ours]));
        Assert.True(theirs.Send(new IPEndPoint(Theirs, ikePort), new IPEndPoint(Ours, ikePort), Message(40)));
        Assert.Equal(Ours, (await Take()).Local.Address);
    }

    [Fact]
    public void AddressThatIsNotOursIsAProblemWithItsReason()
    {
        Assert.False(ours.Bind([Ours, IPAddress.Parse("203.0.113.77")]));
        Assert.Contains($"203.0.113.77, UDP {ikePort}", Assert.Single(ours.Problems), StringComparison.Ordinal);
        ours.Bind([Ours]);
        Assert.Empty(ours.Problems);
    }

    [Fact]
    public void FloodOfStrangersLeavesRoomForPeers()
    {
        var flooded = new DatagramInbox(counters);
        var (local, remote) = (new IPEndPoint(Ours, 500), new IPEndPoint(Theirs, 500));
        var stranger = Message(400);
        (stranger[18], stranger[19]) = (34, 0x08);
        stranger.AsSpan(8, 8).Clear();
        for (var i = 0; i < DatagramInbox.Capacity + 100; i++) flooded.TryAdd(local, remote, From(stranger, i));
        Assert.Equal(100, counters[IkeCount.StrangersFull]);
        Assert.True(flooded.TryAdd(local, remote, Message(80)));
        Assert.True(flooded.TryTake(out var first));
        Assert.Equal(80, first.Octets.Length);
    }

    [Fact]
    public void Rfc7296_2_1_AmongStrangersWhoAsksAgainIsHeardFirstThenWhoHasACookie()
    {
        var flooded = new DatagramInbox(counters);
        var (local, remote) = (new IPEndPoint(Ours, 500), new IPEndPoint(Theirs, 500));
        var stranger = Message(400);
        (stranger[16], stranger[18], stranger[19]) = (33, 34, 0x08);
        stranger.AsSpan(8, 8).Clear();
        var withCookie = From(stranger, -1);
        withCookie[16] = 41;
        var honest = From(stranger, -2);
        for (var i = 0; i < DatagramInbox.Capacity; i++) flooded.TryAdd(local, remote, From(stranger, i));
        Assert.False(flooded.TryAdd(local, remote, honest));
        Assert.True(flooded.TryAdd(local, remote, withCookie));
        Assert.True(flooded.TryAdd(local, remote, honest));
        Assert.False(flooded.TryAdd(local, new IPEndPoint(Ours, 500), honest));
        Assert.True(flooded.TryTake(out var first));
        Assert.True(flooded.TryTake(out var second));
        Assert.Equal([honest, withCookie], [first.Octets, second.Octets]);
    }

    [Fact]
    public void WhoAskedBeforeIsForgottenInTime()
    {
        var asked = new AskedBefore();
        Assert.False(asked.Note(Theirs, 1, 1_000_000));
        Assert.True(asked.Note(Theirs, 1, 1_000_001));
        Assert.False(asked.Note(Theirs, 2, 1_000_001));
        Assert.False(asked.Note(Ours, 1, 1_000_001));
        Assert.True(asked.Note(Theirs, 2, 1_004_500));
        Assert.False(asked.Note(Theirs, 1, 1_020_000));
        var wrong = Enumerable.Range(0, 200_000).Count(i => asked.Note(new IPAddress(i * 7919L), (ulong)i << 17, 1_020_001));
        Assert.InRange(wrong, 0, 200);
    }

    [Fact]
    public void InboxIsBoundedInOctets()
    {
        var flooded = new DatagramInbox(counters);
        var large = Message(65_000);
        for (var i = 0; i < 1000; i++) flooded.TryAdd(new IPEndPoint(Ours, 500), new IPEndPoint(Theirs, 500), large);
        Assert.Equal(DatagramInbox.OctetCapacity / large.Length, counters[IkeCount.MessagesReceived]);
        while (flooded.TryTake(out _))
        {
        }

        Assert.True(flooded.IsEmpty);
        Assert.True(flooded.TryAdd(new IPEndPoint(Ours, 500), new IPEndPoint(Theirs, 500), large));
    }

    /// <summary>The same with an SPI of its own.</summary>
    private static byte[] From(byte[] message, int number)
    {
        byte[] other = [.. message];
        System.Buffers.Binary.BinaryPrimitives.WriteInt64BigEndian(other, number * 0x1_0001L);
        return other;
    }

    private static byte[] Message(int length)
    {
        var octets = new byte[length];
        for (var i = 0; i < length; i++) octets[i] = (byte)(i + 1);
        return octets;
    }

    private static (int, int) FreePorts()
    {
        using var one = new System.Net.Sockets.UdpClient(0);
        using var two = new System.Net.Sockets.UdpClient(0);
        return (((IPEndPoint)one.Client.LocalEndPoint!).Port, ((IPEndPoint)two.Client.LocalEndPoint!).Port);
    }

    private async Task<DatagramReceived> Take()
    {
        DatagramReceived got = null!;
        await Waiting.For(() => inbox.TryTake(out got), "a message");
        return got;
    }
}
