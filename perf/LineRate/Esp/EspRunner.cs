using System.Diagnostics;
using Appliance.Shared;

namespace Appliance.LineRate.Esp;

/// <summary>
/// Steps the workers of a bench for a slice of time, one thread each. For decryption the packets are recorded first, and the replay windows are set back before each
/// pass, outside of the measured time.
/// </summary>
internal sealed class EspRunner : IDisposable
{
    private const int LeastRecorded = 4096, RecordedOfGroup = 20_000;
    private const double LongSlice = 60;
    private readonly EspBench bench;
    private readonly EspShape shape;
    private readonly List<TimedSink> sinks = [];
    private readonly List<SpraySource> sprays = [];
    private readonly List<RecordedSource> recordings = [];
    private readonly Barrier barrier;
    private readonly List<Thread> threads = [];
    private uint[] senders = [];
    private long sliceEnd;
    private volatile bool stopping;

    public EspRunner(EspBench bench, EspShape shape)
    {
        this.bench = bench;
        this.shape = shape;
        for (var worker = 0; worker < bench.Workers; worker++) AddPorts(worker);
        barrier = new Barrier(bench.Workers);
        for (var worker = 1; worker < bench.Workers; worker++) StartThread(worker);
        foreach (var worker in bench.Engine.Workers) worker.Enter();
        if (shape.Decrypt) Record();
        ProcessGuard.PinThread(Math.Min(1, Environment.ProcessorCount - 1));
    }

    /// <summary>Octets that the runner itself allocated while it measured.</summary>
    public long OwnAllocations { get; private set; }

    private long Packets => sinks.Sum(sink => sink.Packets);

    /// <summary>Nanoseconds a packet over a slice of time, and how many packets.</summary>
    public (double Nanoseconds, long Count) Slice(double seconds)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        var packets = Packets;
        OwnAllocations += GC.GetAllocatedBytesForCurrentThread() - before;
        var ticks = shape.Decrypt ? Passes(seconds) : Timed(seconds);
        before = GC.GetAllocatedBytesForCurrentThread();
        var count = Packets - packets;
        OwnAllocations += GC.GetAllocatedBytesForCurrentThread() - before;
        return (ticks * 1e9 / Stopwatch.Frequency / Math.Max(1, count), count);
    }

    /// <summary>Time from port to port of so many packets, sorted; in ticks.</summary>
    public List<long> Latencies(int samples)
    {
        var list = new List<long>(4 * samples);
        sinks[0].Latencies = list;
        while (list.Count < samples) Slice(0.002);
        sinks[0].Latencies = null;
        list.Sort();
        return list;
    }

    public void Dispose()
    {
        foreach (var spray in sprays) spray.IsOpen = false;
        stopping = true;
        if (threads.Count != 0) barrier.SignalAndWait();
        foreach (var thread in threads) thread.Join();
        for (var round = 0; round < 100; round++)
        {
            foreach (var worker in bench.Engine.Workers) worker.RunOnce();
        }

        barrier.Dispose();
    }

    private void AddPorts(int worker)
    {
        var ports = bench.Engine.Workers[worker].Ports;
        var pool = bench.Engine.Frames.Pools[worker];
        var sink = new TimedSink(pool, shape.Decrypt ? EspBench.Inside : EspBench.Outside);
        sinks.Add(sink);
        ports.Offer(sink);
        ports.SetSenders(sink.Port, bench.Workers);
        if (shape.Decrypt)
        {
            var recorded = new RecordedSource(pool, EspBench.Outside);
            recordings.Add(recorded);
            ports.Offer(recorded);
        }
        else
        {
            var spray = new SpraySource(pool, EspBench.Inside, bench.Routes, shape.Sizes);
            sprays.Add(spray);
            ports.Offer(spray);
        }
    }

    private void StartThread(int worker)
    {
        var thread = new Thread(() =>
        {
            ProcessGuard.PinThread(0);
            while (true)
            {
                barrier.SignalAndWait();
                if (stopping) return;
                Step(worker);
                barrier.SignalAndWait();
            }
        }) { IsBackground = true };
        threads.Add(thread);
        thread.Start();
    }

    private long Timed(double seconds)
    {
        var begin = Stopwatch.GetTimestamp();
        Volatile.Write(ref sliceEnd, begin + (long)(seconds * Stopwatch.Frequency));
        if (threads.Count != 0) barrier.SignalAndWait();
        begin = Stopwatch.GetTimestamp();
        Step(0);
        var ticks = Stopwatch.GetTimestamp() - begin;
        if (threads.Count != 0) barrier.SignalAndWait();
        return ticks;
    }

    private void Step(int worker)
    {
        var mine = bench.Engine.Workers[worker];
        var until = Volatile.Read(ref sliceEnd);
        do
        {
            for (var i = 0; i < 16; i++) mine.RunOnce();
        }
        while (Stopwatch.GetTimestamp() < until && (!shape.Decrypt || !recordings[worker].IsAtEnd));
    }

    /// <summary>Whole passes over what was recorded.</summary>
    private long Passes(double seconds)
    {
        var ticks = 0L;
        do
        {
            foreach (var recorded in recordings) recorded.Rewind();
            for (uint slot = 0; slot < (uint)bench.Sas && shape.Members == 0; slot++)
            {
                ref var state = ref bench.Region.InboundState(slot);
                state.Highest = 0;
                state.Window = default;
            }

            if (shape.Members > 0) ForgetSenders();

            ticks += Timed(LongSlice);
        }
        while (ticks < seconds * Stopwatch.Frequency);
        return ticks;
    }

    /// <summary>All have been heard after the first pass.</summary>
    private void ForgetSenders()
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        if (senders.Length == 0) senders = [.. bench.Region.LiveSenders()];
        OwnAllocations += GC.GetAllocatedBytesForCurrentThread() - before;
        EspGroup.Forget(bench.Region, senders);
    }

    /// <summary>Has the workers themselves encrypt, and swaps the inner addresses so that the packets come from behind the tunnels.</summary>
    private void Record()
    {
        using var recorder = new EspRecorder(bench, shape);
        foreach (var recorded in recordings) recorder.Fill(recorded, Math.Max(shape.Members > 0 ? RecordedOfGroup : LeastRecorded, bench.Sas) / bench.Workers, recordings.IndexOf(recorded));
    }
}
