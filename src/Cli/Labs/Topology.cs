using System.Text;

namespace Appliance.Cli.Labs;

/// <summary>Makes namespaces, links, addresses, routes and kernel variables of a lab with iproute2.</summary>
internal static class Topology
{
    /// <summary>Arguments of <c>ip</c> that run a command inside a namespace; the command keeps the process number.</summary>
    public static IEnumerable<string> Inside(string space, params IEnumerable<string> command) => ["netns", "exec", space, .. command];

    /// <summary>Makes a namespace: no duplicate address detection (a lab starts at once), routers forward, nobody else does.</summary>
    public static void MakeNode(string space, LabNode node)
    {
        Tool.Require("ip", ["netns", "add", space]);
        var forward = node.Kind == NodeKind.Router ? "1" : "0";
        List<LabSysctl> variables =
        [
            new("net.ipv6.conf.all.accept_dad", "0"),
            new("net.ipv6.conf.default.accept_dad", "0"),
            new("net.ipv6.conf.all.accept_ra", "0"),
            new("net.ipv6.conf.default.accept_ra", "0"),
            new("net.ipv4.conf.all.rp_filter", "0"),
            new("net.ipv4.conf.default.rp_filter", "0"),
            new("net.ipv4.ip_forward", forward),
            new("net.ipv6.conf.all.forwarding", forward),
            .. node.Sysctls,
        ];
        var script = new StringBuilder("set -e\n");
        foreach (var (name, value) in variables) script.Append("printf %s '").Append(value).Append("' > '/proc/sys/").Append(name.Replace('.', '/')).Append("'\n");
        Tool.Require("ip", Inside(space, "sh"), script.ToString());
        Batch(space, "link set lo up");
    }

    /// <summary>Makes the bridges of a node.</summary>
    public static void MakeBridges(string space, LabNode node)
    {
        foreach (var bridge in node.Bridges)
        {
            var lines = new StringBuilder($"link add {bridge.Name} type bridge forward_delay 0\n");
            foreach (var address in bridge.Addresses) lines.Append($"addr add {address} dev {bridge.Name}{(address.Contains(':') ? " nodad" : "")}\n");
            Batch(space, lines.Append($"link set {bridge.Name} up").ToString());
        }
    }

    /// <summary>Makes a link between two namespaces and brings it up.</summary>
    public static void MakeLink(LabLink link, string spaceA, string spaceB)
    {
        var queues = new[] { "numtxqueues", $"{link.Queues}", "numrxqueues", $"{link.Queues}" };
        Tool.Require("ip", ["link", "add", link.A.Device, "netns", spaceA, .. queues, "type", "veth", "peer", "name", link.B.Device, "netns", spaceB, .. queues]);
        foreach (var (end, space) in new[] { (link.A, spaceA), (link.B, spaceB) })
        {
            var lines = new StringBuilder($"link set {end.Device} mtu {link.Mtu}\n");
            foreach (var address in end.Addresses) lines.Append($"addr add {address} dev {end.Device}{(address.Contains(':') ? " nodad" : "")}\n");
            if (end.Bridge.Length > 0) lines.Append($"link set {end.Device} master {end.Bridge}\n");
            lines.Append($"link set {end.Device} up");
            Batch(space, lines.ToString());
        }
    }

    /// <summary>
    /// A veth sender leaves checksums to hardware that does not exist and packets of 64 KiB to segmentation that never happens: on an end system
    /// both must be done before the packet is in front of a gateway's AF_XDP port. GRO on the receiving side batches what comes out of the tunnel.
    /// </summary>
    public static void MakeHonest(string space, LabEnd end) =>
        Tool.Require("ip", Inside(space, "ethtool", "-K", end.Device, "tx", "off", "tso", "off", "gro", "on"));

    /// <summary>Adds a node's routes.</summary>
    public static void MakeRoutes(string space, LabNode node)
    {
        if (node.Routes.Count > 0) Batch(space, string.Join('\n', node.Routes.Select(r => $"route add {r.To} via {r.Via}")));
    }

    /// <summary>Whatever leaves a router by that device leaves with its address and a port of its own: a NAT, by nftables.</summary>
    public static void MakeNat(string space, string device) =>
        Tool.Require("ip", Inside(space, "nft", "-f", "-"), $"table ip nat {{\n chain out {{\n  type nat hook postrouting priority 100;\n  oifname \"{device}\" masquerade random\n }}\n}}\n");

    /// <summary>Processes inside a namespace.</summary>
    public static IReadOnlyList<int> Processes(string space)
    {
        var result = Tool.Run("ip", ["netns", "pids", space]);
        return [.. result.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(line => int.Parse(line, null))];
    }

    /// <summary>True while the namespace is there.</summary>
    public static bool Exists(string space) => File.Exists(Path.Combine("/run/netns", space));

    /// <summary>Removes a namespace and every device in it.</summary>
    public static void Remove(string space) => Tool.Require("ip", ["netns", "del", space]);

    private static void Batch(string space, string lines) => Tool.Require("ip", ["-n", space, "-batch", "-"], lines + "\n");
}
