using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Appliance.PacketIo.Tests;

/// <summary>A network namespace of this process's own; removed with everything in it on Dispose.</summary>
public sealed partial class NetworkNamespace : IDisposable
{
    private const int CloneNewNet = 0x40000000;
    private static int next;

    public NetworkNamespace()
    {
        Name = $"pktio-{Environment.ProcessId}-{Interlocked.Increment(ref next)}";
        Shell($"ip netns add {Name} && ip -n {Name} link set lo up");
    }

    public string Name { get; }

    /// <summary>Runs on a thread that lives in the namespace; processes started there are in it too.</summary>
    public void Run(Action body)
    {
        Exception? failure = null;
        var thread = new Thread(() =>
        {
            try
            {
                using var file = File.OpenHandle($"/run/netns/{Name}");
                if (setns((int)file.DangerousGetHandle(), CloneNewNet) != 0) throw new IOException("setns: errno " + Marshal.GetLastPInvokeError());
                body();
            }
            catch (Exception e)
            {
                failure = e;
            }
        });
        thread.Start();
        thread.Join();
        if (failure != null) System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(failure);
    }

    /// <summary>A pair of veth devices, up, with IPv6 and offloads off so that nothing but the test's packets is on them.</summary>
    public void AddVeth(string a, string b, int queues = 1, int mtu = 1500) => Shell(
        $"ip -n {Name} link add {a} mtu {mtu} numrxqueues {queues} numtxqueues {queues} type veth peer name {b} mtu {mtu} numrxqueues {queues} numtxqueues {queues} && " +
        string.Join(" && ", new[] { a, b }.Select(d =>
            $"ip netns exec {Name} sysctl -qw net.ipv6.conf.{d}.disable_ipv6=1 && ip netns exec {Name} ethtool -K {d} tx off >/dev/null && ip -n {Name} link set {d} up")));

    /// <summary>Runs a shell command inside; its output.</summary>
    public string Exec(string command) => Shell($"ip netns exec {Name} sh -c '{command}'");

    public void Dispose() => Shell($"ip netns del {Name}");

    public static string Shell(string command)
    {
        using var process = Process.Start(new ProcessStartInfo("sh", ["-c", command]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var error = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 ? output : throw new InvalidOperationException($"{command}: exit code {process.ExitCode}: {error.Result}");
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int setns(int descriptor, int kind);
}

/// <summary>Why a test cannot run here.</summary>
public static partial class Need
{
    public static void Root() => Skip.IfNot(geteuid() == 0, "needs root: network namespaces, XDP, raw sockets");

    [LibraryImport("libc")]
    private static partial uint geteuid();
}
