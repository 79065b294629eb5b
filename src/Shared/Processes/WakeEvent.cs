using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Appliance.Shared;

/// <summary>An eventfd that wakes a thread which sleeps in poll. <see cref="Signal"/> and <see cref="Clear"/> do not allocate and do not block.</summary>
public sealed unsafe partial class WakeEvent : IDisposable
{
    private const int NonBlocking = 0x800, CloseOnExec = 0x80000;
    private readonly SafeFileHandle handle;

    /// <summary>Makes one, not signalled.</summary>
    /// <exception cref="IOException">No descriptor is to be had.</exception>
    public WakeEvent()
    {
        Descriptor = LinuxCall.Check(eventfd(0, NonBlocking | CloseOnExec), "eventfd");
        handle = new SafeFileHandle(Descriptor, ownsHandle: true);
    }

    /// <summary>Becomes readable when signalled.</summary>
    public int Descriptor { get; }

    /// <summary>Wakes the sleeper, now or when it next goes to sleep. Any thread.</summary>
    public void Signal()
    {
        ulong one = 1;
        _ = write(Descriptor, &one, sizeof(ulong));
    }

    /// <summary>Forgets signals; true when there were any. The sleeper, once it is awake.</summary>
    public bool Clear()
    {
        ulong count;
        return read(Descriptor, &count, sizeof(ulong)) == sizeof(ulong);
    }

    /// <inheritdoc/>
    public void Dispose() => handle.Dispose();

    [LibraryImport("libc", SetLastError = true)]
    private static partial int eventfd(uint initial, int flags);

    [LibraryImport("libc")]
    private static partial nint write(int descriptor, void* octets, nuint length);

    [LibraryImport("libc")]
    private static partial nint read(int descriptor, void* octets, nuint length);
}
