using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Appliance.Bfd;
using Appliance.Bgp;
using Appliance.Policy;
using Appliance.Shared;
using Appliance.SlowPath.Bfd;
using Appliance.SlowPath.Bgp;
using Appliance.SlowPath.Netlink;
using Appliance.SlowPath.Serving;
using Appliance.SlowPath.Tests.Ike;
using Microsoft.Extensions.Logging.Abstractions;

namespace Appliance.SlowPath.Tests.Bgp;

/// <summary>BGP of one gateway: real sockets on loopback, the real machine; what lies around it is the test's.</summary>
internal sealed class BgpNode : IDisposable
{
    private readonly CancellationTokenSource stop = new();
    private readonly EventLoop loop = new(() => { }, 20);
    private readonly Thread thread;

    public BgpNode()
    {
        Bgp = new BgpService(loop, Hops, Ends, Bfd, Intake, new VrfRoutes(new NoVrfs(), NullLogger.Instance), NullLogger.Instance);
        loop.Turns.Add(Bgp.Turn);
        thread = new Thread(() => loop.Run(stop.Token)) { IsBackground = true };
        thread.Start();
    }

    public BgpService Bgp { get; }

    public NotedHops Hops { get; } = new();

    public NotedHops Ends { get; } = new();

    public NotedBfd Bfd { get; } = new();

    public NotedRoutes Intake { get; } = new();

    public T On<T>(Func<T> work) => loop.RunAsync(work).GetAwaiter().GetResult();

    public void Do(Action<BgpService> work) => On(() =>
    {
        work(Bgp);
        return true;
    });

    public NeighborStatus Neighbor => On(() => Bgp.Summary.Neighbors.Single());

    public Task Until(SessionState state) => Waiting.For(() => Neighbor.State == state, $"{state}, it is {Neighbor.State}: {Neighbor.LastReason}");

    /// <summary>A port that is free now.</summary>
    public static int FreePort()
    {
        using var probe = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        probe.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)probe.LocalEndPoint!).Port;
    }

    public void Dispose()
    {
        stop.Cancel();
        loop.Wake();
        thread.Join();
        Bgp.Dispose();
        stop.Dispose();
    }

    /// <summary>Next hops are reachable unless the test says otherwise.</summary>
    internal sealed class NotedHops : INextHops
    {
        public event Action<IReadOnlyList<HopChange>>? Changed;

        public HashSet<IPAddress> Watched { get; } = [];

        public HashSet<IPAddress> Unreachable { get; } = [];

        public HopState Watch(IPAddress hop)
        {
            Watched.Add(hop);
            return new HopState(!Unreachable.Contains(hop), 1);
        }

        public void Unwatch(IPAddress hop) => Watched.Remove(hop);

        public void Say(IPAddress hop, bool isReachable) => Changed?.Invoke([new HopChange(hop, new HopState(isReachable, 1))]);
    }

    internal sealed class NotedBfd : IBfdSessions
    {
        public event Action<BfdNotice>? Changed;

        public Dictionary<string, IPAddress> Wanted { get; } = [];

        public void Want(string key, IPAddress? local, IPAddress remote, bool isMultihop, BfdIntervals intervals, int minimumTtl = 0) => Wanted[key] = remote;

        public void Unwant(string key) => Wanted.Remove(key);

        public void Say(BfdNotice notice) => Changed?.Invoke(notice);
    }

    internal sealed class NotedRoutes : IRouteIntake
    {
        public ConcurrentDictionary<string, IReadOnlyList<RoutedPath>> Routes { get; } = [];

        public volatile bool IsComplete;

        public void Learn(IReadOnlyList<RoutedPrefix> batch)
        {
            foreach (var (prefix, paths) in batch)
                if (paths is null) Routes.TryRemove(prefix.ToString(), out _);
                else Routes[prefix.ToString()] = paths;
        }

        public void Complete() => IsComplete = true;
    }

    private sealed class NoVrfs : IVrfKernel
    {
        public uint? TableOf(string device) => null;

        public IReadOnlyCollection<IpPrefix> OwnRoutes(uint table) => [];

        public string? Write(uint table, IpPrefix prefix, IReadOnlyList<IpAddress> nextHops) => null;

        public void Dispose()
        {
        }
    }
}
