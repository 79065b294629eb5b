using Appliance.Crypto;
using Appliance.Esp;
using Appliance.Shared;

namespace Appliance.DataPlane;

/// <summary>The workers of a process with what they share: frames, rings between them, cipher objects.</summary>
internal sealed class Engine : IDisposable
{
    private readonly FrameMemory memory;

    public Engine(Region region, int workers, int framesPerWorker, int jumboPerWorker, int door, AesGcmTier tier, bool watchLeases = false, uint tunnelPorts = 0)
    {
        Tier = tier;
        memory = new FrameMemory(framesPerWorker * workers, jumboPerWorker * workers);
        Frames = new FrameExchange(memory, workers, watchLeases);
        Crossroads = new Crossroads(workers);
        Objects = new CipherObjects(region.Counts.OutboundSas, region.Counts.InboundSas);
        Workers = [.. Enumerable.Range(0, workers).Select(index => tier switch
        {
            AesGcmTier.Vaes => Worker.Create<VaesKernel>(region, Frames.Pools[index], index, (door, tunnelPorts), Crossroads, Objects, tier),
            _ => Worker.Create<ManagedKernel>(region, Frames.Pools[index], index, (door, tunnelPorts), Crossroads, Objects, tier),
        })];
    }

    /// <summary>The AES-GCM tier that runs.</summary>
    public AesGcmTier Tier { get; }

    /// <summary>Frames and pools.</summary>
    public FrameExchange Frames { get; }

    /// <summary>Rings between workers.</summary>
    public Crossroads Crossroads { get; }

    /// <summary>Objects of ciphers that have no kernel.</summary>
    public CipherObjects Objects { get; }

    /// <summary>The workers.</summary>
    public IReadOnlyList<Worker> Workers { get; }

    /// <summary>The workers have stopped.</summary>
    public void Dispose()
    {
        foreach (var worker in Workers) worker.Dispose();
        Objects.Dispose();
        Crossroads.Dispose();
        memory.Dispose();
    }
}
