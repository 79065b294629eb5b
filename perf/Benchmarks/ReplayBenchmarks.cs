using Appliance.Esp;
using Appliance.Shared;
using BenchmarkDotNet.Attributes;

namespace Appliance.Benchmarks;

/// <summary>The replay window: check before the tag, check and update after it (RFC 4303 §3.4.3).</summary>
[MemoryDiagnoser]
public class ReplayBenchmarks
{
    private const int Count = 1024;
    private InboundSaState state;
    private ulong next;

    [Params(64, 4096)]
    public uint Window { get; set; }

    [Benchmark(OperationsPerInvoke = Count)]
    public int InOrder()
    {
        var good = 0;
        for (var i = 0; i < Count; i++) good += Pass(++next);
        return good;
    }

    [Benchmark(OperationsPerInvoke = Count)]
    public int Swapped()
    {
        var good = 0;
        for (var i = 0; i < Count; i += 2)
        {
            good += Pass(next + 2) + Pass(next + 1);
            next += 2;
        }

        return good;
    }

    private int Pass(ulong sequence) =>
        ReplayWindow.Check(ref state, Window, sequence) == DropReason.None && ReplayWindow.CheckAndUpdate(ref state, Window, sequence) == DropReason.None ? 1 : 0;
}
