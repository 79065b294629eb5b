using System.Runtime.InteropServices;

namespace Appliance.Shared;

/// <summary>What a child gets besides its arguments.</summary>
public sealed record ChildOptions
{
    /// <summary>Descriptor <c>i</c> of this list is number <see cref="ChildProcess.FirstDescriptor"/> + i in the child; no other is passed on but 0 (empty), 1 and 2.</summary>
    public IReadOnlyList<int> Descriptors { get; init; } = [];

    /// <summary>Privileges that the child keeps (it can get no other ever); null leaves it this process's.</summary>
    public IReadOnlyList<Capability>? Capabilities { get; init; }

    /// <summary>Environment variables to set.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();
}

/// <summary>How a child ended.</summary>
/// <param name="Code">Exit code, or -1 when a signal ended it.</param>
/// <param name="Signal">Number of the signal, or 0.</param>
public readonly record struct ChildExit(int Code, int Signal)
{
    /// <inheritdoc/>
    public override string ToString() => Signal != 0 ? $"killed by signal {Signal}" : $"exit code {Code}";
}

/// <summary>
/// A process of the product, started with exactly the descriptors and privileges that it needs. Each child has a thread of its own that starts it, waits for
/// it and ends after it: the kernel's "parent died" signal is bound to the thread that started a child, not to the process.
/// </summary>
public sealed class ChildProcess : IDisposable
{
    /// <summary>Number of the first descriptor that is passed on.</summary>
    public const int FirstDescriptor = 3;

    private readonly Lock gate = new();
    private readonly TaskCompletionSource<int> started = new();
    private readonly TaskCompletionSource<ChildExit> exited = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool reaped;

    private ChildProcess(string path, IReadOnlyList<string> arguments, ChildOptions options)
    {
        new Thread(() => Life(path, arguments, options)) { IsBackground = true, Name = "child" }.Start();
        ProcessId = started.Task.GetAwaiter().GetResult();
    }

    /// <summary>Number of the process.</summary>
    public int ProcessId { get; }

    /// <summary>Completes when the child has ended.</summary>
    public Task<ChildExit> Exited => exited.Task;

    /// <summary>True once it has ended.</summary>
    public bool HasExited => exited.Task.IsCompleted;

    /// <summary>Starts a program, in a process group of its own (so that Ctrl-C on a terminal reaches the supervisor alone), all signals at their defaults.</summary>
    /// <exception cref="IOException">It cannot be started.</exception>
    public static ChildProcess Start(string path, IReadOnlyList<string> arguments, ChildOptions? options = null) => new(path, arguments, options ?? new ChildOptions());

    /// <summary>Sends a signal, never to another process that got the same number later. False when the child has ended.</summary>
    public bool Signal(PosixSignal signal) => Signal(signal switch
    {
        PosixSignal.SIGTERM => 15,
        PosixSignal.SIGINT => 2,
        PosixSignal.SIGHUP => 1,
        PosixSignal.SIGQUIT => 3,
        _ => throw new ArgumentOutOfRangeException(nameof(signal), signal, "not a signal that children are sent"),
    });

    /// <summary>Ends the child by SIGKILL. False when it has ended already.</summary>
    public bool Kill() => Signal(9);

    /// <summary>Waits for the end; false when the time is over.</summary>
    public bool WaitForExit(TimeSpan timeout) => exited.Task.Wait(timeout);

    /// <summary>Ends the child when it still runs.</summary>
    public void Dispose()
    {
        if (Kill()) exited.Task.Wait();
    }

    private bool Signal(int number)
    {
        lock (gate) return !reaped && SpawnCalls.Kill(ProcessId, number);
    }

    private void Life(string path, IReadOnlyList<string> arguments, ChildOptions options)
    {
        int process;
        try
        {
            if (options.Capabilities != null) ProcessGuard.RestrictThread([.. options.Capabilities]);
            process = SpawnCalls.Spawn(path, arguments, options);
            started.SetResult(process);
        }
        catch (IOException failure)
        {
            started.SetException(failure);
            return;
        }

        SpawnCalls.WaitUntilZombie(process);
        ChildExit exit;
        lock (gate)
        {
            exit = SpawnCalls.Reap(process);
            reaped = true;
        }

        exited.SetResult(exit);
    }
}
