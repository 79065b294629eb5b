using System.Net;
using Appliance.Policy;
using Appliance.Shared;
using Appliance.SlowPath.Configuration;
using Appliance.SlowPath.CustomerEdge;
using Appliance.SlowPath.Ike;
using Appliance.SlowPath.Serving;
using Appliance.SlowPath.Tests.Ike;
using Appliance.SlowPath.Tests.Serving;

namespace Appliance.SlowPath.Tests.CustomerEdge;

/// <summary>
/// A customer edge: real tables in a real region, real IKE on a loopback address of its own, real files; the kernel and BGP's best routes are the test's. Its Security Gateway Identity is that
/// loopback address, in place of the one that its file names.
/// </summary>
internal sealed class EdgeNode : IDisposable
{
    private readonly string folder;
    private readonly string configuration;
    private readonly IPAddress address;
    private CancellationTokenSource stop = new();
    private Thread? thread;
    private EventLoop loop = null!;
    private IkeService ike = null!;
    private long ahead;
    private bool isMounted;

    public EdgeNode(string address, string trusted, string more = "", bool smallDisk = false)
    {
        Skip.IfNot(Environment.UserName == "root", "UDP 500 and a locked region are root's");
        this.address = IPAddress.Parse(address);
        folder = Directory.CreateDirectory($"/dev/shm/edge-node-{Environment.ProcessId}-{Guid.NewGuid():N}").FullName;
        if (smallDisk) Mount();
        configuration = $$"""
            instance: edge
            state: {{folder}}/state
            region: { sas: 4096, tunnels: 2048, ipv4_groups: 256, ipv6_nodes: 1024, spd_rules: 16384, adjacencies: 64, next_hops: 8192 }
            ports:
              - { name: lan, device: lan0, side: protected }
              - { name: wan, device: wan0, side: unprotected }
            ce:
              gateway: 192.0.2.1
              trusted_subnets: [{{trusted}}]
              peer: { psk: "0x00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff" }
              accept:
                - { neighbors: [pe1], gateways: any, prefixes: ["10.0.0.0/8 le 24", "fd00::/8 le 64"] }
            {{more}}
            """;
        Kernel.Link(2, "lan0");
        Kernel.Link(3, "wan0");
        Kernel.Address(2, trusted.Replace(".0.0/16", ".0.1", StringComparison.Ordinal), 24);
        Kernel.Address(3, "192.0.2.1", 24);
        Kernel.Address(3, address, 32);
        Kernel.Neighbour(3, "192.0.2.254", 0xfe00_0000_0002);
        Kernel.Unicast(new IpPrefix(FakeKernel.Ip("0.0.0.0"), 0), 3, FakeKernel.Ip("192.0.2.254"));
        using var file = new FileStream(Path.Combine(folder, "gateway.yaml"), FileMode.CreateNew);
        file.Write(System.Text.Encoding.UTF8.GetBytes(configuration));
        Region = Region.CreateOrOpen(Path.Combine(folder, "region"), Load().Gateway.Region, 1, out _);
        Start();
    }

    public FakeKernel Kernel { get; } = new();

    public Region Region { get; }

    public Gateway Gateway { get; private set; } = null!;

    public SecurityGatewayService Edge { get; private set; } = null!;

    public Node.Lines Log { get; } = new();

    public IpAddress Identity => IpAddress.From(address);

    /// <summary>IKE SAs in use.</summary>
    public int Established => On(() => ike.Sas.Count(s => s.State == "established"));

    /// <summary>SPIs of the SAs of a gateway's tunnel, inbound first.</summary>
    public (uint[] Inbound, uint[] Outbound) Sas(IpAddress gateway) => On(() =>
    {
        var sas = Gateway.SasOf(SecurityGateways.TunnelName(gateway));
        return (sas.Where(s => !s.IsOutbound).Select(s => s.Spi).ToArray(), sas.Where(s => s.IsOutbound).Select(s => s.Spi).ToArray());
    });

    /// <summary>Where packets to an address go, in words.</summary>
    public string Way(string to) => On(() => RegionText.Way(Region, FakeKernel.Ip(to)));

    public T On<T>(Func<T> work) => loop.RunAsync(work).GetAwaiter().GetResult();

    /// <summary>BGP's best routes change: a gateway's identity, none ("plain"), or no route (null).</summary>
    public void Learn(params (string Prefix, string? Gateway)[] routes) => On(() =>
    {
        Edge.Learn([.. routes.Select(r => new RoutedPrefix(Prefix(r.Prefix), r.Gateway is null ? null
            : [new RoutedPath(FakeKernel.Ip("192.0.2.254"), r.Gateway == "plain" ? default : FakeKernel.Ip(r.Gateway), "pe1", false)]))]);
        Edge.Finish();
        return true;
    });

