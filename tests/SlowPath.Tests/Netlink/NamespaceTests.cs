using System.Diagnostics;
using Appliance.Policy;
using Appliance.Shared;
using Appliance.SlowPath.Netlink;

namespace Appliance.SlowPath.Tests.Netlink;

/// <summary>The mirror beside a real kernel, in a network namespace of its own.</summary>
public sealed class NamespaceTests : IDisposable
{
    private readonly string name = $"slownl{Environment.ProcessId}";
    private bool made;

    public void Dispose()
    {
        if (made) Ip("netns", "del", name);
    }

    private static IpAddress Parse(string text) => IpAddress.TryParse(text, out var address) ? address : throw new FormatException(text);

    [SkippableFact]
    public void MirrorSeesAndWriterWrites() => InNamespace(Judge);

    [SkippableFact]
    public void IkeHasAWayBesideTheRoutesIntoTunnels() => InNamespace((client, _) => JudgeIke(client, client.Dump().Link("wan0")!.Index));

    [SkippableFact]
    public void TheTableOfAVrfTakesRoutes() => InNamespace((_, _) => JudgeVrf());

    private void InNamespace(Action<NetlinkClient, NetlinkSocket> judge)
    {
        Skip.IfNot(Environment.IsPrivilegedProcess, "needs root: makes a network namespace");
        Skip.IfNot(File.Exists("/usr/sbin/ip") || File.Exists("/sbin/ip"), "needs iproute2");
        Ip("netns", "add", name);
        made = true;
        Ip("-n", name, "link", "add", "wan0", "type", "veth", "peer", "name", "wanp");
        Ip("-n", name, "link", "set", "wan0", "up");
        Ip("-n", name, "link", "set", "wanp", "up");

        // The sockets belong to the namespace of the thread that makes them; the thread goes back to nothing, it ends.
        Exception? failure = null;
        var thread = new Thread(() =>
        {
            try
            {
                NamespaceEntry.Enter(name);
                using var client = new NetlinkClient();
                using var ears = new NetlinkSocket(Rtnetlink.Groups, 2000);
                judge(client, ears);
            }
            catch (Exception exception)
            {
                failure = exception;
            }
        });
        thread.Start();
        thread.Join();
        if (failure is not null) throw new InvalidOperationException(failure.ToString(), failure);
    }

    private void Judge(NetlinkClient client, NetlinkSocket ears)
    {
        var mirror = client.Dump();
        var link = mirror.Link("wan0")!;
        Assert.True(link.IsUp);

        Ip("-n", name, "addr", "add", "192.0.2.1/24", "dev", "wan0");
        Hear(ears, mirror, () => mirror.View().Addresses.Contains(new KernelAddress(link.Index, Parse("192.0.2.1"), 24)), "address");
        Ip("-n", name, "neigh", "add", "192.0.2.254", "lladdr", "02:00:00:00:00:fe", "dev", "wan0");
        Hear(ears, mirror, () => mirror.View().Neighbours.Contains(new KernelNeighbour(link.Index, Parse("192.0.2.254"), 0xfe00_0000_0002)), "neighbour");
        Ip("-n", name, "route", "add", "default", "via", "192.0.2.254");
        Hear(ears, mirror, () => mirror.View().Routes.Any(r => r.Prefix.Length == 0 && r.Gateway == Parse("192.0.2.254")), "route");
        Ip("-n", name, "route", "del", "default");
        Hear(ears, mirror, () => !mirror.View().Routes.Any(r => r.Prefix.Length == 0 && r.Prefix.IsV4), "route that went");

        var wanted = KernelRoutes.Wanted(new GatewayConfiguration { Protected = [new IpPrefix(Parse("10.0.0.0"), 8), new IpPrefix(Parse("fd00::"), 16), new IpPrefix(Parse("0.0.0.0"), 0)] }, 0);
        foreach (var route in wanted) Assert.Null(client.Route(true, route));
        Hear(ears, mirror, () => mirror.OwnRoutes.ToHashSet().SetEquals(wanted), "our own routes");
        Assert.True(client.Dump().OwnRoutes.ToHashSet().SetEquals(wanted));
        Assert.NotNull(client.Route(true, wanted.First()));
        foreach (var route in wanted) Assert.Null(client.Route(false, route));
        Assert.Empty(client.Dump().OwnRoutes);

        Assert.Null(client.Address(true, link.Index, new InterfaceAddress(Parse("fd00:1::1"), 64)));
        Assert.Null(client.LinkUp(link.Index, 1400));
        Hear(ears, mirror, () => mirror.Link("wan0")!.Mtu == 1400 && mirror.AddressesOf(link.Index).Any(a => a.Address == Parse("fd00:1::1")), "MTU and IPv6 address");
        Assert.Null(client.UseNeighbour(link.Index, Parse("192.0.2.77")));
        Assert.Contains("192.0.2.77", Ip("-n", name, "neigh", "show", "dev", "wan0", "nud", "all"), StringComparison.Ordinal);
    }

