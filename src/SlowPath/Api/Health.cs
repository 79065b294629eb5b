using Appliance.Crypto;
using Appliance.Shared;
using Appliance.Bfd;
using Appliance.SlowPath.Bfd;
using Appliance.SlowPath.Bgp;
using Appliance.SlowPath.CustomerEdge;
using Appliance.SlowPath.Ike;
using Appliance.SlowPath.Sas;
using Appliance.SlowPath.Serving;

namespace Appliance.SlowPath.Api;

/// <summary>Whether the gateway is well, and what to do if not.</summary>
internal static class Health
{
    private const ulong NoTier = 0;

    /// <summary>The whole picture: "down" when nothing is forwarded, "degraded" when something is wrong.</summary>
    public static HealthView Of(Gateway gateway, IkeService ike, BfdService bfd, BgpService bgp, SecurityGatewayService? edge)
    {
        var region = gateway.Region;
        ref var header = ref region.Header;
        var alive = SaInstaller.IsDataPlaneAlive(region);
        var problems = new List<ProblemView>();
        if (!alive) problems.Add(new ProblemView("the data plane does not run", $"process {header.DataPlaneProcess}", "it is not ready or its heartbeat is old", "nothing is forwarded until the supervisor has started it again; see its output"));
        if (header.SlowPathReady == 0) problems.Add(new ProblemView("the slow path is still starting", "tables", "they do not hold the whole configuration yet", "wait a moment"));
        var ports = ViewBuilder.Ports(region);
        foreach (var port in ports)
        {
            if (!alive || port.State == "up") continue;
            var why = port.InterfaceIndex == 0 && port.Kind is "af_xdp" or "tun" ? "its device is not there" : "its device is gone or down";
            problems.Add(new ProblemView($"port {port.Name} is {port.State}", port.Name, why, "bring the device up ('ip link'); the port is taken back by itself"));
        }

        foreach (var problem in gateway.Problems) problems.Add(new ProblemView(problem, "tables", "see the text", "correct it and reload: appliance reload"));
        foreach (var problem in edge?.Problems ?? []) problems.Add(new ProblemView(problem, "ce", "see the text", "correct it; it is tried again every second"));
        AddIke(problems, ike);
        AddGroups(problems, gateway, ike);
        AddBfd(problems, bfd);
        AddBgp(problems, bgp);
        var sas = gateway.Sas.Where(s => s.IsOutbound);
        foreach (var sa in sas)
        {
            ref var record = ref region.OutboundSa(sa.Slot);
            if (region.OutboundState(sa.Slot).Sequence >= record.SequenceHardLimit)
                problems.Add(new ProblemView($"SA 0x{sa.Spi:x8} is used up", sa.Tunnel, "its sequence numbers are at their limit", sa.Group is null ? "give the tunnel new keys" : "the gateway gives the group new keys by itself; by hand: appliance group rekey"));
        }

        var status = !alive ? "down" : problems.Count > 0 ? "degraded" : "ok";
        return new HealthView(status, problems, Tier(header.CryptoTier), Processes(region, alive),
            ports.Select(p => new PortHealthView(p.Name, p.State, p.Mode, p.Queues, p.Losses)).ToList());
    }

    private static void AddIke(List<ProblemView> problems, IkeService ike)
    {
        foreach (var problem in ike.Problems) problems.Add(new ProblemView(problem, "ike", "see the text", "correct it; addresses are tried again by themselves, files after 'appliance reload'"));
        if (ike.Draining is { Draining: true } drain)
            problems.Add(new ProblemView("this node drains", "ike", $"an operator took it out of service; {drain.AskedToMove + drain.Staying.Count} peers are still here", "put it back into service when you are done: appliance drain off"));
        foreach (var peer in ike.Peers.Where(p => p.LastProblem.Length > 0))
        {
            var next = peer.NextAttemptSeconds is { } seconds ? $"it is tried again in {seconds} s" : $"try again: appliance ike up {peer.Peer}";
            problems.Add(new ProblemView($"peer {peer.Peer} is {peer.State}", peer.Peer, peer.LastProblem, $"correct it on this side or the other; {next}"));
        }

        if (ike.ExportFile is { } file) problems.Add(new ProblemView("keys are exported", file, "the gateway was started with --export-keys", "whoever reads the file reads all traffic: restart without it when done"));
    }

    private static void AddGroups(List<ProblemView> problems, Gateway gateway, IkeService ike)
    {
        foreach (var group in ike.Groups)
        {
            if (group.Problem.Length > 0) problems.Add(new ProblemView($"group {group.Name}: {group.Problem}", group.Name, $"this node is its {group.Role}", $"see 'appliance show groups' and, at the gateway, 'appliance show members {group.Name}'"));
            else if (gateway.GroupSas.All(s => s.Group != group.Name || !s.IsActive))
                problems.Add(new ProblemView($"group {group.Name} has no SA to send by", group.Name, group.Sas.Count == 0 ? "no gateway handed one out" : "the one that it has is not sent by yet", "its packets are held or dropped, never sent in the clear; see 'appliance show ike' for the gateways"));
        }

        foreach (var spi in gateway.SharedSpis) problems.Add(new ProblemView($"SPI 0x{spi:x8} is a group's and a tunnel's", "sa", "the gateway chose one that is in use here", "the tunnel is rekeyed by itself; if this stays: appliance ike rekey TUNNEL"));
    }

    private static void AddBfd(List<ProblemView> problems, BfdService bfd)
    {
        foreach (var problem in bfd.Problems) problems.Add(new ProblemView(problem, "bfd", "see the text", "correct it here or at the other side: it is tried again by itself"));
        foreach (var s in bfd.Sessions.Where(s => s.State is BfdState.Down or BfdState.Init))
            problems.Add(new ProblemView($"BFD to {s.Path.Remote} is down", string.Join(' ', s.Keys), s.Ups == 0 && s.Received == 0 ? "nothing was heard of the other side" : BfdText.Of(s.Diagnostic),
                $"see that it has a BFD session with {s.Path.Local} and that UDP {(s.Path.IsMultihop ? "4784" : "3784")} passes"));
    }

    private static void AddBgp(List<ProblemView> problems, BgpService bgp)
    {
        foreach (var problem in bgp.Problems) problems.Add(new ProblemView(problem, "bgp", "see the text", "correct it: it is tried again by itself"));
        foreach (var n in bgp.Missing)
            problems.Add(new ProblemView($"BGP neighbour {n.Name} is {ViewBuilder.Name(n.State)}", n.Address.ToString(), n.LastReason.Length > 0 ? n.LastReason : "nothing was heard of it",
                $"see that it is reachable, has us as its neighbour with AS {n.LocalAs}, the same TCP-MD5 key and TTL security, and that TCP 179 passes; it is tried again by itself"));
    }

    private static string Tier(uint tier) => tier == NoTier ? "unknown" : ViewBuilder.Name((AesGcmTier)tier);

    private static ProcessesView Processes(Region region, bool dataPlaneAlive)
    {
        ref var header = ref region.Header;
        return new ProcessesView(
            new ProcessView(header.SupervisorProcess, ProcessGuard.IsAlive(header.SupervisorProcess), true, 1),
            new ProcessView(header.DataPlaneProcess, dataPlaneAlive, header.DataPlaneReady != 0, header.DataPlaneStarts),
            new ProcessView(header.SlowPathProcess, true, header.SlowPathReady != 0, header.SlowPathStarts));
    }
}
