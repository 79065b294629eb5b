namespace Appliance.Esp;

/// <summary>Numbers that no RFC gives.</summary>
internal static class Tuning
{
    /// <summary>Sequence numbers reserved in the region at a time: what a crash may skip, and one extra store in so many packets.</summary>
    internal const ulong SequenceBlock = 4096;

    /// <summary>How many packets ahead SA records are asked for: about the latency of memory at the pace of small packets.</summary>
    internal const int PrefetchDistance = 4;
}
