namespace Appliance.PacketIo;

/// <summary>Descriptors that a thread sleeps on. Filled when ports come and go; waiting allocates nothing.</summary>
public sealed unsafe class PollSet
{
    private readonly Libc.PollEntry[] entries = GC.AllocateArray<Libc.PollEntry>(Capacity, pinned: true);
    private int count;

    /// <summary>Descriptors that fit.</summary>
    public const int Capacity = 256;

    /// <summary>Empties the set.</summary>
    public void Clear() => count = 0;

    /// <summary>Adds a descriptor; negative ones are left out. Beyond <see cref="Capacity"/> they are too: the sleeper's timeout sees to those.</summary>
    public void Add(int descriptor)
    {
        if (descriptor >= 0 && count < Capacity) entries[count++] = new Libc.PollEntry { Descriptor = descriptor, Events = 1 };
    }

    /// <summary>Sleeps until one of them is readable or gone, for at most so many milliseconds.</summary>
    public void Wait(int milliseconds)
    {
        fixed (Libc.PollEntry* start = entries) _ = Libc.poll(start, (nuint)count, milliseconds);
    }
}
