using System.Net.NetworkInformation;
using Appliance.Policy;
using Appliance.Shared;

namespace Appliance.SlowPath.Configuration;

/// <summary>Checks that the devices a configuration names are there, and the addresses that others are told. Only done where they are about to be used.</summary>
public static class DeviceCheck
{
    /// <summary>Errors for ports whose device is missing below <paramref name="devices"/> (normally /sys/class/net).</summary>
    public static IReadOnlyList<ConfigurationError> Missing(GatewayConfiguration configuration, string devices = "/sys/class/net")
    {
        var errors = new ConfigurationErrors();
        var there = Directory.Exists(devices) ? Directory.GetFileSystemEntries(devices).Select(d => Path.GetFileName(d)!).ToList() : [];
        foreach (var port in configuration.Ports)
            if (port.Kind == PortKind.AfXdp && !there.Contains(port.Device))
                errors.Add(port.DeviceAt, $"port '{port.Name}': there is no device '{port.Device}'", Spelling.Hint(port.Device, there.Where(d => d != "lo")));
        return errors.InOrder;
    }

    /// <summary>Warnings for ESP addresses of groups that no unprotected port has. <paramref name="addresses"/>: those of each device; null to ask the machine.</summary>
    public static IReadOnlyList<ConfigurationError> Strange(LoadedConfiguration configuration, ILookup<string, IpAddress>? addresses = null)
    {
        var errors = new ConfigurationErrors();
        addresses ??= NetworkInterface.GetAllNetworkInterfaces().SelectMany(n => n.GetIPProperties().UnicastAddresses.Select(a => (n.Name, IpAddress.From(a.Address)))).ToLookup(a => a.Name, a => a.Item2);
        var outside = configuration.Gateway.Ports.Where(p => p is { Kind: PortKind.AfXdp, Side: PortSide.Unprotected }).Select(p => p.Device).ToList();
        if (outside.Count == 0) return [];
        foreach (var group in configuration.Gateway.Groups)
            foreach (var local in group.Local)
                if (!outside.Exists(d => addresses[d].Contains(local)))
                    errors.Warn(configuration.GroupPlaces[group.Name], $"group '{group.Name}': {local} is no address of {string.Join(", ", outside)}", "members send to it: give it to the device, or correct 'local'");
        return errors.Warnings;
    }
}
