using System.Diagnostics;
using Appliance.PacketIo;
using Appliance.Shared;

namespace Appliance.DataPlane;

/// <summary>
/// Runs a worker on its core: it polls as long as there is work and for a while after, then sleeps in poll(2) until a queue or another worker wakes it, or housekeeping is due.
/// </summary>
internal sealed class WorkerThread
{
    private readonly Worker worker;
    private readonly Region region;
    private readonly WakeEvent wake;
    private readonly int core;
    private readonly long spinTicks;
    private readonly Action<int, Exception> failed;
    private readonly PollSet sleepOn = new();
    private readonly Thread thread;
    private PortQueue[] listed = [];
    private int mustAsk;
    private int stopping;

    public WorkerThread(Worker worker, Region region, WakeEvent wake, int core, TimeSpan spin, Action<int, Exception> failed)
    {
        this.worker = worker;
        this.region = region;
        this.wake = wake;
        this.core = core;
        this.failed = failed;
        spinTicks = (long)(spin.TotalSeconds * Stopwatch.Frequency);
        thread = new Thread(Run) { IsBackground = true, Name = $"worker-{worker.Index}" };
    }

    /// <summary>The worker.</summary>
    public Worker Worker => worker;

    public void Start() => thread.Start();

    /// <summary>Wakes the worker up: the keeper has changed something for it.</summary>
    public void Nudge() => wake.Signal();

    /// <summary>Ends the worker after its round, and waits for it.</summary>
    public void Stop()
    {
        Volatile.Write(ref stopping, 1);
        wake.Signal();
        thread.Join();
    }

    private void Run()
    {
        try
        {
            ProcessGuard.PinThread(core);
            ProcessGuard.NameThread($"worker-{worker.Index}");
            region.Worker(worker.Index).Core = (uint)core;
            worker.Enter();
            Loop();
            worker.Stop();
        }
        catch (Exception failure)
        {
            failed(worker.Index, failure);
        }
    }

    private void Loop()
    {
        var idleSince = 0L;
        while (Volatile.Read(ref stopping) == 0)
        {
            if (worker.RunOnce())
            {
                idleSince = 0;
                continue;
            }

            var now = Stopwatch.GetTimestamp();
            if (idleSince == 0) idleSince = now;
            if (now - idleSince < spinTicks) continue;
            Sleep();
            idleSince = 0;
        }
    }

    /// <summary>Says that it sleeps before it looks for the last time: who puts something in afterwards sees that, and wakes it.</summary>
    private void Sleep()
    {
        ref var block = ref region.Worker(worker.Index);
        Volatile.Write(ref block.Sleeping, 1);
        Interlocked.MemoryBarrier();
        if (!HasWork())
        {
            worker.Leave();
            ListDescriptors();
            sleepOn.Wait(worker.IsHolding ? Tuning.HousekeepingMilliseconds : mustAsk != 0 ? 1 : Tuning.SleepMilliseconds);
            wake.Clear();
            worker.Enter();
            block.Sleeps++;
        }

        Volatile.Write(ref block.Sleeping, 0);
    }

    private bool HasWork()
    {
        if (worker.HasPending) return true;
        foreach (var queue in worker.Ports.Queues)
        {
            if (queue.HasPending()) return true;
        }

        return false;
    }

    private void ListDescriptors()
    {
        if (ReferenceEquals(listed, worker.Ports.Queues)) return;
        listed = worker.Ports.Queues;
        mustAsk = 0;
        sleepOn.Clear();
        sleepOn.Add(wake.Descriptor);
        foreach (var queue in listed)
        {
            sleepOn.Add(queue.Descriptor);
            if (queue.Descriptor < 0) mustAsk++;
        }
    }
}