    /// <summary>A route into a tunnel and the blackhole behind it catch what goes to the peer, but not what carries IKE's mark.</summary>
    private void JudgeIke(NetlinkClient client, uint link)
    {
        Ip("-n", name, "addr", "add", "192.0.2.1/24", "dev", "wan0");
        Ip("-n", name, "addr", "add", "2001:db8::1/64", "dev", "wan0", "nodad");
        foreach (var (peer, gateway, length) in new[] { ("198.51.100.3", "192.0.2.254", 32), ("2001:db8:2::3", "2001:db8::fe", 128) })
        {
            var tunnel = new TunnelConfiguration { Name = "t", Kind = TunnelKind.Transport, Peer = "p", Local = Parse(length == 32 ? "192.0.2.1" : "2001:db8::1"), Remote = Parse(peer) };
            var wanted = KernelRoutes.Wanted(new GatewayConfiguration { Tunnels = [tunnel] }, 0, null, _ => (link, Parse(gateway)));
            Assert.Equal(2, wanted.Count);
            foreach (var route in wanted) Assert.Null(client.Route(true, route));
            for (var twice = 0; twice < 2; twice++) Assert.Null(client.IkeRule(length == 32));
            Assert.True(client.Dump().OwnRoutes.ToHashSet().SetEquals(wanted));
            using var marked = Process.Start(new ProcessStartInfo("ip", ["-n", name, "route", "get", peer, "mark", $"{KernelRoutes.IkeMark}"]) { RedirectStandardOutput = true })!;
            Assert.Contains($"via {gateway} dev wan0", marked.StandardOutput.ReadToEnd(), StringComparison.Ordinal);
            using var plain = Process.Start(new ProcessStartInfo("ip", ["-n", name, "route", "get", peer]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
            plain.WaitForExit();
            Assert.NotEqual(0, plain.ExitCode);
            foreach (var route in wanted) Assert.Null(client.Route(false, route));
            Assert.Empty(client.Dump().OwnRoutes);
        }
    }

    /// <summary>Routes go to a table of their own; this kernel may have no VRF device, the table is there nevertheless.</summary>
    private void JudgeVrf()
    {
        const uint table = 4242;
        using var client = new VrfClient();
        Assert.Null(client.TableOf("wan0"));
        Assert.Null(client.TableOf("no-such-dev"));
        Ip("-n", name, "addr", "add", "192.0.2.1/24", "dev", "wan0");
        Ip("-n", name, "addr", "add", "2001:db8::1/64", "dev", "wan0", "nodad");
        foreach (var (prefix, one, other) in new[] { ("10.0.0.0/8", "192.0.2.2", "192.0.2.3"), ("fd00:1::/32", "2001:db8::2", "2001:db8::3") })
        {
            Assert.True(IpPrefix.TryParse(prefix, false, out var wanted, out _, out _));
            Assert.Null(client.Write(table, wanted, [Parse(one)]));
            Assert.Contains($"via {one}", Show(prefix), StringComparison.Ordinal);
            Assert.Null(client.Write(table, wanted, [Parse(other), Parse(one)]));
            Assert.All([one, other], hop => Assert.Contains($"via {hop}", Show(prefix), StringComparison.Ordinal));
            Assert.Null(client.Write(table, wanted, [Parse(other)]));
            Assert.DoesNotContain($"via {one}", Show(prefix), StringComparison.Ordinal);
            Assert.Equal([wanted], client.OwnRoutes(table));
            Assert.Null(client.Write(table, wanted, []));
            Assert.Null(client.Write(table, wanted, []));
            Assert.Empty(client.OwnRoutes(table));
        }

        Assert.True(IpPrefix.TryParse("11.0.0.0/8", false, out var mixed, out _, out _));
        Assert.Null(client.Write(table, mixed, [Parse("2001:db8::2")]));
        Assert.Contains("via inet6 2001:db8::2", Show("11.0.0.0/8"), StringComparison.Ordinal);
        Assert.NotNull(client.Write(table, mixed, [Parse("203.0.113.1")]));

        string Show(string prefix) => Ip(prefix.Contains(':', StringComparison.Ordinal) ? "-6" : "-4", "-n", name, "route", "show", "table", $"{table}", "proto", $"{KernelRoutes.OwnProtocol}");
    }

    private static void Hear(NetlinkSocket ears, KernelMirror mirror, Func<bool> seen, string what)
    {
        var buffer = new byte[1 << 16];
        var until = Environment.TickCount64 + 5000;
        while (!seen())
        {
            Assert.True(Environment.TickCount64 < until, $"the mirror did not see: {what}");
            var reader = new NetlinkReader(buffer.AsSpan(0, Math.Max(0, ears.Receive(buffer))));
            while (reader.TryNext(out var message))
                if (KernelChange.TryParse(message, out var change))
                    mirror.Apply(change);
        }
    }

    private static string Ip(params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo("ip", arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var output = process.StandardOutput.ReadToEnd() + process.StandardError.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, $"ip {string.Join(' ', arguments)}: {output}");
        return output;
    }
}
