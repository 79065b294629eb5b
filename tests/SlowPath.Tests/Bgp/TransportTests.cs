using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Appliance.Bgp;
using Appliance.SlowPath.Bgp;
using Appliance.SlowPath.Tests.Ike;

namespace Appliance.SlowPath.Tests.Bgp;

/// <summary>Connections of BGP over loopback: real sockets, a machine of the test's making.</summary>
public sealed class TransportTests : IDisposable
{
    private readonly TransportNode server = new(), client = new();

    public void Dispose()
    {
        client.Dispose();
        server.Dispose();
    }

    [Theory]
    [InlineData("127.0.0.1", "127.0.0.1/32")]
    [InlineData("::1", "::1/128")]
    [InlineData("127.0.0.1", "127.0.0.0/8")]
    public async Task MessagesGoBothWaysWhole(string address, string peers)
    {
        await ConnectAsync(address, peers);
        Assert.Equal("peer", client.Opened!.Neighbor);
        Assert.Null(server.Opened!.Neighbor);
        Assert.Equal(client.Opened.Local, server.Opened.Remote);
        byte[] sent = [.. TransportNode.Message(19, 4), .. TransportNode.Message(4096), .. TransportNode.Message(65535), .. TransportNode.Message(23)];
        client.Send(client.Opened.Connection, sent[..30]);
        client.Send(client.Opened.Connection, sent[30..]);
        server.Send(server.Opened.Connection, TransportNode.Message(29, 1));
        await Waiting.For(() => server.Messages.Sum(m => m.Length) == sent.Length && !client.Messages.IsEmpty, "the messages");
        Assert.Equal(sent, server.Messages.SelectMany(m => m));
        Assert.All(server.Messages, m => Assert.Equal(0xff, m[0]));
        Assert.Equal(TransportNode.Message(29, 1), client.Messages.Single());
        await Waiting.For(() => client.OctetsSent == sent.Length, "the octets to be counted");
    }

    /// <summary>Where TTL security does not hold for all neighbours, a flight of OPEN, KEEPALIVE and UPDATE can be there before it is asked for.</summary>
    [Theory]
    [InlineData("29:1", true)]
    [InlineData("", true)]
    [InlineData("29:1 19:4", false)]
    [InlineData("29:1 19:4 23:2", false)]
    [InlineData("19:4", false)]
    public async Task Rfc5082_WhatCameBeforeTheTtlWasLookedAtMakesNoSession(string said, bool isTaken)
    {
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        using var there = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        there.Connect(listener.LocalEndPoint!);
        using var here = listener.Accept();
        byte[] octets = [.. said.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(m => m.Split(':')).SelectMany(m => TransportNode.Message(int.Parse(m[0], null), byte.Parse(m[1], null)))];
        if (octets.Length > 0) there.Send(octets);
        await Waiting.For(() => here.Available == octets.Length, "the octets");
        Assert.Equal(isTaken, BgpListener.SaidNoMoreThanOpen(here));
        Assert.Equal(octets.Length, here.Available);
    }

    [Fact]
    public async Task WhoIsNoNeighbourIsRefusedBeforeAnything()
    {
        server.Listen("127.0.0.2/32");
        Assert.True(await IsRefusedAsync(server.Port));
        Assert.DoesNotContain(server.Events, e => e is ConnectionOpened);
        Assert.Equal(1, server.Counters[BgpCount.ConnectionsRefused]);
    }

    [Fact]
    public async Task AConnectionToAnotherAddressOfOursIsRefused()
    {
        server.Listen("127.0.0.1/32", new TransportOptions { Local = IPAddress.Parse("127.0.0.9") });
        Assert.True(await IsRefusedAsync(server.Port));
        Assert.Empty(server.Events);
    }

    [Fact]
    public async Task WithTheKeyASessionComesAboutAndWithoutItNone()
    {
        var options = new TransportOptions { Md5Key = "for this neighbour"u8.ToArray(), Ttl = 255, MinimumTtl = 255 };
        await ConnectAsync("127.0.0.1", "127.0.0.1/32", options);
        using var limit = new CancellationTokenSource(300);
        await Assert.ThrowsAnyAsync<Exception>(() => DialAsync(server.Port, limit.Token));
        Assert.Single(server.Events.OfType<ConnectionOpened>());
    }

