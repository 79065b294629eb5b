namespace Appliance.Cli.Labs;

/// <summary>What a node of a lab is.</summary>
internal enum NodeKind
{
    /// <summary>An end system: it sends with complete checksums, since a gateway's AF_XDP port sees what is in the packet and nothing else.</summary>
    Host,

    /// <summary>A router of the kernel: "the internet".</summary>
    Router,

    /// <summary>A gateway of ours with its configuration.</summary>
    Gateway,
}

/// <summary>A network namespace. <paramref name="Configuration"/> is the gateway's file, an absolute path; <paramref name="Instance"/> its instance name.
/// <paramref name="Masquerade"/>: a router's device behind which it hides everybody else (NAT); empty for none.
/// <paramref name="Program"/>: a shell script that runs in the node as long as the lab is up: daemons that are not ours; an absolute path, or null.
/// <paramref name="Later"/>: a gateway that a phase starts. <paramref name="ExportKeys"/>: a gateway that writes its keys to a file of the lab, for a phase that tries them.</summary>
internal sealed record LabNode(string Name, NodeKind Kind, string? Configuration, string? Instance, IReadOnlyList<LabRoute> Routes, IReadOnlyList<LabSysctl> Sysctls,
    string Masquerade, IReadOnlyList<LabBridge> Bridges, string? Program, bool Later, bool ExportKeys);

/// <summary>A bridge inside a node, which devices of links can be ports of.</summary>
internal sealed record LabBridge(string Name, IReadOnlyList<string> Addresses);

/// <summary>A route as <c>ip route</c> takes it.</summary>
internal sealed record LabRoute(string To, string Via);

/// <summary>A kernel variable, its name with dots.</summary>
internal sealed record LabSysctl(string Name, string Value);

/// <summary>One end of a link. <paramref name="Bridge"/>: the bridge of its node that it is a port of; empty for none.</summary>
internal sealed record LabEnd(string Node, string Device, IReadOnlyList<string> Addresses, string Bridge);

/// <summary>A pair of virtual Ethernet devices.</summary>
internal sealed record LabLink(LabEnd A, LabEnd B, int Mtu, int Queues);

/// <summary>A key set that is made afresh at each start and handed to both gateways through their API.</summary>
internal sealed record LabKeys(string Cipher, bool Esn, int ReplayWindow, string NodeA, string TunnelA, string NodeB, string TunnelB);

/// <summary>What gateways prove themselves with, made afresh at each start in the folder <c>pki</c> beside their configurations: certificates of a CA of the lab's own, shared keys.</summary>
internal sealed record LabPki(IReadOnlyList<string> Certificates, IReadOnlyList<string> SharedKeys);

/// <summary>A tunnel of a gateway.</summary>
internal sealed record LabTunnel(string Node, string Tunnel)
{
    /// <summary>GATEWAY/TUNNEL.</summary>
    public override string ToString() => $"{Node}/{Tunnel}";
}

/// <summary>What <c>lab run</c> sends: pings, and TCP where there is a server (its node, then its address). <paramref name="Sites"/>: those of a mesh; all that are there from the start ping each other.</summary>
internal sealed record LabTraffic(IReadOnlyList<LabPing> Pings, (string Node, string Address)? Tcp, string From, IReadOnlyList<LabSite> Sites)
{
    /// <summary>The lab pings between pairs of hosts, and its figures are those of all of them together.</summary>
    public bool IsPairs => Tcp is null;
}

/// <summary>A host that pings an address; the name is that of its figures.</summary>
internal sealed record LabPing(string Name, string From, string Address);

/// <summary>A lab: nodes, links, keys, the devices on which its wan is watched, and its traffic. <paramref name="Up"/>: tunnels whose keys are negotiated before traffic starts;
/// <paramref name="Phases"/>: what happens while it flows.</summary>
internal sealed record LabFile(
    string Name,
    string About,
    IReadOnlyList<LabNode> Nodes,
    IReadOnlyList<LabLink> Links,
    IReadOnlyList<LabKeys> Keys,
    IReadOnlyList<(string Node, string Device)> Wan,
    LabTraffic? Traffic,
    LabPki? Pki,
    IReadOnlyList<LabTunnel> Up,
    IReadOnlyList<LabPhase> Phases)
{
    /// <summary>The node of that name.</summary>
    public LabNode Node(string name) => Nodes.First(n => n.Name == name);

    /// <summary>Gateways in the file's order.</summary>
    public IEnumerable<LabNode> Gateways => Nodes.Where(n => n.Kind == NodeKind.Gateway);
}
