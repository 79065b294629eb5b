using System.ComponentModel;
using System.Runtime.InteropServices;

namespace Appliance.PacketIo;

/// <summary>The system calls of this room. Plain transitions: a full batch can take tens of microseconds.</summary>
internal static unsafe partial class Libc
{
    public const int AfInet = 2, AfInet6 = 10, AfXdp = 44, SockRaw = 3, SockDatagram = 2, CloseOnExec = 0x80000;
    public const int DontWait = 0x40;
    public const int ProtReadWrite = 3, MapShared = 1, MapPopulate = 0x8000;
    public const int ReadWrite = 2, NonBlock = 0x800;
    public const short PollIn = 1, PollErr = 8, PollHup = 16, PollInvalid = 32;

    [LibraryImport("libc", SetLastError = true)]
    public static partial long syscall(long number, long command, void* attributes, long size);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int socket(int family, int type, int protocol);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int setsockopt(int descriptor, int level, int option, void* value, uint length);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int getsockopt(int descriptor, int level, int option, void* value, uint* length);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int bind(int descriptor, void* address, uint length);

    [LibraryImport("libc", SetLastError = true)]
    public static partial nint sendto(int descriptor, void* buffer, nuint length, int flags, void* address, uint addressLength);

    [LibraryImport("libc", SetLastError = true)]
    public static partial nint recvfrom(int descriptor, void* buffer, nuint length, int flags, void* address, uint* addressLength);

    [LibraryImport("libc", SetLastError = true)]
    public static partial nint read(int descriptor, void* buffer, nuint length);

    [LibraryImport("libc", SetLastError = true)]
    public static partial nint write(int descriptor, void* buffer, nuint length);

    [LibraryImport("libc", SetLastError = true)]
    public static partial nint writev(int descriptor, Tun.TunQueue.Part* parts, int count);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int poll(PollEntry* entries, nuint count, int milliseconds);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int ioctl(int descriptor, nuint request, void* argument);

    [LibraryImport("libc", SetLastError = true)]
    public static partial void* mmap(void* address, nuint length, int protection, int flags, int descriptor, long offset);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int munmap(void* address, nuint length);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int close(int descriptor);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int open(string path, int flags);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial uint if_nametoindex(string name);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int getifaddrs(InterfaceAddress** list);

    [LibraryImport("libc")]
    public static partial void freeifaddrs(InterfaceAddress* list);

    /// <summary>The last error in words, with its number.</summary>
    public static string Describe(int error) => $"{new Win32Exception(error).Message} (errno {error})";

    /// <summary>struct pollfd.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct PollEntry
    {
        public int Descriptor;
        public short Events;
        public short Returned;
    }

    /// <summary>The head of struct ifaddrs.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct InterfaceAddress
    {
        public InterfaceAddress* Next;
        public byte* Name;
        public uint Flags;
        public byte* Address;
    }
}

/// <summary>Error numbers of Linux on x86 that this room tells apart.</summary>
internal static class Errno
{
    public const int NoEntry = 2, Interrupted = 4, NoDeviceOrAddress = 6, Again = 11, NoMemory = 12, Busy = 16, NoDevice = 19, Invalid = 22, NoSpace = 28,
        BadDescriptorState = 77, NotSupported = 95, NetworkDown = 100, NoBuffers = 105;
}