    [Fact]
    public async Task ANewKeyCountsForNewConnections()
    {
        server.Listen("127.0.0.1/32", new TransportOptions { Md5Key = "old"u8.ToArray() });
        server.Do(new ListenFor(0, [(IPNetwork.Parse("127.0.0.1/32"), new TransportOptions { Md5Key = "new"u8.ToArray() })]));
        client.Connect(new IPEndPoint(IPAddress.Loopback, server.Port), new TransportOptions { Md5Key = "new"u8.ToArray() });
        await client.Until<ConnectionOpened>();
        server.Listen("127.0.0.1/32");
        using var plain = await DialAsync(server.Port);
        await Waiting.For(() => server.Events.OfType<ConnectionOpened>().Count() == 2, "the connection without a key");
    }

    [Fact]
    public async Task WhatWasSentBeforeTheEndArrives()
    {
        await ConnectAsync();
        server.Send(server.Opened!.Connection, TransportNode.Message(4096, 3));
        // Unread octets on the closing side would otherwise make the kernel reset the connection.
        client.Send(client.Opened!.Connection, TransportNode.Message(4096));
        server.Do(new CloseConnection(server.Opened.Connection));
        await client.Until<ConnectionClosed>();
        Assert.Equal(TransportNode.Message(4096, 3), client.Messages.SelectMany(m => m));
        Assert.DoesNotContain(server.Events, e => e is ConnectionClosed);
    }

    [Fact]
    public async Task TheEndIsSaidOnceAndBehindTheMessages()
    {
        await ConnectAsync();
        client.Send(client.Opened!.Connection, [.. Enumerable.Repeat(TransportNode.Message(4096), 100).SelectMany(m => m)]);
        client.Do(new CloseConnection(client.Opened.Connection));
        await server.Until<ConnectionClosed>();
        Assert.Equal(100 * 4096, server.Messages.Sum(m => m.Length));
        Assert.IsType<ConnectionClosed>(server.Events.Last());
        Assert.Equal(0, server.On(() => server.Transport.Connections));
    }

    [Fact]
    public async Task WhatIsNoMessageIsHandedOverOnceAndNothingBehindIt()
    {
        await ConnectAsync();
        byte[] lie = [.. TransportNode.Message(19, 4), .. Enumerable.Repeat((byte)0xff, 16), 0, 18, 2, 0];
        client.Send(client.Opened!.Connection, lie);
        await Waiting.For(() => server.Messages.Sum(m => m.Length) == lie.Length, "the lie");
        client.Send(client.Opened.Connection, TransportNode.Message(19, 4));
        client.Do(new CloseConnection(client.Opened.Connection));
        await server.Until<ConnectionClosed>();
        Assert.Equal(lie, server.Messages.SelectMany(m => m));
    }

    [Fact]
    public async Task ANeighbourThatNeverReadsHoldsUpItselfAlone()
    {
        server.Listen("127.0.0.1/32");
        using var idle = await DialAsync(server.Port);
        await server.Until<ConnectionOpened>();
        var octets = 0L;
        for (var i = 0; i < 400; i++)
        {
            server.Send(server.Opened!.Connection, new byte[65535]);
            octets += 65535;
        }

        await Waiting.For(() => server.OctetsSent > 0, "the kernel to take some");
        Assert.True(server.OctetsSent < octets);
        var since = Stopwatch.StartNew();
        server.Do(new CloseConnection(server.Opened!.Connection));
        Assert.Equal(0, server.On(() => server.Transport.Connections));
        server.Dispose();
        Assert.InRange(since.ElapsedMilliseconds, 0, 20_000);
    }

    [Fact]
    public async Task ASenderFasterThanTheLoopIsSlowedDown()
    {
        using var held = new ManualResetEventSlim();
        await ConnectAsync();
        server.Answer = _ =>
        {
            held.Wait();
            return [];
        };
        var message = TransportNode.Message(65535);
        for (var i = 0; i < 400; i++) client.Send(client.Opened!.Connection, message);
        await Task.Delay(300);
        // The machine holds the first step; the rest waits in at most two batches, in the kernel, and at the sender.
        Assert.InRange(server.Counters[BgpCount.OctetsReceived], 1, 4 * (BgpConnection.BatchOctets + 65535));
        held.Set();
        await Waiting.For(() => server.Messages.Sum(m => (long)m.Length) == 400L * 65535, "all of it");
    }

    [Fact]
    public async Task OthersAreServedWhileMessagesPourIn()
    {
        await ConnectAsync();
        server.Answer = e =>
        {
            if (e is MessagesReceived) Thread.SpinWait(20_000);
            return [];
        };
        for (var i = 0; i < 200; i++) client.Send(client.Opened!.Connection, [.. Enumerable.Repeat(TransportNode.Message(4096), 16).SelectMany(m => m)]);
        await Waiting.For(() => server.Messages.Count > 10, "some of it");
        var waits = new List<double>();
        for (var i = 0; i < 20; i++)
        {
            var since = Stopwatch.StartNew();
            await server.Loop.RunAsync(() => true);
            waits.Add(since.Elapsed.TotalMilliseconds);
        }

        // On a busy machine a turn takes longer; without turns it would be all of the 13 MB, seconds.
        Assert.InRange(waits.Order().ElementAt(10), 0, 100 * BgpHost.TurnMilliseconds);
        await Waiting.For(() => server.Messages.Sum(m => (long)m.Length) == 200L * 16 * 4096, "all of it");
    }

