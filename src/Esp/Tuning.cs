namespace Appliance.Esp;

/// <summary>Numbers that no RFC gives.</summary>
internal static class Tuning
{
    /// <summary>Sequence numbers reserved in the region at a time: what a crash may skip, and one extra store in so many packets.</summary>
    internal const ulong SequenceBlock = 4096;

    /// <summary>How many packets ahead SA records are asked for: eight packets of 20 ns cover the latency of memory.</summary>
    internal const int PrefetchDistance = 8;
}
