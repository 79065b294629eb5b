namespace Appliance.Fuzz.Engine;

/// <summary>Feeds one input to a parser and checks what it says. Throws when the parser breaks a promise; anything a parser throws itself counts as a crash.</summary>
/// <param name="octets">The input; the octet behind its end is not mapped. It may be changed.</param>
internal delegate void FuzzBody(Span<byte> octets);

/// <summary>A parser under test.</summary>
/// <param name="Name">Name on the command line and of its corpus folder.</param>
/// <param name="Body">What to run.</param>
internal sealed record FuzzTarget(string Name, FuzzBody Body)
{
    /// <summary>Longest input in octets.</summary>
    public int MaximumLength { get; init; } = 2048;

    /// <summary>
    /// Octets that one run may allocate at most, beyond which a length field was believed; 0 for parsers of the hot path, which allocate nothing.
    /// </summary>
    public long AllocationLimit { get; init; }

    /// <summary>Milliseconds after which a run counts as a hang.</summary>
    public int TimeLimit { get; init; } = 2000;

    /// <summary>Executions in two seconds below which a run says nothing.</summary>
    public int LeastExecutions { get; init; } = 100;

    /// <summary>Words of the format, for text.</summary>
    public IReadOnlyList<string> Words { get; init; } = [];

    /// <summary>Inputs to start from besides the corpus folder: what the build makes.</summary>
    public Func<IEnumerable<byte[]>> MoreSeeds { get; init; } = () => [];

    /// <summary>Run after a round of inputs, for what can only be said when all is quiet.</summary>
    public Action Finish { get; init; } = () => { };
}