    [Fact]
    public async Task ConnectionsOfOneAddressAreBounded()
    {
        server.Listen("127.0.0.1/32");
        var port = server.Port;
        var dials = new List<Socket>();
        for (var i = 0; i < BgpTransport.MostOfOneAddress; i++) dials.Add(await DialAsync(port));
        await Waiting.For(() => server.Events.OfType<ConnectionOpened>().Count() == dials.Count, "the connections");
        for (var i = 0; i < 3; i++) Assert.True(await IsRefusedAsync(port));
        await Waiting.For(() => server.Counters[BgpCount.ConnectionsCrowded] == 3, "the refusals");
        Assert.Equal(BgpTransport.MostOfOneAddress, server.On(() => server.Transport.Connections));
        foreach (var dial in dials) dial.Dispose();
        await Waiting.For(() => server.On(() => server.Transport.Connections) == 0, "their ends");
        using var another = await DialAsync(port);
        await Waiting.For(() => server.On(() => server.Transport.Connections) == 1, "a new one");
    }

    [Fact]
    public async Task FailureAndCancellationOfAnAttempt()
    {
        using var nobody = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        nobody.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        client.Connect((IPEndPoint)nobody.LocalEndPoint!);
        await client.Until<ConnectionFailed>(f => f.Neighbor == "peer" && f.Why.Contains("refused", StringComparison.Ordinal));
        server.Listen("127.0.0.1/32");
        client.Do(new OpenConnection("other", new IPEndPoint(IPAddress.Loopback, server.Port), new TransportOptions()), new CancelConnection("other"));
        await Task.Delay(100);
        Assert.DoesNotContain(client.Events, e => e is ConnectionOpened || e is ConnectionFailed { Neighbor: "other" });
        Assert.Equal(0, client.On(() => client.Transport.Connections));
    }

    [Fact]
    public async Task ASuccessorListensAtOnceAndTwoAtATimeDoNot()
    {
        await ConnectAsync();
        var port = server.Port;
        ListenFor same = new(port, [(IPNetwork.Parse("127.0.0.1/32"), new TransportOptions())]);
        client.Do(same);
        Assert.Single(client.On(() => client.Transport.Problems.ToList()));
        // The side that closes first keeps the port in TIME_WAIT.
        server.Do(new CloseConnection(server.Opened!.Connection), new ListenFor(port, []));
        await client.Until<ConnectionClosed>();
        client.Do(same);
        Assert.Empty(client.On(() => client.Transport.Problems.ToList()));
        using var another = await DialAsync(port);
        await Waiting.For(() => client.Events.OfType<ConnectionOpened>().Count() == 2, "a connection to the successor");
    }

    [Fact]
    public void APortInUseIsAProblemThatGoesAwayByItself()
    {
        using var taken = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        taken.Bind(new IPEndPoint(IPAddress.Any, 0));
        taken.Listen();
        server.Do(new ListenFor(((IPEndPoint)taken.LocalEndPoint!).Port, [(IPNetwork.Parse("127.0.0.1/32"), new TransportOptions())]));
        Assert.Contains("in use", server.On(() => server.Transport.Problems.Single()), StringComparison.Ordinal);
        taken.Dispose();
        Assert.Empty(server.On(() =>
        {
            server.Transport.Retry();
            return server.Transport.Problems.ToList();
        }));
    }

    private async Task ConnectAsync(string address = "127.0.0.1", string peers = "127.0.0.1/32", TransportOptions? options = null)
    {
        server.Listen(peers, options);
        client.Connect(new IPEndPoint(IPAddress.Parse(address), server.Port), options);
        await client.Until<ConnectionOpened>();
        await server.Until<ConnectionOpened>();
    }

    private static async Task<Socket> DialAsync(int port, CancellationToken cancel = default)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, port), cancel);
        return socket;
    }

    private static async Task<bool> IsRefusedAsync(int port)
    {
        using var limit = new CancellationTokenSource(2000);
        try
        {
            using var socket = await DialAsync(port, limit.Token);
            return await socket.ReceiveAsync(new byte[1], limit.Token) == 0;
        }
        catch (SocketException)
        {
            return true;
        }
    }
}
