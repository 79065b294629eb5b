using System.Diagnostics;
using Appliance.Cli;
using Appliance.Cli.Api;
using Appliance.Cli.Labs;
using Appliance.Shared;

namespace Appliance.Interop.Rig;

/// <summary>Multicast in the lab of a mesh: sockets of the kernel send and listen on hosts, tcpdump on the router says what leaves.</summary>
[Trait("peer", "lab")]
[Collection("lab")]
public sealed class MulticastTests
{
    private const string Python = "/usr/bin/python3", Sender = "host-1", SenderGateway = "cpe-1";
    private const int Packets = 1500, QuietSeconds = 3;
    private static readonly string[] Listeners = ["host-0", "host-2", "host-3"];

    private const string Listen = """
        import socket, struct, sys, time
        group, quiet = sys.argv[1], float(sys.argv[2])
        device, got = socket.if_nametoindex('eth0'), set()
        if ':' in group:
            s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
            s.bind(('::', 5000))
            s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP, socket.inet_pton(socket.AF_INET6, group) + struct.pack('@I', device))
        else:
            s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            s.bind((group, 5000))
            s.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, struct.pack('=4s4si', socket.inet_aton(group), bytes(4), device))
        print('listening', flush=True)
        s.settimeout(0.2)
        end, copies = time.time() + 30, 0
        while time.time() < end:
            try:
                got.add(s.recvfrom(2000)[0])
                copies += 1
                end = time.time() + quiet
            except socket.timeout:
                pass
        print(len(got), copies)
        """;

    private const string Send = """
        import socket, struct, sys, time
        group, count = sys.argv[1], int(sys.argv[2])
        device = socket.if_nametoindex('eth0')
        if ':' in group:
            s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
            s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, device)
            s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, 16)
        else:
            s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            s.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, struct.pack('=4s4si', bytes(4), bytes(4), device))
            s.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 16)
        for i in range(count):
            s.sendto(struct.pack('>I', i) + bytes(500), (group, 5000))
            time.sleep(0.002)
        """;

    /// <summary>Three sites want it, one of them over IPv6: each host gets every packet once, while the slow path of the sender's gateway is killed and then the group is rekeyed.</summary>
    [SkippableFact]
    public void EveryMemberGetsEveryPacketOnce_UnderOneEncryptionForEachFamily_AndNothingIsInTheClear()
    {
        Skip.IfNot(Environment.IsPrivilegedProcess, "needs root: network namespaces and AF_XDP");
        Skip.IfNot(File.Exists(Python), "python3 is not installed");
        var folder = Directory.CreateTempSubdirectory("multicast-lab-").FullName;
        var said = new List<string>();
        Lab? lab = null;
        try
        {
            lab = Lab.Up(LabReader.Read(WithMulticast(folder)), transient: true, said.Add, CancellationToken.None);
            foreach (var group in new[] { "239.1.1.7", "ff08:1::7" }) Eventually(30, () => Members(lab, group) == Listeners.Length, () => $"{Members(lab, group)} members want {group}\n{string.Join('\n', said)}");
            using var wan = new WanWatch(lab.State, lab.File.Wan);
            using var capture = new Cli.Labs.EspCapture(lab.State, lab.File.Wan, 1500);
            var copies = Copies(lab);
            Round(lab, "239.1.1.7", () => LinuxProcess.Signal(Header(lab, h => h.SlowPathProcess), LinuxProcess.Kill));
            Round(lab, "ff08:1::7", () => lab.Command("gw", ["group", "rekey", "mesh"]));
            Assert.Equal(0, capture.Stop());
            Assert.True(capture.Ivs.Checked >= 2 * 3 * Packets, $"{capture.Ivs.Checked} ESP packets");
            Assert.Equal(0, capture.Ivs.Repeated);
            Assert.Equal(2UL * 2 * Packets, Copies(lab) - copies);
            var (_, clear, first) = wan.Stop();
            Assert.True(clear == 0, first);
        }
        catch (Failure failure)
        {
            Assert.Fail($"{failure.Text}\n{string.Join('\n', said)}");
        }
        finally
        {
            if (lab is not null) LabRemoval.Remove(lab.State);
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>The lab, with hosts that want multicast behind each gateway but the one that starts later.</summary>
    private static string WithMulticast(string folder)
    {
        const string policies = """
            policies:
              - { name: multicast-out, action: protect, local: 10.0.0.0/8, remote: 239.0.0.0/8 }
              - { name: multicast-in, action: protect, local: 239.0.0.0/8, remote: 10.0.0.0/8 }
              - { name: multicast-v6-out, action: protect, local: "fd00::/16", remote: "ff08::/16" }
              - { name: multicast-v6-in, action: protect, local: "ff08::/16", remote: "fd00::/16" }

            """;
        foreach (var file in Directory.GetFiles(Path.Combine(AppContext.BaseDirectory, "labs", "mesh")))
        {
            var text = File.ReadAllText(file).Replace("policies:\n", policies, StringComparison.Ordinal);
            if (!file.EndsWith("cpe-4.yaml", StringComparison.Ordinal)) text = text.Replace("    announce:", "    multicast: [ 239.1.0.0/16, \"ff08:1::/32\" ]\n    announce:", StringComparison.Ordinal);
            File.WriteAllText(Path.Combine(folder, Path.GetFileName(file)), text);
        }

        return Path.Combine(folder, "lab.yaml");
    }

    private static void Round(Lab lab, string group, Action between)
    {
        var listening = Listeners.Select(host => Start(lab, host, Listen, group, $"{QuietSeconds}")).ToList();
        try
        {
            foreach (var listener in listening) Assert.Equal("listening", listener.StandardOutput.ReadLine());
            using var sender = Start(lab, Sender, Send, group, $"{Packets}");
            Thread.Sleep(1000);
            between();
            Assert.True(sender.WaitForExit(30_000), "the sender does not end");
            Assert.Equal(0, sender.ExitCode);
            foreach (var listener in listening)
            {
                Assert.Equal($"{Packets} {Packets}", listener.StandardOutput.ReadLine());
                Assert.True(listener.WaitForExit(5000));
            }
        }
        finally
        {
            foreach (var listener in listening)
            {
                if (!listener.HasExited) listener.Kill();
                listener.Dispose();
            }
        }
    }

    private static Process Start(Lab lab, string host, string script, params string[] arguments) =>
        Tool.Start("ip", Topology.Inside(lab.State.Node(host).Namespace, [Python, "-c", script, .. arguments]));

    private static int Members(Lab lab, string group)
    {
        try
        {
            using var api = new ApiClient(lab.State.Paths(lab.State.Node(SenderGateway)).ApiSocket);
            return api.Get($"/routes?to={group}").AsArray().Count(r => (string?)r!["group"] == "mesh");
        }
        catch (Failure)
        {
            return 0;
        }
    }

    private static T Header<T>(Lab lab, Func<RegionHeader, T> read)
    {
        using var region = Region.Open(lab.State.Paths(lab.State.Node(SenderGateway)).Region);
        return read(region.Header);
    }

    private static ulong Copies(Lab lab)
    {
        using var region = Region.Open(lab.State.Paths(lab.State.Node(SenderGateway)).Region);
        return region.Worker(0).Copies;
    }

    private static void Eventually(double seconds, Func<bool> holds, Func<string> otherwise)
    {
        var clock = Stopwatch.StartNew();
        while (!holds())
        {
            Assert.True(clock.Elapsed.TotalSeconds < seconds, otherwise());
            Thread.Sleep(50);
        }
    }
}
