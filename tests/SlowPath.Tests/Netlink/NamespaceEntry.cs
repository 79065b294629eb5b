using System.Runtime.InteropServices;

namespace Appliance.SlowPath.Tests.Netlink;

/// <summary>Moves the calling thread into a network namespace.</summary>
internal static class NamespaceEntry
{
    private const int NetworkNamespace = 0x40000000;

    public static void Enter(string name)
    {
        using var file = File.OpenHandle($"/run/netns/{name}");
        if (setns((int)file.DangerousGetHandle(), NetworkNamespace) != 0) throw new IOException($"setns {name}: errno {Marshal.GetLastPInvokeError()}");
    }

    [DllImport("libc", SetLastError = true)]
    private static extern int setns(int descriptor, int kind);
}
