using Appliance.Shared;
using BenchmarkDotNet.Attributes;

namespace Appliance.Benchmarks;

/// <summary>What a packet pays for rings and pools when one thread does both sides.</summary>
[MemoryDiagnoser]
public class RingBenchmarks
{
    private const int Count = 1024;
    private readonly SpscRing<Packet> ring = new(Count);
    private readonly Packet[] batch = new Packet[64];
    private readonly uint[] frames = new uint[64];
    private FrameMemory memory = null!;
    private FramePool pool = null!;

    [GlobalSetup]
    public void Setup()
    {
        memory = new FrameMemory(1024, 0);
        pool = new FrameExchange(memory, 1).Pools[0];
    }

    [GlobalCleanup]
    public void Cleanup() => memory.Dispose();

    [Benchmark(OperationsPerInvoke = Count)]
    public int ThroughTheRing()
    {
        for (var i = 0; i < Count; i++) ring.TryEnqueue(new Packet { Tag = (uint)i });
        var taken = 0;
        while (taken < Count) taken += ring.Dequeue(batch);
        return taken;
    }

    [Benchmark(OperationsPerInvoke = Count)]
    public uint TakeAndGive()
    {
        uint sum = 0;
        for (var round = 0; round < Count / 64; round++)
        {
            for (var i = 0; i < 64; i++)
            {
                pool.TryTake(out frames[i]);
                sum += frames[i];
            }

            foreach (var frame in frames) pool.Give(frame);
        }

        return sum;
    }
}
