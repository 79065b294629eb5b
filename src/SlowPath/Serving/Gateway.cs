using Appliance.Crypto;
using Appliance.Policy;
using Appliance.Shared;
using Appliance.SlowPath.Netlink;
using Appliance.SlowPath.Sas;
using Appliance.SlowPath.Tables;
using Microsoft.Extensions.Logging;

namespace Appliance.SlowPath.Serving;

/// <summary>
/// The slow path's state and what may be done to it; everything here runs on the loop. Whatever changes (configuration, kernel, SAs, path MTUs) leads to
/// <see cref="Recompute"/>: Policy says what the tables shall hold, the writers bring the difference to region and kernel.
/// </summary>
internal sealed partial class Gateway : IDisposable
{
    private const uint HoldMilliseconds = 2000;
    private readonly string configurationFile;
    private readonly IKernel netlink;
    private readonly KernelWriter kernel;
    private readonly TableWriter tables;
    private readonly SaInstaller installer;
    private readonly PathMtus pathMtus = new();
    private readonly SemaphoreSlim saChanges = new(1, 1);
    private readonly ILogger log;
    private KernelMirror mirror;
    private IReadOnlyList<string> tableProblems = [];
    private bool dirty = true;

    /// <summary>Adopts what the region holds. Nothing is written before <see cref="StartAsync"/>.</summary>
    public Gateway(string configurationFile, GatewayConfiguration configuration, Region region, IKernel netlink, ILogger log)
    {
        this.configurationFile = configurationFile;
        Configuration = configuration;
        Region = region;
        this.log = log;
        this.netlink = netlink;
        kernel = new KernelWriter(netlink, log);
        tables = new TableWriter(region, new Quiescence(region));
        installer = new SaInstaller(region, tables.Sas, FindTunnel, configuration.Workers.Count);
        mirror = netlink.Dump();
    }

    /// <summary>The configuration in force.</summary>
    public GatewayConfiguration Configuration { get; private set; }

    /// <summary>The region.</summary>
    public Region Region { get; }

    /// <summary>What the tables hold.</summary>
    public TableContents Contents => tables.Contents;

    /// <summary>Live SAs.</summary>
    public IReadOnlyCollection<SaEntry> Sas => tables.Sas.All;

    /// <summary>Names and slots of tunnels.</summary>
    public IReadOnlyDictionary<string, uint> TunnelSlots => tables.TunnelSlots;

    /// <summary>What is wrong at present, one sentence each.</summary>
    public IEnumerable<string> Problems => tableProblems.Concat(kernel.Problems);

    private static long UnixNow => DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();

    /// <summary>First tables and manual SAs; then the region says that the slow path is ready.</summary>
    public async Task<bool> StartAsync()
    {
        ref var header = ref Region.Header;
        header.SlowPathProcess = Environment.ProcessId;
        header.HoldMilliseconds = HoldMilliseconds;
        header.PathMtuFloor = TunnelMtu.LowestV4;
        header.CryptoTierWanted = Configuration.CryptoTier switch
        {
            "vaes" => (uint)AesGcmTier.Vaes,
            "managed" => (uint)AesGcmTier.Managed,
            "bcl" => (uint)AesGcmTier.Bcl,
            _ => 0,
        };
        Recompute();
        await ManualSasAsync(Configuration);
        Recompute();
        Volatile.Write(ref Region.Header.SlowPathReady, 1);
        log.LogInformation("ready: {Tunnels} tunnels, {Sas} SAs, {Routes} routes, {Rules} SPD rules", Contents.Tunnels.Count, Sas.Count, Contents.Routes.Count, Contents.Rules.Count);
        return true;
    }

    /// <summary>Messages of the kernel, or null when some were lost.</summary>
    public void KernelSpoke(byte[]? datagram)
    {
        if (datagram is null)
        {
            log.LogWarning("netlink lost messages: reading everything again");
            ReadKernel();
            return;
        }

        var reader = new NetlinkReader(datagram);
        while (reader.TryNext(out var message))
        {
            if (!KernelChange.TryParse(message, out var change)) continue;
            dirty |= mirror.Apply(change);
            if (change is { Kind: KernelChangeKind.Neighbour, IsRemoval: false, NeighbourState: NeighbourState.Stale }) StaleNeighbour(change.Neighbour);
        }

        if (mirror.NeedsDump) ReadKernel();
    }

    /// <summary>Reads everything that the kernel holds again.</summary>
    public void ReadKernel()
    {
        try
        {
            mirror = netlink.Dump();
            kernel.Forget();
            dirty = true;
        }
        catch (IOException exception)
        {
            log.LogError("the kernel's tables cannot be read: {Problem}", exception.Message);
        }
    }

    /// <summary>Applies what gathered since the last time.</summary>
    public void Settle()
    {
        if (dirty) Recompute();
    }

    /// <summary>Once a second: asks for next hops of peers that are not resolved, and tries again what did not work.</summary>
    public void Retry()
    {
        AskForPaths(Contents);
        dirty |= Problems.Any();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        netlink.Dispose();
        saChanges.Dispose();
    }

    private void Recompute()
    {
        dirty = false;
        var facts = new Dictionary<string, TunnelFacts>(StringComparer.Ordinal);
        foreach (var tunnel in Configuration.Tunnels)
        {
            var learned = pathMtus.Of(tunnel.Name);
            if (learned > 0) facts[tunnel.Name] = new TunnelFacts(EspShape.AesGcm, learned);
        }

        foreach (var sa in Sas.Where(s => s.IsOutbound))
        {
            var shape = new EspShape(CipherFacts.IvLength(sa.Cipher), CipherFacts.IcvLength(sa.Cipher), CipherFacts.BlockSize(sa.Cipher));
            var larger = facts.TryGetValue(sa.Tunnel, out var known) && Overhead(known.Shape) > Overhead(shape) ? known.Shape : shape;
            facts[sa.Tunnel] = new TunnelFacts(larger, pathMtus.Of(sa.Tunnel));
        }

        var wanted = TableBuilder.Build(new PolicyInputs(Configuration, mirror.View()) { Tunnels = facts });
        var problems = tables.Apply(wanted);
        foreach (var problem in problems.Except(tableProblems)) log.LogError("{Problem}", problem);
        tableProblems = problems;
        kernel.Write(Configuration, mirror);
        AskForPaths(wanted);
    }

    private static int Overhead(EspShape shape) => shape.IvLength + shape.IcvLength + shape.Alignment;

    private (uint Slot, TunnelConfiguration Configuration, TunnelContents Contents, uint Adjacency)? FindTunnel(string name)
    {
        var configured = Configuration.Tunnels.FirstOrDefault(t => t.Name == name);
        if (configured is null || !tables.TunnelSlots.TryGetValue(name, out var slot) || !Contents.Tunnels.TryGetValue(name, out var contents)) return null;
        return (slot, configured, contents, tables.AdjacencyOf(contents));
    }
}
