using System.Runtime.InteropServices;

namespace Appliance.Shared;

/// <summary>Sleeps until one of a set of descriptors can be read (poll(2)). One thread.</summary>
public sealed unsafe partial class ReadPoll
{
    private const short Readable = 1;
    private Entry[] entries = [];

    /// <summary>The descriptors to wait for, in place of those before.</summary>
    public void Watch(ReadOnlySpan<int> descriptors)
    {
        entries = new Entry[descriptors.Length];
        for (var i = 0; i < descriptors.Length; i++) entries[i] = new Entry { Descriptor = descriptors[i], Wanted = Readable };
    }

    /// <summary>Waits; false when nothing came in time (milliseconds, -1 for ever) or a signal interrupted.</summary>
    public bool Wait(int milliseconds)
    {
        fixed (Entry* start = entries) return poll(start, (nuint)entries.Length, milliseconds) > 0;
    }

    /// <summary>After <see cref="Wait"/>: whether descriptor number <paramref name="index"/> of the set has something to read, or an error to be read.</summary>
    public bool IsReady(int index) => entries[index].Seen != 0;

    [LibraryImport("libc")]
    private static partial int poll(Entry* entries, nuint count, int milliseconds);

    /// <summary>struct pollfd.</summary>
    private struct Entry
    {
        public int Descriptor;
        public short Wanted;
        public short Seen;
    }
}
