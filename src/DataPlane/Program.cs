using System.Runtime;
using System.Runtime.InteropServices;
using Appliance.Crypto;
using Appliance.DataPlane;
using Appliance.PacketIo;
using Appliance.PacketIo.Bpf;
using Appliance.Shared;

// 1 no more privileges than AF_XDP needs   2 the region, and what a predecessor left   3 workers, warmed up   4 ports   5 until SIGTERM
try
{
    ProcessGuard.Restrict(Capability.NetRaw, Capability.NetAdmin, Capability.IpcLock, Capability.SysNice);
    if (!ProcessGuard.DieWithParent()) return 1;
    ProcessGuard.ForbidDumps();
    if (!Arguments.TryRead(args, out var arguments)) return 2;

    var plan = LaunchPlan.Read(arguments.Plan);
    var descriptors = PortDescriptors.Parse(arguments.Descriptors);
    using var region = Region.Open(arguments.Region);
    Volatile.Write(ref region.Header.DataPlaneReady, 0);
    Inheritance.Take(region);
    region.Header.DataPlaneProcess = Environment.ProcessId;

    var tier = TierChoice.Choose(region, plan);
    region.Header.CryptoTier = (uint)tier;
    Inheritance.TakeSenders(region, plan.Workers.Count, tier);
    WarmUp.Run(tier);
    var engine = new Engine(region, plan.Workers.Count, plan.FramesPerWorker, plan.JumboPerWorker, plan.Vpn is null ? -1 : 0, tier, tunnelPorts: plan.TunnelPorts);
    var threads = new List<WorkerThread>();
    using var stop = new ManualResetEventSlim();
    foreach (var worker in engine.Workers)
    {
        threads.Add(new WorkerThread(
            worker, region, engine.Crossroads.Wakes[worker.Index], plan.Workers[worker.Index], TimeSpan.FromMicroseconds(plan.SpinMicroseconds), Fatal.WorkerFailed));
    }

    using var factory = new PortFactory(plan, descriptors, engine.Frames);
    var ports = new PortKeeper(plan, region, engine, factory, index => threads[index].Nudge());
    var keeper = new Keeper(region, new CipherKeeper(region, engine.Objects, tier), ports, factory.Addresses, factory.Multicast);
    using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, signal => { signal.Cancel = true; keeper.Stop(); });
    using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, signal => { signal.Cancel = true; keeper.Stop(); });

    Log.Say($"{CryptoTiers.Describe(tier)}; workers on cores {string.Join(", ", plan.Workers)}");
    keeper.Begin();
    foreach (var thread in threads) thread.Start();
    GCSettings.LatencyMode = GCLatencyMode.SustainedLowLatency;
    Volatile.Write(ref region.Header.DataPlaneReady, 1);
    keeper.Run();

    Volatile.Write(ref region.Header.DataPlaneReady, 0);
    foreach (var thread in threads) thread.Stop();
    engine.Dispose();
    region.Header.DataPlaneProcess = 0;
    return 0;
}
catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or FormatException or System.Text.Json.JsonException)
{
    Log.Say(failure.Message);
    return 1;
}
