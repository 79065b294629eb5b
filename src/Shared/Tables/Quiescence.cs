using System.Diagnostics;

namespace Appliance.Shared;

/// <summary>
/// Tells the writer of the tables when no worker can still hold what was taken out of them: every worker has been at a quiescent point since, sleeps, or its process is
/// gone. Grace periods are shared: what is taken out during one waits for the next. Used by the one thread that writes tables.
/// </summary>
public sealed class Quiescence
{
    private readonly Func<int, ulong> epochOf;
    private readonly Func<bool> workersLive;
    private readonly ulong[] waitingFor = new ulong[WorkerBlock.Maximum];
    private ulong started;
    private ulong completed;

    /// <summary>Watches the workers of a region.</summary>
    public Quiescence(Region region)
        : this(worker => Volatile.Read(ref region.Worker(worker).Epoch), () => LinuxProcess.StartTime(region.Header.DataPlaneProcess) != 0)
    {
    }

    internal Quiescence(Func<int, ulong> epochOf, Func<bool> workersLive)
    {
        this.epochOf = epochOf;
        this.workersLive = workersLive;
    }

    /// <summary>To be asked for after something was taken out of a table, with <see cref="HasPassed"/>.</summary>
    public ulong Ticket() => started + 1;

    /// <summary>True once no worker can hold what was taken out before the ticket was given.</summary>
    public bool HasPassed(ulong ticket)
    {
        while (completed < ticket)
        {
            if (started == completed) Begin();
            if (!AllPassed()) return false;
            completed = started;
        }

        return true;
    }

    /// <summary>Waits until <see cref="HasPassed"/>; false when the time is over (a worker is stuck in its round).</summary>
    public bool TryWait(ulong ticket, TimeSpan timeout)
    {
        var begin = Stopwatch.GetTimestamp();
        while (!HasPassed(ticket))
        {
            if (Stopwatch.GetElapsedTime(begin) > timeout) return false;
            Thread.Sleep(1);
        }

        return true;
    }

    private void Begin()
    {
        started++;

        // The stores that took things out come before the loads of the epochs.
        Interlocked.MemoryBarrier();
        for (var worker = 0; worker < waitingFor.Length; worker++) waitingFor[worker] = epochOf(worker);
    }

    private bool AllPassed()
    {
        var all = true;
        for (var worker = 0; worker < waitingFor.Length; worker++)
        {
            if ((waitingFor[worker] & 1) == 0) continue;
            if (epochOf(worker) != waitingFor[worker]) waitingFor[worker] = 0;
            else all = false;
        }

        return all || !workersLive();
    }
}