    /// <summary>A packet for a gateway's tunnel waits in the data plane.</summary>
    public void PacketWaits(IpAddress gateway, string from, string to) => On(() => Region.Events(0).TryRaise(new EventRecord
    {
        Kind = EventKind.Acquire, Tunnel = Gateway.TunnelSlots[SecurityGateways.TunnelName(gateway)], Source = FakeKernel.Ip(from), Destination = FakeKernel.Ip(to), Protocol = 1,
    }));

    public void Clear(string prefix) => On(() =>
    {
        Edge.Clear(Prefix(prefix));
        return true;
    });

    /// <summary>Time passes for what the customer edge waits for.</summary>
    public void Pass(int milliseconds) => On(() => ahead += milliseconds);

    /// <summary>Nothing can be written any more.</summary>
    public void FillDisk()
    {
        using var filler = new FileStream(Filler, FileMode.Create, FileAccess.Write, FileShare.None, 0);
        try
        {
            while (true) filler.Write(new byte[4096]);
        }
        catch (IOException)
        {
            // It is full.
        }
    }

    public void FreeDisk() => File.Delete(Filler);

    /// <summary>The slow path ends as if killed; a successor starts over the same region.</summary>
    public void Restart()
    {
        End();
        Start();
    }

    public void Dispose()
    {
        End();
        Region.Dispose();
        if (isMounted) Run("umount", Path.Combine(folder, "state"));
        Directory.Delete(folder, true);
    }

    private string Filler => Path.Combine(folder, "state", "filler");

    private void Mount()
    {
        var state = Directory.CreateDirectory(Path.Combine(folder, "state")).FullName;
        isMounted = Run("mount", "-t", "tmpfs", "-o", "size=64k,mode=0700", "tmpfs", state);
        if (isMounted) return;
        Directory.Delete(folder, true);
        Skip.If(true, "this machine does not let us mount a file system");
    }

    private static bool Run(string program, params string[] arguments)
    {
        using var process = System.Diagnostics.Process.Start(program, arguments);
        process.WaitForExit();
        return process.ExitCode == 0;
    }

    public static IpPrefix Prefix(string text) => IpPrefix.TryParse(text, false, out var prefix, out _, out var problem) ? prefix : throw new FormatException(problem);

    private LoadedConfiguration Load()
    {
        var loaded = ConfigurationReader.Read(configuration, folder, out var problems) ?? throw new InvalidOperationException(string.Join("\n", problems.Select(p => p.Format("edge"))));
        var ce = loaded.Ce!;
        return loaded with
        {
            Ce = ce with
            {
                Gateways = ce.Gateways with { Gateway = Identity },
                Peer = ce.Peer with { Local = [address], LocalIdentity = Appliance.Ike.Identity.Address(address) },
            },
        };
    }

    private void Start()
    {
        stop = new CancellationTokenSource();
        var loaded = Load();
        var made = MadeTunnels.InRegion(Region, loaded);
        Gateway = new Gateway(Path.Combine(folder, "gateway.yaml"), loaded.Gateway, Region, Kernel, Log, made) { ExpectsLearned = true };
        loop = new EventLoop(Tick, 5);
        ike = new IkeService(loop, Region, Gateway.Children, Gateway.Groups, Gateway.UseInnerAddresses, null, Log);
        Edge = new SecurityGatewayService(loaded, ProtectedFile.Open(Path.Combine(folder, "state"), false, out _), made, Gateway, Log) { PadChanged = ike.Renew };
        (ike.Pad, Gateway.Ike) = (Edge.Pad, Edge.Before(ike.Events));
        loop.Turns.Add(Edge.Turn);
        loop.Turns.Add(ike.Turn);
        var (running, token) = (loop, stop.Token);
        thread = new Thread(() => running.Run(token)) { IsBackground = true };
        thread.Start();
        On(() =>
        {
            Edge.Start();
            return true;
        });
        loop.RunAsync(Gateway.StartAsync).GetAwaiter().GetResult();
        On(() =>
        {
            ike.Start(loaded, [address]);
            return true;
        });
    }

    private void Tick()
    {
        Gateway.SweepSas();
        if (Region.Header.SlowPathReady == 0) return;
        Gateway.DrainEvents();
        Edge.Tick(Environment.TickCount64 + ahead);
        Gateway.Settle();
    }

    private void End()
    {
        stop.Cancel();
        loop.Wake();
        thread?.Join();
        ike.Dispose();
        Edge.Dispose();
        Gateway.Dispose();
        stop.Dispose();
    }
}
