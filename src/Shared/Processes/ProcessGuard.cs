using System.Runtime.InteropServices;
using System.Text;

namespace Appliance.Shared;

/// <summary>
/// What a process does to itself before it touches anything from outside: dies with its supervisor, gives up privileges, leaves no core dump.
/// Capabilities and no_new_privs are a thread's, and a .NET process has many threads before Main: so <see cref="Restrict"/> narrows
/// the calling thread and executes the program again, which leaves no thread that has more.
/// </summary>
public static unsafe partial class ProcessGuard
{
    /// <summary>Environment variable in which <see cref="ChildProcess"/> names the parent.</summary>
    public const string ParentVariable = "APPLIANCE_PARENT";

    private const int SetParentDeathSignal = 1, SetDumpable = 4, SetName = 15, DropBounding = 24, SetNoNewPrivileges = 38, Ambient = 47, AmbientClearAll = 4;
    private const int Terminate = 15, HighestCapability = 63;

    /// <summary>
    /// Asks for SIGTERM when the process (exactly: the thread) that started this one ends. Does nothing in a process that was started by hand.
    /// False: the parent is gone already, end now.
    /// </summary>
    public static bool DieWithParent()
    {
        if (!int.TryParse(Environment.GetEnvironmentVariable(ParentVariable), out var parent)) return true;
        LinuxCall.Check(prctl(SetParentDeathSignal, Terminate, 0, 0, 0), "PR_SET_PDEATHSIG");
        return getppid() == parent;
    }

    /// <summary>Keeps this process out of core dumps and away from ptrace by others of the same user.</summary>
    public static void ForbidDumps() => LinuxCall.Check(prctl(SetDumpable, 0, 0, 0, 0), "PR_SET_DUMPABLE");

    /// <summary>
    /// Makes sure that no thread of this process has more privileges than these, nor can get them. When it has more, the program is executed again with
    /// fewer (same arguments, environment and inheritable descriptors): call it first in Main. Returns only when all is well.
    /// </summary>
    /// <exception cref="IOException">The kernel refused; the process must not go on.</exception>
    public static void Restrict(params ReadOnlySpan<Capability> keep)
    {
        if ((EffectiveCapabilities() & ~Mask(keep)) == 0 && NoNewPrivileges()) return;
        RestrictThread(keep);
        ExecuteAgain();
    }

    /// <summary>Narrows the calling thread, and with it every program that it executes from now on.</summary>
    /// <exception cref="IOException">The kernel refused.</exception>
    internal static void RestrictThread(ReadOnlySpan<Capability> keep)
    {
        var mask = Mask(keep);

        // The bounding set is what root's capabilities become at the next exec. A kernel that knows fewer capabilities answers EINVAL. Who was started without
        // CAP_SETPCAP gets EPERM: what follows narrows it all the same, since with no_new_privs an exec gives no more than there was before it.
        for (var capability = 0; capability <= HighestCapability; capability++)
        {
            if ((mask & (1UL << capability)) != 0 || prctl(DropBounding, (nuint)capability, 0, 0, 0) == 0) continue;
            var error = Marshal.GetLastPInvokeError();
            if (error is 1 or 22) break;
            throw new IOException($"cannot drop capability {capability}: {LinuxCall.LastError()}");
        }

        LinuxCall.Check(prctl(Ambient, AmbientClearAll, 0, 0, 0), "PR_CAP_AMBIENT_CLEAR_ALL");
        LinuxCall.Check(prctl(SetNoNewPrivileges, 1, 0, 0, 0), "PR_SET_NO_NEW_PRIVS");
        var header = stackalloc uint[2] { 0x20080522, 0 };
        var sets = stackalloc uint[6];
        LinuxCall.Check(capget(header, sets), "capget");
        for (var word = 0; word < 2; word++)
        {
            var kept = (uint)(mask >> (32 * word));
            sets[word * 3] &= kept;
            sets[word * 3 + 1] &= kept;
            sets[word * 3 + 2] = 0;
        }

        LinuxCall.Check(capset(header, sets), "capset");
    }

    /// <summary>Capabilities in effect, one bit each (CapEff of /proc/self/status).</summary>
    public static ulong EffectiveCapabilities() => Convert.ToUInt64(StatusField("CapEff"), 16);

    /// <summary>True when no program executed from here can gain privileges.</summary>
    public static bool NoNewPrivileges() => StatusField("NoNewPrivs") == "1";

    /// <summary>Binds the calling thread to one processor.</summary>
    /// <exception cref="IOException">The machine has no such processor, or this process may not use it.</exception>
    public static void PinThread(int core)
    {
        const int words = 16;
        if (core is < 0 or >= words * 64) throw new IOException($"core {core}: choose 0 to {words * 64 - 1}");
        var mask = stackalloc ulong[words];
        new Span<ulong>(mask, words).Clear();
        mask[core / 64] = 1UL << (core % 64);
        if (sched_setaffinity(0, words * sizeof(ulong), mask) != 0)
            throw new IOException($"cannot run on core {core}: {LinuxCall.LastError()}. This machine has {Environment.ProcessorCount} processors for us; change 'workers:'.");
    }

    /// <summary>Names the calling thread (15 octets of it) as <c>top -H</c> shows it.</summary>
    public static void NameThread(string name)
    {
        Span<byte> octets = stackalloc byte[16];
        octets.Clear();
        Encoding.ASCII.TryGetBytes(name.AsSpan(0, Math.Min(15, name.Length)), octets[..15], out _);
        fixed (byte* start = octets) _ = prctl(SetName, (nuint)start, 0, 0, 0);
    }

    /// <summary>True while a process of this number exists.</summary>
    public static bool IsAlive(int process) => process > 0 && (kill(process, 0) == 0 || Marshal.GetLastPInvokeError() == 1);

    private static ulong Mask(ReadOnlySpan<Capability> keep)
    {
        ulong mask = 0;
        foreach (var capability in keep) mask |= 1UL << (int)capability;
        return mask;
    }

    // Of the calling thread: what another thread has is not what it executes with.
    private static string StatusField(string name) =>
        File.ReadLines("/proc/thread-self/status").First(line => line.StartsWith(name + ":", StringComparison.Ordinal))[(name.Length + 1)..].Trim();

    private static void ExecuteAgain()
    {
        var arguments = Encoding.UTF8.GetString(File.ReadAllBytes("/proc/self/cmdline")).TrimEnd('\0').Split('\0');
        using var argv = new NativeStrings(arguments);
        using var environment = NativeStrings.Environment(null);
        _ = execve("/proc/self/exe", argv.Pointer, environment.Pointer);
        throw new IOException($"cannot execute {Environment.ProcessPath} again with fewer privileges: {LinuxCall.LastError()}");
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int prctl(int option, nuint second, nuint third, nuint fourth, nuint fifth);

    [LibraryImport("libc")]
    private static partial int getppid();

    [LibraryImport("libc", SetLastError = true)]
    private static partial int capget(uint* header, uint* sets);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int capset(uint* header, uint* sets);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int sched_setaffinity(int thread, nuint length, ulong* mask);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int kill(int process, int signal);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int execve(string path, byte** arguments, byte** environment);
}
