using System.Runtime.InteropServices;
using Appliance.Shared;

namespace Appliance.Supervisor;

/// <summary>One child that is always started again: at once, or after a pause when it keeps dying.</summary>
internal sealed class Ward(string name, Func<ChildProcess> start, Action exited)
{
    private const int DeathsBeforePause = 3, WindowMilliseconds = 10_000, LongestPauseMilliseconds = 5_000, FirstPauseMilliseconds = 250;

    private readonly Queue<long> deaths = new();
    private ChildProcess? child;
    private long startAt;
    private int pause;

    public string Name { get; } = name;

    /// <summary>Times that it was started.</summary>
    public uint Starts { get; private set; }

    /// <summary>Milliseconds until <see cref="Tend"/> has something to do; <see cref="int.MaxValue"/> while the child runs.</summary>
    public int Due(long now) => child != null ? int.MaxValue : (int)Math.Max(0, startAt - now);

    /// <summary>Notes a death, and starts the child when it is time.</summary>
    public void Tend(long now)
    {
        if (child is { HasExited: true }) NoteDeath(now);
        if (child != null || now < startAt) return;
        try
        {
            child = start();
            Starts++;
            Log.Say($"{Name} runs as process {child.ProcessId}");
            _ = child.Exited.ContinueWith(_ => exited(), TaskScheduler.Default);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            pause = LongestPauseMilliseconds;
            startAt = now + pause;
            Log.Say($"{Name}: {failure.Message}");
        }
    }

    public void Signal(PosixSignal signal) => child?.Signal(signal);

    /// <summary>Waits until it is gone; kills it when it does not go by itself.</summary>
    public void End(TimeSpan patience)
    {
        if (child == null) return;
        if (!child.WaitForExit(patience)) Log.Say($"{Name} does not end: killed");
        child.Dispose();
    }

    private void NoteDeath(long now)
    {
        Log.Say($"{Name} ended ({child!.Exited.Result})");
        child = null;
        deaths.Enqueue(now);
        while (now - deaths.Peek() > WindowMilliseconds) deaths.Dequeue();
        pause = deaths.Count <= DeathsBeforePause ? 0 : pause == 0 ? FirstPauseMilliseconds : Math.Min(2 * pause, LongestPauseMilliseconds);
        startAt = now + pause;
        if (pause > 0) Log.Say($"{Name} keeps ending: next start in {pause} ms");
    }
}
