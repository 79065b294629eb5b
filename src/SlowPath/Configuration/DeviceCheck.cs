using Appliance.Policy;
using Appliance.Shared;

namespace Appliance.SlowPath.Configuration;

/// <summary>Checks that the devices a configuration names are there. Only done where they are about to be used.</summary>
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
}
