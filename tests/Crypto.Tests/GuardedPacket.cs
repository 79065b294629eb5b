using System.Runtime.InteropServices;

namespace Appliance.Crypto.Tests;

/// <summary>Where a packet's octets lie in their pages.</summary>
public enum Placement
{
    /// <summary>The first octet follows a page that faults.</summary>
    AfterGuard,

    /// <summary>The last octet is followed by a page that faults.</summary>
    BeforeGuard,

    /// <summary>In the middle, unaligned, tag right behind as in ESP.</summary>
    Inside,
}

/// <summary>Native memory for packets: pages between two that fault at any access. What lies around a packet is filled and compared.</summary>
internal sealed unsafe class GuardedPacket : IDisposable
{
    private const int Page = 4096;
    private const byte Fill = 0xa5;

    private readonly nint mapping;
    private readonly int capacity;

    internal GuardedPacket(int octets)
    {
        capacity = (octets + Page - 1) / Page * Page;
        const int ReadWrite = 3, PrivateAnonymous = 0x22;
        mapping = Mmap(0, (nuint)(capacity + 2 * Page), ReadWrite, PrivateAnonymous, -1, 0);
        if (mapping == -1 || Mprotect(mapping, Page, 0) != 0 || Mprotect(mapping + Page + capacity, Page, 0) != 0)
            throw new InvalidOperationException("mmap or mprotect failed");
        Usable.Fill(Fill);
    }

    internal byte* Start => (byte*)mapping + Page;

    private Span<byte> Usable => new(Start, capacity);

    /// <summary>Address for a packet of so many octets. <see cref="Placement.Inside"/> leaves at least <paramref name="tail"/> behind.</summary>
    internal byte* Place(Placement placement, int octets, int tail = 0) => placement switch
    {
        Placement.AfterGuard => Start,
        Placement.BeforeGuard => Start + capacity - octets,
        _ => Start + Math.Min(64 + octets % 61, capacity - octets - tail),
    };

    /// <summary>Whether nothing but these octets was written since the last call; fills them again.</summary>
    internal bool OnlyTouched(byte* from, int octets)
    {
        var start = (int)(from - Start);
        var clean = Usable[..start].IndexOfAnyExcept(Fill) < 0 && Usable[(start + octets)..].IndexOfAnyExcept(Fill) < 0;
        Usable.Fill(Fill);
        return clean;
    }

    public void Dispose() => _ = Munmap(mapping, (nuint)(capacity + 2 * Page));

    [DllImport("libc", EntryPoint = "mmap")]
    private static extern nint Mmap(nint address, nuint length, int protection, int flags, int descriptor, nint offset);

    [DllImport("libc", EntryPoint = "mprotect")]
    private static extern int Mprotect(nint address, nuint length, int protection);

    [DllImport("libc", EntryPoint = "munmap")]
    private static extern int Munmap(nint address, nuint length);
}
