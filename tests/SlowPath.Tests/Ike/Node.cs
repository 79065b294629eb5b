using System.Net;
using Appliance.Crypto;
using Appliance.Ike;
using Appliance.Shared;
using Appliance.SlowPath.Configuration;
using Appliance.SlowPath.Ike;
using Appliance.SlowPath.Sas;
using Appliance.SlowPath.Serving;
using Microsoft.Extensions.Logging;

namespace Appliance.SlowPath.Tests.Ike;

/// <summary>IKE of one gateway: real sockets on a loopback address of its own, real cryptography, a real region; children are noted, not installed.</summary>
internal sealed class Node : IDisposable
{
    /// <summary>Test classes with nodes: they share addresses, so one runs after the other.</summary>
    public const string Addresses = "nodes of IKE";

    private readonly string folder;
    private readonly Region region;
    private readonly IPAddress address, remote;
    private readonly string configuration;
    private CancellationTokenSource stop = new();
    private Thread? thread;
    private EventLoop loop = null!;

    /// <summary>A configuration names no loopback addresses: its one peer gets these in place of what it names.</summary>
    public Node(string address, string remote, string configuration)
    {
        Skip.IfNot(Environment.UserName == "root", "UDP 500 and a locked region are root's");
        this.address = IPAddress.Parse(address);
        this.remote = IPAddress.Parse(remote);
        this.configuration = configuration;
        folder = Directory.CreateDirectory($"/dev/shm/ike-node-{Environment.ProcessId}-{Guid.NewGuid():N}").FullName;
        region = Region.CreateOrOpen(Path.Combine(folder, "region"), new RegionSizes { InboundSas = 64, OutboundSas = 64, ContextSlots = 256 }, 1, out _);
        Start();
    }

    public IkeService Ike { get; private set; } = null!;

    public NotedChildren Children { get; } = new();

    public NotedGroups Groups { get; } = new();

    public Lines Log { get; } = new();

    public string ExportFile => Path.Combine(folder, "keys");

    /// <summary>A loopback address that no other test run uses at the same time.</summary>
    public static string Loopback(int number) => $"127.{64 + Environment.ProcessId / 65536 % 64}.{Environment.ProcessId / 256 % 256}.{(Environment.ProcessId % 128 * 2 + number) % 254 + 1}";

    public T On<T>(Func<T> work) => loop.RunAsync(work).GetAwaiter().GetResult();

    public Task<bool> AskAsync(OperatorVerb verb, string name) => loop.RunAsync(() => Ike.AskAsync(verb, name));

    public Task<bool> RekeyGroupAsync(string group) => loop.RunAsync(() => Ike.RekeyGroupAsync(group));

    public IReadOnlyList<IkeSaStatus> Sas => On(() => Ike.Sas.ToList());

    public bool IsUp => Sas is [{ State: "established", Children: [{ State: "installed" or "active" or "established" }] }];

    /// <summary>Ends as if killed: no peer is told; a successor starts over the same region.</summary>
    public void Restart()
    {
        End();
        Start();
    }

    public void Dispose()
    {
        End();
        region.Dispose();
        Directory.Delete(folder, true);
    }

    private void Start()
    {
        stop = new CancellationTokenSource();
        var loaded = ConfigurationReader.Read(configuration, folder, out var problems) ?? throw new InvalidOperationException(string.Join("\n", problems.Select(p => p.Format("node"))));
        loaded = loaded with { Ike = loaded.Ike! with { Peers = [loaded.Ike.Peers[0] with { Local = [address], Remote = [remote] }] } };
        loop = new EventLoop(() => { }, 20);
        Ike = new IkeService(loop, region, Children, Groups, _ => { }, ExportFile, Log);
        loop.Turns.Add(Ike.Turn);
        Children.Events = Ike.Events;
        var (running, token) = (loop, stop.Token);
        thread = new Thread(() => running.Run(token)) { IsBackground = true };
        thread.Start();
        On(() =>
        {
            Ike.Start(loaded, [address]);
            return true;
        });
    }

    private void End()
    {
        stop.Cancel();
        loop.Wake();
        thread?.Join();
        Ike.Dispose();
        stop.Dispose();
    }

    /// <summary>A SAD that only notes what it is told.</summary>
    internal sealed class NotedChildren : IChildSas
    {
        private readonly Dictionary<uint, (ChildSa Child, byte[] Inbound, byte[] Outbound)> there = [];

        public IIkeEvents Events { get; set; } = null!;

        public IReadOnlyList<(ChildSa Child, byte[] Inbound, byte[] Outbound)> All
        {
            get
            {
                lock (there) return [.. there.Values];
            }
        }

        public async Task<string?> InstallAsync(ChildSa child, Secret inboundKey, Secret outboundKey, bool activateOutbound)
        {
            var noted = (child, inboundKey.Octets.ToArray(), outboundKey.Octets.ToArray());
            await Task.Yield();
            lock (there) there[child.InboundSpi] = noted;
            return null;
        }

        public void Activate(uint outboundSpi)
        {
        }

        public void Remove(uint inboundSpi, uint outboundSpi, int lingerMilliseconds, string reason)
        {
            lock (there) there.Remove(inboundSpi);
        }

        public void Move(IReadOnlyList<(uint InboundSpi, uint OutboundSpi)> children, IPEndPoint local, IPEndPoint remote, bool udp)
        {
        }

        public long? Silent(IReadOnlyList<uint> inboundSpis) => 0;

        public bool Exists(uint inboundSpi, uint outboundSpi)
        {
            lock (there) return there.ContainsKey(inboundSpi);
        }
    }

    /// <summary>Multi-point SAs that are only noted.</summary>
    internal sealed class NotedGroups : IGroupSas
    {
        private readonly Dictionary<(string Group, uint Spi), (GroupSa Sa, byte[] Key)> there = [];

        public IReadOnlyList<(GroupSa Sa, byte[] Key)> All
        {
            get
            {
                lock (there) return [.. there.Values];
            }
        }

        public async Task<string?> InstallAsync(GroupSa sa, Secret key)
        {
            var noted = (sa, key.Octets.ToArray());
            await Task.Yield();
            lock (there) there[(sa.Group, sa.Spi)] = noted;
            return null;
        }

        public void Activate(string group, uint spi)
        {
        }

        public void Remove(string group, uint spi, string reason)
        {
            lock (there) there.Remove((group, spi));
        }

        public bool Exists(string group, uint spi)
        {
            lock (there) return there.ContainsKey((group, spi));
        }
    }

    internal sealed class Lines : ILogger
    {
        private readonly List<string> texts = [];

        public string All
        {
            get
            {
                lock (texts) return string.Join('\n', texts);
            }
        }

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            lock (texts) texts.Add($"{formatter(state, exception)} {exception}");
        }
    }
}
