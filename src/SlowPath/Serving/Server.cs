using System.Net;
using System.Runtime.InteropServices;
using Appliance.Policy;
using Appliance.Shared;
using Appliance.SlowPath.Api;
using Appliance.SlowPath.Bfd;
using Appliance.SlowPath.Bgp;
using Appliance.SlowPath.Configuration;
using Appliance.SlowPath.CustomerEdge;
using Appliance.SlowPath.Groups;
using Appliance.SlowPath.Ike;
using Appliance.SlowPath.Netlink;
using Appliance.SlowPath.Sas;
using Microsoft.Extensions.Logging;

namespace Appliance.SlowPath.Serving;

/// <summary>The slow path while it runs: one loop; the kernel's messages, requests of the API and signals come to it as work, events of the workers are looked for at each tick.</summary>
internal sealed class Server : IDisposable
{
    private const int TickMilliseconds = 20, HeartbeatMilliseconds = 200, SecondMilliseconds = 1000;
    private readonly Gateway gateway;
    private readonly IkeService ike;
    private readonly BfdService bfd;
    private readonly BgpService bgp;
    private readonly VrfClient vrfs = new();
    private readonly SecurityGatewayService? edge;
    private readonly GroupRoutes groups;
    private readonly MulticastRoutes multicast;
    private readonly EventLoop loop;
    private readonly ILogger log;
    private readonly RuntimePaths paths;
    /// <summary>An earlier slow path was at work on this region and did not end in order: what it wrote stands (RFC 4724 §4.1).</summary>
    private readonly bool restarted;
    private LoadedConfiguration configuration;
    private long heartbeatAt, secondAt;

    public Server(string configurationFile, LoadedConfiguration configuration, Region region, RuntimePaths paths, string? exportFile, ILogger log)
    {
        this.log = log;
        this.paths = paths;
        restarted = Volatile.Read(ref region.Header.SlowPathReady) != 0;
        var made = configuration.Ce is null ? null : MadeTunnels.InRegion(region, configuration);
        gateway = new Gateway(configurationFile, configuration.Gateway, region, new NetlinkClient(), log, made) { ExpectsLearned = configuration.Bgp is not null || made is not null };
        loop = new EventLoop(Tick, TickMilliseconds);
        this.configuration = configuration;
        ike = new IkeService(loop, region, gateway.Children, gateway.Groups, gateway.UseInnerAddresses, exportFile, log);
        groups = new GroupRoutes(gateway, log);
        if (made is not null) edge = new SecurityGatewayService(configuration, OpenProtected(configuration), made, groups.Behind, log) { PadChanged = ike.Renew, Wake = loop.Wake };
        if (edge is not null) loop.Turns.Add(edge.Turn);
        else if (ProtectedFile.IsThere(configuration.Gateway.StateDirectory))
            log.LogWarning("there is no 'ce' section, but prefixes that were protected by one are remembered in {Folder}: they are not protected any more", configuration.Gateway.StateDirectory);
        loop.Turns.Add(ike.Turn);
        bfd = new BfdService(loop, log);
        loop.Turns.Add(bfd.Turn);
        gateway.WatchBy(bfd);
        if (edge is not null) groups.Inner = edge;
        multicast = new MulticastRoutes(groups, gateway, log);
        groups.Multicast = multicast.Learn;
        groups.Use(configuration.Gateway.Groups, ToldToKernel);
        multicast.Use(configuration.Gateway.Groups);
        bgp = new BgpService(loop, gateway.NextHops, gateway.Egress, bfd, groups, new VrfRoutes(vrfs, log), log);
        loop.Turns.Add(bgp.Turn);
        gateway.Ike = edge is null ? ike.Events : edge.Before(ike.Events);
        ike.Pad = edge is null ? null : edge.Pad;
        gateway.Prepare = loaded => loaded.Ce is null != edge is null ? "'ce' cannot be added or removed while running: restart the gateway for it" : ike.Prepare(loaded);
        gateway.Reloaded += Reloaded;
    }

