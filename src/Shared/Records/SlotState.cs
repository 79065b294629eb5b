namespace Appliance.Shared;

/// <summary>Life of a record's slot. A reader uses a record only while its state is <see cref="Live"/>.</summary>
public static class SlotState
{
    /// <summary>Wiped, may be taken.</summary>
    public const uint Free = 0;

    /// <summary>Being written by the slow path; after a crash of the slow path it is reclaimed.</summary>
    public const uint Writing = 1;

    /// <summary>Published.</summary>
    public const uint Live = 2;

    /// <summary>Taken out of the lookups; wiped once every live worker has passed a quiescent point.</summary>
    public const uint Retired = 3;
}
