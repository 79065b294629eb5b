using System.Net;
using System.Net.Sockets;
using Appliance.Bfd;
using Appliance.SlowPath.Bfd;
using Appliance.SlowPath.Configuration;
using Appliance.SlowPath.Serving;
using Appliance.SlowPath.Tests.Ike;
using Microsoft.Extensions.Logging.Abstractions;

namespace Appliance.SlowPath.Tests.Bfd;

/// <summary>Real sockets on loopback; both ends of a path are sessions of the same service.</summary>
public sealed class ServiceTests : IDisposable
{
    private readonly CancellationTokenSource stop = new();
    private readonly EventLoop loop = new(() => { }, 5);
    private readonly Thread thread;
    private readonly BfdService bfd;
    private readonly List<BfdNotice> heard = [];

    public ServiceTests()
    {
        bfd = new BfdService(loop, NullLogger.Instance, FreePorts());
        loop.Turns.Add(bfd.Turn);
        bfd.Changed += heard.Add;
        thread = new Thread(() => loop.Run(stop.Token)) { IsBackground = true };
        thread.Start();
    }

    public static TheoryData<string, string, bool> Paths => new()
    {
        { "127.0.0.1", "127.0.0.2", false },
        { "127.0.0.1", "127.0.0.2", true },
    };

    public void Dispose()
    {
        stop.Cancel();
        thread.Join();
        bfd.Dispose();
        stop.Dispose();
    }

    [Theory]
    [MemberData(nameof(Paths))]
    public async Task TwoSessionsComeUpAndOneThatLeavesSaysSo(string one, string other, bool isMultihop)
    {
        var (a, b) = (IPAddress.Parse(one), IPAddress.Parse(other));
        await On(() =>
        {
            bfd.Want("bgp a", a, b, isMultihop, new BfdIntervals(20, 20, 5));
            bfd.Want("bgp b", b, a, isMultihop, new BfdIntervals(20, 20, 5));
        });
        await Waiting.For(() => heard.Count >= 2, "both up");
        Assert.True(heard.All(n => n.IsUp));
        Assert.Equal(2, bfd.Sessions.Count(s => s.State == BfdState.Up));
        await On(() => bfd.Unwant("bgp a"));
        await Waiting.For(() => heard.Count >= 3, "the other one down");
        Assert.Equal(new BfdNotice("bgp b", false, BfdDiagnostic.NeighborSignaledDown, true), heard[2]);
        Assert.Empty(bfd.Problems);
    }

    [Fact]
    public async Task ALoopThatIsBusyCostsNoSession()
    {
        var (a, b) = (IPAddress.Loopback, IPAddress.Parse("127.0.0.2"));
        await On(() =>
        {
            bfd.Want("a", a, b, false, new BfdIntervals(250, 250, 4));
            bfd.Want("b", b, a, false, new BfdIntervals(250, 250, 4));
        });
        await Waiting.For(() => heard.Count >= 2, "both up");

        // Longer than the detection time, which is long enough for a machine that does other things too.
        await On(() => Thread.Sleep(1500));
        await On(() => { });
        Assert.True(heard.All(n => n.IsUp), string.Join("; ", heard));
    }

    [Fact]
    public async Task WhatTheConfigurationNoLongerNamesIsNotWatched()
    {
        var path = new WatchedPath("core", null, IPAddress.Parse("127.0.0.2"), false, new BfdIntervals(100, 100, 3), 0);
        await On(() => bfd.Use([path]));
        await Waiting.For(() => bfd.Sessions.Count == 1, "a session");
        Assert.Equal((IPAddress.Loopback, "bfd core"), (bfd.Sessions[0].Path.Local, bfd.Sessions[0].Keys[0]));
        await On(() => bfd.Use([path with { Intervals = new BfdIntervals(10, 10, 2) }]));
        await Waiting.For(() => bfd.Sessions[0].DetectMult == 2, "the new settings");
        await On(() => bfd.Use([]));
        await Waiting.For(() => bfd.Sessions.Count == 0, "no session");
    }

    private Task<bool> On(Action work) => loop.RunAsync(() =>
    {
        work();
        return true;
    });

    private static BfdPorts FreePorts()
    {
        using var one = new UdpClient(0);
        using var two = new UdpClient(0);
        return new BfdPorts(((IPEndPoint)one.Client.LocalEndPoint!).Port, ((IPEndPoint)two.Client.LocalEndPoint!).Port);
    }
}
