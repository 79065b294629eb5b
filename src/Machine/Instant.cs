namespace Appliance.Machine;

/// <summary>A moment on the host's monotonic clock, in milliseconds. Where the clock starts means nothing.</summary>
public readonly record struct Instant(long Milliseconds) : IComparable<Instant>
{
    /// <summary>Later than every other.</summary>
    public static Instant Never => new(long.MaxValue);

    /// <summary>This moment and so many milliseconds more.</summary>
    public Instant Plus(long milliseconds) => new(Milliseconds + milliseconds);

    /// <inheritdoc/>
    public int CompareTo(Instant other) => Milliseconds.CompareTo(other.Milliseconds);

    /// <summary>Milliseconds from <paramref name="from"/> to <paramref name="to"/>.</summary>
    public static long operator -(Instant to, Instant from) => to.Milliseconds - from.Milliseconds;

    /// <summary>Earlier.</summary>
    public static bool operator <(Instant a, Instant b) => a.Milliseconds < b.Milliseconds;

    /// <summary>Later.</summary>
    public static bool operator >(Instant a, Instant b) => a.Milliseconds > b.Milliseconds;

    /// <summary>Not later.</summary>
    public static bool operator <=(Instant a, Instant b) => a.Milliseconds <= b.Milliseconds;

    /// <summary>Not earlier.</summary>
    public static bool operator >=(Instant a, Instant b) => a.Milliseconds >= b.Milliseconds;
}
