using System.Runtime.InteropServices;

namespace Appliance.Shared;

/// <summary>The system calls that make, lock and remove mappings.</summary>
internal static unsafe partial class LinuxMemory
{
    private const int ProtReadWrite = 3, MapShared = 1, MapPrivate = 2, MapAnonymousFlag = 0x20, MapPopulate = 0x8000;
    private const int AdviseHugePage = 14, AdviseDontDump = 16, LockOnFault = 1;

    [LibraryImport("libc", SetLastError = true)]
    private static partial void* mmap(void* address, nuint length, int protection, int flags, int descriptor, long offset);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int munmap(void* address, nuint length);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int madvise(void* address, nuint length, int advice);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int mlock2(void* address, nuint length, uint flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int mincore(void* address, nuint length, byte* pages);

    /// <summary>For each page of a mapping whether it holds anything yet; a page that does not reads as zero. Where the kernel does not tell, all do.</summary>
    public static bool[] Residency(nint address, nuint length)
    {
        var octets = new byte[(int)((length + 4095) / 4096)];
        fixed (byte* first = octets)
        {
            if (mincore((void*)address, length, first) != 0) Array.Fill(octets, (byte)1);
        }

        return Array.ConvertAll(octets, octet => (octet & 1) != 0);
    }

    /// <summary>Private memory, left out of core dumps, in huge pages where the kernel gives them, all of it present.</summary>
    public static nint MapAnonymous(nuint length)
    {
        var address = mmap(null, length, ProtReadWrite, MapPrivate | MapAnonymousFlag, -1, 0);
        if ((nint)address == -1) throw new IOException($"mmap of {length} octets of packet memory: {LinuxCall.LastError()}");
        _ = madvise(address, length, AdviseHugePage);
        _ = madvise(address, length, AdviseDontDump);
        for (nuint at = 0; at < length; at += 4096) ((byte*)address)[at] = 0;
        return (nint)address;
    }

    /// <summary>A file, shared between processes, left out of core dumps, its pages locked as they are touched.</summary>
    public static nint MapShare(nint descriptor, nuint length)
    {
        var address = mmap(null, length, ProtReadWrite, MapShared, (int)descriptor, 0);
        if ((nint)address == -1) throw new IOException($"mmap of the region ({length} octets): {LinuxCall.LastError()}");
        _ = madvise(address, length, AdviseHugePage);
        _ = madvise(address, length, AdviseDontDump);
        if (mlock2(address, length, LockOnFault) != 0)
        {
            var why = LinuxCall.LastError();
            _ = munmap(address, length);
            throw new IOException($"cannot lock the region in memory ({length} octets): {why}. Raise LimitMEMLOCK, or give the process CAP_IPC_LOCK.");
        }

        return (nint)address;
    }

    /// <summary>Overwrites every page that a file on tmpfs holds.</summary>
    public static void WipeShare(nint descriptor, nuint length)
    {
        if (length == 0) return;
        var address = mmap(null, length, ProtReadWrite, MapShared, (int)descriptor, 0);
        if ((nint)address == -1) throw new IOException($"mmap of the region to wipe it: {LinuxCall.LastError()}");
        var resident = Residency((nint)address, length);
        for (var page = 0; page < resident.Length; page++)
        {
            if (resident[page]) new Span<byte>((byte*)address + (long)page * 4096, 4096).Clear();
        }

        _ = munmap(address, length);
    }

    /// <summary>Removes a mapping.</summary>
    public static void Unmap(nint address, nuint length) => _ = munmap((void*)address, length);
}
