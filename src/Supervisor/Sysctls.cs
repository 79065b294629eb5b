using System.Globalization;
using Appliance.Shared;

namespace Appliance.Supervisor;

/// <summary>
/// What the kernel must not do by itself on a gateway: forward, and learn routes from the network. These stay when the supervisor ends: a
/// machine whose gateway has died forwards nothing.
/// </summary>
internal static class Sysctls
{
    // Milliseconds between two ICMP errors to one destination: longer than the minute's worth that the kernel allows a new destination.
    private const int NoIcmpErrors = 300_000_000;

    private const string Ipv4 = "/proc/sys/net/ipv4", Ipv6 = "/proc/sys/net/ipv6";

    /// <summary>Once, at start.</summary>
    public static void CloseMachine()
    {
        Write($"{Ipv4}/ip_forward", 0);
        Write($"{Ipv6}/conf/all/forwarding", 0);
        Write($"{Ipv4}/conf/all/accept_redirects", 0);
        Write($"{Ipv4}/conf/all/send_redirects", 0);

        // While no XDP program stands in front of it, the kernel would answer each ESP packet with an ICMP error in the clear that quotes it.
        Write($"{Ipv4}/icmp_ratelimit", NoIcmpErrors);
        Write($"{Ipv6}/icmp/ratelimit", NoIcmpErrors);
    }

    /// <summary>For each device of a port, at start and when it returns.</summary>
    public static void CloseDevice(string device)
    {
        Write($"{Ipv4}/conf/{device}/forwarding", 0);
        Write($"{Ipv4}/conf/{device}/accept_redirects", 0);
        Write($"{Ipv4}/conf/{device}/send_redirects", 0);
        Write($"{Ipv6}/conf/{device}/forwarding", 0);
        Write($"{Ipv6}/conf/{device}/accept_ra", 0);
        Write($"{Ipv6}/conf/{device}/accept_redirects", 0);
    }

    /// <summary>
    /// For a TUN device of ours, before it comes up: no reverse-path filter, since what the data plane injects may come from anywhere, and no
    /// link-local address of its own. The kernel uses the larger of a device's filter and that of "all": every other device gets that of "all" as its own.
    /// </summary>
    public static void OpenDoor(string device)
    {
        var all = Read($"{Ipv4}/conf/all/rp_filter");
        if (all > 0)
        {
            foreach (var folder in Directory.GetDirectories($"{Ipv4}/conf"))
            {
                if (Path.GetFileName(folder) != "all" && Read($"{folder}/rp_filter") < all) Write($"{folder}/rp_filter", all);
            }

            Write($"{Ipv4}/conf/all/rp_filter", 0);
        }

        Write($"{Ipv4}/conf/{device}/rp_filter", 0);
        Write($"{Ipv6}/conf/{device}/addr_gen_mode", 1);
    }

    /// <summary>Mentions and goes on when the file is not there (a kernel without IPv6); throws when the kernel refuses.</summary>
    private static void Write(string path, int value)
    {
        if (!File.Exists(path)) return;
        try
        {
            if (Read(path) != value) File.WriteAllText(path, value.ToString(CultureInfo.InvariantCulture));
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new IOException($"cannot set {path} to {value}: {failure.Message}. A gateway needs root and a writable /proc/sys.", failure);
        }
    }

    private static int Read(string path) => File.Exists(path) && int.TryParse(File.ReadAllText(path), out var value) ? value : 0;
}
