using Appliance.Bgp;
using Appliance.Policy;

namespace Appliance.SlowPath.Configuration;

/// <summary>Reads <c>vrfs:</c> (RFC 4364 §3).</summary>
internal sealed class VrfSection(ConfigurationErrors errors, OriginatedSection networks)
{
    private const int FirstLabel = 16, LastLabel = (1 << 20) - 1, LongestDevice = 15;

    /// <summary>Where each VRF starts, in their order.</summary>
    public List<SourcePosition> Places { get; } = [];

    /// <summary>All VRFs; those without a label get the lowest that nobody has.</summary>
    public IReadOnlyList<VrfConfiguration> Read(IReadOnlyList<YamlNode> nodes)
    {
        var vrfs = new List<VrfConfiguration>();
        foreach (var node in nodes)
        {
            vrfs.Add(Vrf(node));
            Places.Add(node.At);
        }

        var (taken, next) = (vrfs.Select(v => v.Label).ToHashSet(), (uint)FirstLabel);
        for (var i = 0; i < vrfs.Count; i++)
        {
            if (vrfs[i].Label != 0) continue;
            while (!taken.Add(next)) next++;
            vrfs[i] = vrfs[i] with { Label = next };
        }

        return vrfs;
    }

    private VrfConfiguration Vrf(YamlNode node)
    {
        var map = new MapReader(node, "a VRF", errors);
        map.Required("name", "every VRF has a name");
        map.Required("rd", "write a route distinguisher, as in rd: 65001:1 (RFC 4364 §4.2)");
        var vrf = new VrfConfiguration
        {
            Name = ConfigurationReader.Name(map, "name", "", errors),
            RouteDistinguisher = Distinguisher(map),
            Import = BgpText.RouteTargets(map, "import", errors),
            Export = BgpText.RouteTargets(map, "export", errors),
            Label = (uint)map.Number("label", 0, FirstLabel, LastLabel),
            Device = map.Text("device")?.Text ?? "",
            Networks = networks.Read(map.List("networks")),
        };
        if (vrf.Device.Length > LongestDevice || vrf.Device.Any(c => c is <= ' ' or > '~' or '/')) map.Wrong("device", $"'{Spelling.Shorten(vrf.Device)}' is no device", "as 'ip link' shows it");
        if (vrf.Import.Count == 0 && map.Node("import") is null) errors.Warn(map.At, $"VRF '{vrf.Name}' takes nothing from other PEs: no 'import'", "write import: [65001:1]");
        if (vrf.Export.Count == 0 && map.Node("export") is null) errors.Warn(map.At, $"VRF '{vrf.Name}' tells other PEs nothing: no 'export'", "write export: [65001:1]");
        map.Done();
        return vrf;
    }

    private ulong Distinguisher(MapReader map)
    {
        if (map.Text("rd") is not { } text) return 0;
        if (RouteDistinguisher.TryParse(text.Text, out var value) && value != 0) return value;
        errors.Add(text.At, $"'rd: {Spelling.Shorten(text.Text)}' is no route distinguisher", "write 65001:1, 192.0.2.1:1 or 4200000000:1 (RFC 4364 §4.2)");
        return 0;
    }
}
