using System.Diagnostics;

namespace Appliance.Fuzz.Engine;

/// <summary>What was found: the input's file, and why it is wrong.</summary>
internal sealed record FuzzFinding(string Target, string Path, string Why);

/// <summary>Executions of a run, and its finding if there was one.</summary>
internal sealed record FuzzResult(string Target, ulong Executions, TimeSpan Elapsed, FuzzFinding? Finding)
{
    public double PerSecond => Executions / Math.Max(0.001, Elapsed.TotalSeconds);
}

/// <summary>Runs a target: 1. what killed an earlier process; 2. the corpus as it is; 3. mutations, one after another from a seed, until time is up or one breaks.</summary>
internal sealed class FuzzRun : IDisposable
{
    private readonly FuzzTarget target;
    private readonly Corpus corpus;
    private readonly Mutator mutator;
    private readonly GuardedInput guarded;
    private readonly Stopwatch clock = new();
    private bool finished;

    public FuzzRun(FuzzTarget target)
    {
        this.target = target;
        corpus = new Corpus(target.Name);
        mutator = new Mutator([.. corpus.Inputs.Concat(target.MoreSeeds()).Where(i => i.Length <= target.MaximumLength)], target.MaximumLength, target.Words);
        var folder = Path.Combine(Corpus.Root, "artifacts", "fuzz");
        Directory.CreateDirectory(folder);
        Abandoned = FindAbandoned(folder, target.Name);
        guarded = new GuardedInput(target.MaximumLength, Path.Combine(folder, $"{target.Name}.{Environment.ProcessId}.last"));
    }

    private string? Abandoned { get; }

    /// <summary>Runs for a time. <paramref name="progress"/> is called about once a second with executions so far.</summary>
    public FuzzResult Run(TimeSpan time, ulong seed, Action<ulong, double>? progress = null)
    {
        clock.Restart();
        ulong executions = 0;
        if (Recover() is { } recovered) return Result(0, recovered);
        for (var i = 0; i < corpus.Inputs.Count; i++, executions++)
        {
            guarded.Remember(ulong.MaxValue - (ulong)i);
            if (Execute(corpus.Inputs[i]) is { } why) return Result(executions, new FuzzFinding(target.Name, corpus.Files[i], why));
        }

        var next = TimeSpan.FromSeconds(1);
        for (ulong n = 0; ; n++)
        {
            if (clock.Elapsed >= time)
            {
                finished = true;
                target.Finish();
                return Result(executions, null);
            }

            if (clock.Elapsed >= next)
            {
                progress?.Invoke(executions, executions / clock.Elapsed.TotalSeconds);
                next = clock.Elapsed + TimeSpan.FromSeconds(1);
            }

            var number = (seed << 24) + n;
            guarded.Remember(number);
            var input = mutator.Make(number);
            executions++;
            if (Execute(input) is { } why) return Result(executions, new FuzzFinding(target.Name, corpus.StoreCrash(input), why));
        }
    }

    /// <summary>Runs one input; null when it holds, else why not.</summary>
    public string? Execute(ReadOnlySpan<byte> input)
    {
        if (input.Length > target.MaximumLength) input = input[..target.MaximumLength];
        var started = Stopwatch.GetTimestamp();
        var before = GC.GetAllocatedBytesForCurrentThread();
        try
        {
            target.Body(guarded.Place(input));
        }
#pragma warning disable CA1031 // whatever a parser throws is what is looked for
        catch (Exception exception)
#pragma warning restore CA1031
        {
            return exception.ToString();
        }

        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        // The first run of a body allocates what the runtime needs for it once.
        if (allocated > target.AllocationLimit && AllocatesAgain(input, out allocated)) return $"allocated {allocated} octets for an input of {input.Length} (limit {target.AllocationLimit})";
        var took = Stopwatch.GetElapsedTime(started).TotalMilliseconds;
        return took > target.TimeLimit ? $"took {took:F0} ms for an input of {input.Length} octets (limit {target.TimeLimit} ms)" : null;
    }

    public void Dispose()
    {
        guarded.Dispose();
        if (finished) return;
        try
        {
            target.Finish();
        }
#pragma warning disable CA1031 // after a finding, what else is wrong at the end says nothing new
        catch (Exception exception)
#pragma warning restore CA1031
        {
            Console.Error.WriteLine($"{target.Name}, at the end: {exception.Message}");
        }
    }

    private bool AllocatesAgain(ReadOnlySpan<byte> input, out long allocated)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        target.Body(guarded.Place(input));
        allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        return allocated > target.AllocationLimit;
    }

    private FuzzResult Result(ulong executions, FuzzFinding? finding) => new(target.Name, executions, clock.Elapsed, finding);

    // A process that died (a read beyond the guard page, a stack overflow) left the number of its last input.
    private FuzzFinding? Recover()
    {
        if (Abandoned == null) return null;
        var octets = File.ReadAllBytes(Abandoned);
        File.Delete(Abandoned);
        if (octets.Length < 8) return null;
        var number = BitConverter.ToUInt64(octets);
        var index = ulong.MaxValue - number;
        const string Why = "the process that ran this input died (a read past its end, or a stack overflow): run it alone to see";
        if (index < (ulong)corpus.Inputs.Count) return new FuzzFinding(target.Name, corpus.Files[(int)index], Why);
        return new FuzzFinding(target.Name, corpus.StoreCrash(mutator.Make(number)), Why);
    }

    private static string? FindAbandoned(string folder, string target)
    {
        foreach (var path in Directory.GetFiles(folder, $"{target}.*.last"))
        {
            if (int.TryParse(Path.GetFileName(path).Split('.')[^2], out var pid) && !Directory.Exists($"/proc/{pid}")) return path;
        }

        return null;
    }
}
