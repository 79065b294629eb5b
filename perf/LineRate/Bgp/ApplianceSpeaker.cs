using System.Globalization;
using System.Text;
using System.Text.Json;
using Appliance.LineRate.Nodes;
using Appliance.Shared;

namespace Appliance.LineRate.Bgp;

/// <summary>Our slow path as it runs, with the region that a data plane would read.</summary>
internal sealed class ApplianceSpeaker : IBgpSpeaker
{
    private readonly SlowPathNode node;

    public ApplianceSpeaker(BgpLink link, int neighbors)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $$"""
            workers: [0]
            ports: [ { name: wan, device: {{BgpLink.Device}}, side: unprotected } ]
            bgp:
              as: {{BgpLink.SpeakerAs}}
              router_id: {{BgpLink.Speaker}}
              graceful_restart: off
              neighbors:

            """);
        for (var n = 0; n < neighbors; n++)
            text.Append(CultureInfo.InvariantCulture, $"    - {{ name: n{n}, address: {BgpLink.NeighborAddress(n)}, as: {BgpLink.NeighborAs(n)}, passive: true, hold_time: 600s, families: {{ ipv4: {{ import: all, export: none }} }} }}\n");
        node = new SlowPathNode(link, link.Measured, "appliance", text.ToString());
    }

    /// <inheritdoc/>
    public string? Peer => null;

    /// <inheritdoc/>
    public long Prefixes
    {
        get
        {
            using var answer = JsonDocument.Parse(node.Get("/bgp"));
            return answer.RootElement.GetProperty("tables").EnumerateArray().Where(t => t.GetProperty("family").GetString() == "ipv4" && t.GetProperty("vrf").GetString() is null or "").Sum(t => t.GetProperty("prefixes").GetInt64());
        }
    }

    /// <inheritdoc/>
    public double CpuSeconds => node.CpuSeconds;

    /// <inheritdoc/>
    public long Memory => node.Memory;

    /// <summary>The process.</summary>
    public int ProcessId => node.ProcessId;

    /// <summary>Pages of the region that hold something, in octets.</summary>
    public long DataPlaneMemory => node.RegionMemory;

    /// <summary>Octets that the process's heap holds, pages of the region not counted.</summary>
    public long OwnMemory => node.Memory - node.SharedMemory;

    /// <summary>Whether a data plane finds a learned route to the first address of a prefix.</summary>
    public bool HasRoute(GeneratedPrefix prefix) => node.Region.Ipv4Routes.Find(prefix.Address) is not Ipv4Routes.None and var hop && node.Region.NextHop(hop).Kind is NextHopKind.Group;

    /// <inheritdoc/>
    public InvalidOperationException Failed(string what) => node.Failed(what);

    /// <inheritdoc/>
    public void Dispose() => node.Dispose();
}
