using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Appliance.Shared;

/// <summary>
/// A futex: one process changes a word of the region and wakes those that wait for it to change. The word must lie in the region (or other memory that
/// does not move), since the kernel knows it by its address.
/// </summary>
public static unsafe partial class Doorbell
{
    private const nint FutexCall = 202;
    private const int WaitOperation = 0, WakeOperation = 1;

    /// <summary>Adds one to the word and wakes everybody who waits.</summary>
    public static void Ring(ref uint word)
    {
        Interlocked.Increment(ref word);
        Wake(ref word);
    }

    /// <summary>Wakes everybody who waits, after a store of the caller's own to the word.</summary>
    public static void Wake(ref uint word) => _ = Futex((uint*)Unsafe.AsPointer(ref word), WakeOperation, int.MaxValue, null);

    /// <summary>
    /// Sleeps while the word is <paramref name="seen"/>, for <paramref name="timeout"/> at most (negative: without end). Returns the word as it is now. May
    /// return early (a signal): callers loop.
    /// </summary>
    public static uint Wait(ref uint word, uint seen, TimeSpan timeout)
    {
        if (Volatile.Read(ref word) != seen) return Volatile.Read(ref word);
        var time = new TimeSpec { Seconds = (long)timeout.TotalSeconds, Nanoseconds = timeout.Ticks % TimeSpan.TicksPerSecond * 100 };
        _ = Futex((uint*)Unsafe.AsPointer(ref word), WaitOperation, seen, timeout < TimeSpan.Zero ? null : &time);
        return Volatile.Read(ref word);
    }

    // Not FUTEX_PRIVATE: the other side is another process.
    private static nint Futex(uint* word, int operation, nuint value, TimeSpec* timeout) => syscall(FutexCall, word, operation, value, timeout, null, 0);

    [LibraryImport("libc")]
    private static partial nint syscall(nint number, uint* word, nint operation, nuint value, TimeSpec* timeout, void* second, nint third);

    [StructLayout(LayoutKind.Sequential)]
    private struct TimeSpec
    {
        public long Seconds;
        public long Nanoseconds;
    }
}
