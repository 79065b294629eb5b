using Appliance.Policy;
using Appliance.Shared;
using Appliance.SlowPath.Api;
using Appliance.SlowPath.Bfd;
using Appliance.SlowPath.Bgp;
using Appliance.SlowPath.Configuration;
using Appliance.SlowPath.Ike;
using Appliance.SlowPath.Netlink;
using Appliance.SlowPath.Serving;
using Microsoft.Extensions.Logging.Abstractions;

namespace Appliance.SlowPath.Tests.Serving;

/// <summary>A slow path over a real region, with the loop on a thread of its own, a real API socket and a kernel of the test's making. <see cref="Restart"/> makes its successor.</summary>
internal sealed class Bench : IDisposable
{
    public const string Configuration = """
        instance: bench
        region: { sas: 64, tunnels: 16, ipv4_groups: 64, ipv6_nodes: 256, spd_rules: 64, adjacencies: 64, next_hops: 128 }
        ports:
          - { name: lan, device: lan0, side: protected }
          - { name: wan, device: wan0, side: unprotected }
        tunnels:
          - { name: to-b, local: 192.0.2.1, remote: 198.51.100.1, routes: [10.2.0.0/16] }
          - { name: to-c, local: 192.0.2.1, remote: 198.51.100.9, routes: [10.3.0.0/16], encapsulation: udp }
        policies:
          - { name: sites, action: protect, local: 10.1.0.0/16, remote: 10.2.0.0/15 }
        protected: [10.0.0.0/8]

        """;

    private readonly string folder;
    private readonly Func<GatewayConfiguration, GatewayConfiguration> adapt;
    private CancellationTokenSource stop = new();
    private Thread? thread;
    private ApiServer? api;
    private IkeService? ike;
    private BfdService? bfd;
    private readonly VrfClient vrfs = new();

    /// <param name="configuration">The file.</param>
    /// <param name="adapt">What the slow path reads otherwise than the file says.</param>
    public Bench(string configuration = Configuration, Func<GatewayConfiguration, GatewayConfiguration>? adapt = null)
    {
        this.adapt = adapt ?? (c => c);
        folder = Path.Combine("/dev/shm", $"slow-bench-{Environment.ProcessId}-{Guid.NewGuid():N}");
        Paths = RuntimePaths.At(folder);
        Paths.Create();
        System.IO.File.WriteAllText(File, configuration);
        var read = ConfigurationReader.Read(configuration, folder, out var problems)?.Gateway ?? throw new InvalidOperationException(problems[0].Format("bench"));
        Region = Region.CreateOrOpen(Paths.Region, read.Region, 1, out _);
        Kernel.Link(2, "lan0");
        Kernel.Link(3, "wan0");
        Kernel.Address(2, "10.1.0.1", 24);
        Kernel.Address(3, "192.0.2.1", 24);
        Kernel.Neighbour(3, "192.0.2.254", 0xfe00_0000_0002);
        Kernel.Unicast(new IpPrefix(FakeKernel.Ip("0.0.0.0"), 0), 3, FakeKernel.Ip("192.0.2.254"));
        Start();
    }

    public FakeKernel Kernel { get; } = new();

    /// <summary>What IKE was told.</summary>
    public IkeLog Ike { get; } = new();

    /// <summary>A successor keeps learned routes until it is told that all are there.</summary>
    public bool ExpectsLearned { get; set; }

    /// <summary>Called with each successor before it starts.</summary>
    public Action<Gateway>? BeforeStart { get; set; }

    public RuntimePaths Paths { get; }

    public string File => Path.Combine(folder, "gateway.yaml");

    public Region Region { get; }

    public Gateway Gateway { get; private set; } = null!;

    public EventLoop Loop { get; private set; } = null!;

    /// <summary>Not started.</summary>
    public BgpService Bgp { get; private set; } = null!;

    /// <summary>Does something on the loop.</summary>
    public T On<T>(Func<T> work) => Loop.RunAsync(work).GetAwaiter().GetResult();

    /// <summary>The slow path ends as if killed (nothing is put in order), another one starts over the same region.</summary>
    public void Restart(string? configuration = null)
    {
        if (configuration is not null) System.IO.File.WriteAllText(File, configuration);
        End();
        Start();
    }

    public void Reload() => Loop.RunAsync(Gateway.ReloadAsync).GetAwaiter().GetResult();

    /// <summary>Reads the kernel again and applies what changed.</summary>
    public void KernelChanged() => On(() =>
    {
        Gateway.ReadKernel();
        Gateway.Settle();
        return true;
    });

    public void Sweep() => On(() =>
    {
        Gateway.SweepSas();
        return true;
    });

    public HttpClient Client() => new(new SocketsHttpHandler
    {
        ConnectCallback = async (_, cancel) =>
        {
            var socket = new System.Net.Sockets.Socket(System.Net.Sockets.AddressFamily.Unix, System.Net.Sockets.SocketType.Stream, System.Net.Sockets.ProtocolType.Unspecified);
            await socket.ConnectAsync(new System.Net.Sockets.UnixDomainSocketEndPoint(Paths.ApiSocket), cancel);
            return new System.Net.Sockets.NetworkStream(socket, ownsSocket: true);
        },
    }) { BaseAddress = new Uri("http://slow") };

    public void Dispose()
    {
        End();
        vrfs.Dispose();
        Region.Dispose();
        Directory.Delete(folder, true);
    }

    private void Start()
    {
        stop = new CancellationTokenSource();
        var configuration = adapt(ConfigurationReader.ReadFile(File, out _)!.Gateway);
        Gateway = new Gateway(File, configuration, Region, Kernel, NullLogger.Instance) { Ike = Ike, ExpectsLearned = ExpectsLearned, KernelRestMilliseconds = 0 };
        BeforeStart?.Invoke(Gateway);
        Loop = new EventLoop(() => { }, 5);
        var token = stop.Token;
        var loop = Loop;
        thread = new Thread(() => loop.Run(token)) { IsBackground = true };
        thread.Start();
        Loop.RunAsync(Gateway.StartAsync).GetAwaiter().GetResult();
        ike = new IkeService(Loop, Region, Gateway.Children, Gateway.Groups, Gateway.UseInnerAddresses, null, NullLogger.Instance);
        bfd = new BfdService(Loop, NullLogger.Instance);
        Bgp = new BgpService(Loop, Gateway.NextHops, Gateway.Egress, bfd, new PlainRoutes(Gateway.Learn, Gateway.LearnedComplete), new VrfRoutes(vrfs, NullLogger.Instance), NullLogger.Instance);
        Loop.Turns.Add(Bgp.Turn);
        api = new ApiServer(Loop, Gateway, ike, bfd, Bgp, Paths.ApiSocket, NullLogger.Instance);
        api.StartAsync().GetAwaiter().GetResult();
    }

    private void End()
    {
        api?.DisposeAsync().AsTask().GetAwaiter().GetResult();
        stop.Cancel();
        thread?.Join();
        Bgp.Dispose();
        bfd?.Dispose();
        ike?.Dispose();
        Gateway.Dispose();
        stop.Dispose();
    }
}

/// <summary>Remembers what IKE is told.</summary>
internal sealed class IkeLog : IIkeEvents
{
    public List<Appliance.Ike.IkeEvent> Events { get; } = [];

    public void Raise(Appliance.Ike.IkeEvent e) => Events.Add(e);
}