    /// <summary>Runs until SIGTERM or SIGINT. Tables, routes and SAs stay as they are: a successor adopts them.</summary>
    public int Run()
    {
        using var stop = new CancellationTokenSource();
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, context => Stop(context, stop));
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, context => Stop(context, stop));
        using var hangUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, context =>
        {
            context.Cancel = true;
            _ = ReloadAsync();
        });
        using var ears = new NetlinkSocket(Rtnetlink.Groups, 500);
        var listener = new Thread(() => Listen(ears, stop.Token)) { IsBackground = true, Name = "netlink" };
        listener.Start();
        var api = new ApiServer(loop, gateway, ike, bfd, bgp, gateway.Configuration.ApiSocket ?? paths.ApiSocket, log) { Edge = edge };
        _ = StartAsync(api, stop);
        loop.Run(stop.Token);
        bgp.Stop();
        gateway.ForgetLearnedInKernel();
        Volatile.Write(ref gateway.Region.Header.SlowPathReady, 0);
        api.DisposeAsync().AsTask().Wait(2000);
        listener.Join(1000);
        return Environment.ExitCode;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        bgp.Dispose();
        vrfs.Dispose();
        bfd.Dispose();
        ike.Dispose();
        edge?.Dispose();
        gateway.Dispose();
    }

    private ProtectedFile OpenProtected(LoadedConfiguration loaded)
    {
        var file = ProtectedFile.Open(loaded.Gateway.StateDirectory, loaded.Ce!.ResetMemory, out var aside);
        if (aside is not null) log.LogWarning("the file of protected prefixes was damaged and is now {Aside}: what was remembered there is forgotten", aside);
        return file;
    }

    private static void Stop(PosixSignalContext context, CancellationTokenSource stop)
    {
        context.Cancel = true;
        stop.Cancel();
    }

    private async Task StartAsync(ApiServer api, CancellationTokenSource stop)
    {
        try
        {
            // Messages from before this dump may still be queued; taking them again changes nothing.
            await loop.RunAsync(() =>
            {
                gateway.ReadKernel();
                edge?.Start();
                return true;
            });
            await api.StartAsync();
            await loop.RunAsync(gateway.StartAsync);
            await loop.RunAsync(() =>
            {
                if (configuration.Bgp is null) edge?.Complete();
                ike.Start(configuration, Addresses());
                bfd.Use(configuration.Bfd);
                bgp.Start(configuration.Bgp, restarted);
                TellKernel();
                return true;
            });
        }
        catch (Exception exception)
        {
            log.LogCritical("cannot start: {Problem}", exception.Message);
            Environment.ExitCode = 1;
            await stop.CancelAsync();
        }
    }

    private async Task ReloadAsync()
    {
        try
        {
            await loop.RunAsync(gateway.ReloadAsync);
        }
        catch (RefusedException refused)
        {
            log.LogError("reload refused: {Problem} ({Hint})", refused.Message, refused.Hint);
        }
    }

    private void Tick()
    {
        var now = Environment.TickCount64;
        if (now >= heartbeatAt)
        {
            heartbeatAt = now + HeartbeatMilliseconds;
            Volatile.Write(ref gateway.Region.Header.SlowPathHeartbeat, now);
            gateway.SweepSas();
            ike.SeeAddresses(Addresses());
        }

        if (gateway.Region.Header.SlowPathReady == 0) return;
        gateway.DrainEvents();
        if (now >= secondAt)
        {
            secondAt = now + SecondMilliseconds;
            gateway.Retry();
            bfd.SecondPassed();
            bgp.SecondPassed();
        }

        edge?.Tick(now);
        gateway.Settle();
    }

    /// <summary>Learned routes inside these prefixes are told to the kernel.</summary>
    private IReadOnlyList<IpPrefix> ToldToKernel => [.. (configuration.Bgp?.Kernel ?? []).Select(n => new IpPrefix(IpAddress.From(n.BaseAddress), n.PrefixLength))];

    private void TellKernel() => gateway.TellKernel(ToldToKernel);

    private IReadOnlyList<IPAddress> Addresses() => IkeAddresses.Wanted(configuration.Ike, gateway.Configuration, gateway.OwnAddresses, configuration.Ce?.Gateways.Gateway.ToIPAddress());

    private void Reloaded(LoadedConfiguration loaded)
    {
        configuration = loaded;
        edge?.Use(loaded);
        groups.Use(loaded.Gateway.Groups, ToldToKernel);
        multicast.Use(loaded.Gateway.Groups);
        ike.SeeAddresses(Addresses());
        ike.Use(loaded);
        bfd.Use(loaded.Bfd);
        bgp.Use(loaded.Bgp);
        TellKernel();
    }

    private void Listen(NetlinkSocket ears, CancellationToken stop)
    {
        var buffer = new byte[1 << 16];
        try
        {
            while (!stop.IsCancellationRequested)
            {
                var length = ears.Receive(buffer);
                if (length == NetlinkSocket.Nothing) continue;
                var datagram = length == NetlinkSocket.Overrun ? null : buffer.AsSpan(0, length).ToArray();
                loop.Post(_ => gateway.KernelSpoke(datagram), null);
            }
        }
        catch (IOException exception)
        {
            if (!stop.IsCancellationRequested) log.LogCritical("netlink: {Problem}", exception.Message);
        }
    }
}
