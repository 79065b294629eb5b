using System.ComponentModel;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Appliance.Fuzz.Engine;

/// <summary>
/// A place for inputs whose end touches a page that is not mapped: reading one octet too far ends the process instead of going unnoticed. A copy of the
/// input stands in a shared file meanwhile, so that it outlives the process.
/// </summary>
internal sealed class GuardedInput : IDisposable
{
    private const int Page = 4096;
    private readonly nint start;
    private readonly int capacity;
    private readonly FileStream last;

    public GuardedInput(int maximumLength, string lastInputPath)
    {
        capacity = (maximumLength + Page - 1) / Page * Page;
        start = Mmap(0, (nuint)(capacity + Page), 3, 0x22, -1, 0);
        if (start == -1 || Mprotect(start + capacity, Page, 0) != 0) throw new Win32Exception(Marshal.GetLastPInvokeError(), "guard page");
        last = new FileStream(lastInputPath, FileMode.Create, FileAccess.ReadWrite, FileShare.ReadWrite, 0);
        LastInputPath = lastInputPath;
    }

    /// <summary>The file that holds what runs now, while <see cref="Remember"/> is used.</summary>
    public string LastInputPath { get; }

    /// <summary>Copies an input to the end of the place.</summary>
    public Span<byte> Place(ReadOnlySpan<byte> input)
    {
        var place = MemoryMarshal.CreateSpan(ref Unsafe.AddByteOffset(ref Unsafe.NullRef<byte>(), start + capacity - input.Length), input.Length);
        input.CopyTo(place);
        return place;
    }

    /// <summary>Stores a number that makes this run again (corpus index or mutation seed) in the file.</summary>
    public void Remember(ulong number)
    {
        Span<byte> octets = stackalloc byte[8];
        MemoryMarshal.Write(octets, number);
        RandomAccess.Write(last.SafeFileHandle, octets, 0);
    }

    public void Dispose()
    {
        last.Dispose();
        File.Delete(LastInputPath);
        _ = Munmap(start, (nuint)(capacity + Page));
    }

    [DllImport("libc", EntryPoint = "mmap", SetLastError = true)]
    private static extern nint Mmap(nint address, nuint length, int protection, int flags, int descriptor, long offset);

    [DllImport("libc", EntryPoint = "mprotect", SetLastError = true)]
    private static extern int Mprotect(nint address, nuint length, int protection);

    [DllImport("libc", EntryPoint = "munmap", SetLastError = true)]
    private static extern int Munmap(nint address, nuint length);
}
