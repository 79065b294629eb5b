using Appliance.Policy;
using Appliance.Shared;
using Appliance.SlowPath.Configuration;
using Appliance.SlowPath.Sas;
using Microsoft.Extensions.Logging;

namespace Appliance.SlowPath.Serving;

/// <summary>Reading the configuration again while running.</summary>
internal sealed partial class Gateway
{
    /// <summary>A reload is in force. On the loop, after the tables; whoever takes it owns the secrets in it (<see cref="LoadedConfiguration.WipeSecrets"/>).</summary>
    public event Action<LoadedConfiguration>? Reloaded;

    /// <summary>Has a say before anything changes: null, or why this configuration cannot be used.</summary>
    public Func<LoadedConfiguration, string?>? Prepare { get; set; }

    /// <summary>Reads the file again and applies the difference; SAs that it does not touch stay. All or nothing.</summary>
    /// <exception cref="RefusedException">The file is wrong, or changes what only a restart can; nothing was changed.</exception>
    public async Task<bool> ReloadAsync()
    {
        var loaded = ConfigurationReader.ReadFile(configurationFile, out var problems);
        if (loaded is null) throw new RefusedException(string.Join("; ", problems.Select(p => p.Format(configurationFile))), "nothing was changed: correct the file and reload again", 422);
        var wanted = loaded.Gateway;
        if (NeedsRestart(wanted) is { } what) throw new RefusedException($"{what} cannot change while running", "nothing was changed: restart the gateway for it, or undo that change", 422);
        if (Prepare?.Invoke(loaded) is { } refusal)
        {
            loaded.WipeSecrets();
            throw new RefusedException(refusal, "nothing was changed: correct the files and reload again", 422);
        }

        await saChanges.WaitAsync();
        try
        {
            RetireManual(Configuration, wanted);
            RetireReshaped(wanted);
            Configuration = wanted;
            tunnels.Configure(wanted);
            Recompute();
        }
        finally
        {
            saChanges.Release();
        }

        await ManualSasAsync(wanted);
        Recompute();
        foreach (var warning in loaded.Warnings) log.LogWarning("{Warning}", warning.Format(configurationFile));
        if (Reloaded is { } taken) taken(loaded);
        else loaded.WipeSecrets();
        log.LogInformation("configuration reloaded: {Tunnels} tunnels, {Sas} SAs kept or installed", Contents.Tunnels.Count, Sas.Count);
        return true;
    }

    /// <summary>The first thing that other processes were started with and that differs.</summary>
    private string? NeedsRestart(GatewayConfiguration wanted)
    {
        var now = Configuration;
        if (wanted.Instance != now.Instance) return "'instance'";
        if (!wanted.Workers.SequenceEqual(now.Workers)) return "'workers'";
        if (wanted.Region != now.Region) return "'region'";
        if (wanted.CryptoTier != now.CryptoTier) return "'crypto_tier'";
        if (wanted.SpinMicroseconds != now.SpinMicroseconds) return "'spin'";
        if (wanted.Frames != now.Frames || wanted.JumboFrames != now.JumboFrames) return "'frames'";
        if (wanted.ApiSocket != now.ApiSocket) return "'api'";
        if (wanted.StateDirectory != now.StateDirectory) return "'state'";
        if (wanted.Vpn?.Device != now.Vpn?.Device) return "the vpn device";
        if (!wanted.Interfaces.Select(i => (i.Tunnel.Name, i.Interface.Device)).SequenceEqual(now.Interfaces.Select(i => (i.Tunnel.Name, i.Interface.Device)))) return "interfaces of tunnels";
        return wanted.Ports.Select(Fixed).SequenceEqual(now.Ports.Select(Fixed)) ? OfGroups(now, wanted) : "'ports'";
    }

    /// <summary>A group's SAs were installed for its ESP addresses, with a Sender-ID for each, and have their tunnel's header fields; only its gateway could make others. Whole groups come and go.</summary>
    private static string? OfGroups(GatewayConfiguration now, GatewayConfiguration wanted)
    {
        foreach (var group in wanted.Groups)
        {
            if (now.Groups.FirstOrDefault(g => g.Name == group.Name) is not { } before) continue;
            if (!group.Local.SequenceEqual(before.Local)) return $"'local' of group '{group.Name}'";
            if (Header(wanted, group) != Header(now, group)) return $"'df', 'dscp' or 'tfc' of group '{group.Name}'";
        }

        return null;
    }

    private static (bool, int, ushort) Header(GatewayConfiguration configuration, GroupConfiguration group) =>
        configuration.Tunnels.FirstOrDefault(t => t.Group == group.Name) is { } tunnel ? (tunnel.SetDf, tunnel.Dscp, tunnel.TfcMultiple) : default;

    private static (string, PortKind, string, PortSide, string, string, string, string) Fixed(PortConfiguration port) =>
        (port.Name, port.Kind, port.Device, port.Side, port.Mode, port.ReadFile, port.WriteFile, port.Peer);

    /// <summary>SAs carry their tunnel's encapsulation and flags; a tunnel that changed those needs new SAs.</summary>
    private void RetireReshaped(GatewayConfiguration wanted)
    {
        var kept = wanted.Tunnels.ToDictionary(t => t.Name, StringComparer.Ordinal);
        var reshaped = Configuration.Tunnels.Where(t => kept.TryGetValue(t.Name, out var after) && Shape(after) != Shape(t)).Select(t => t.Name).ToHashSet(StringComparer.Ordinal);
        if (reshaped.Count == 0) return;
        foreach (var sa in Sas.Where(s => reshaped.Contains(s.Tunnel) || (tunnels.Find(s.Tunnel)?.Template is { } template && reshaped.Contains(template))).ToList()) tables.Sas.Retire(sa);
    }

    /// <summary>A tunnel that IKE keys has ends and ports from there; another peer means other SAs.</summary>
    private static (EspEncapsulation, ushort, ushort, ushort, bool, bool, int, ushort, string?, bool) Shape(TunnelConfiguration tunnel) => tunnel.Peer is { } peer
        ? (default, 0, 0, 0, tunnel.CheckSource, tunnel.SetDf, tunnel.Dscp, tunnel.TfcMultiple, peer, tunnel.IsTemplate)
        : (tunnel.Encapsulation, tunnel.LocalPort, tunnel.RemotePort, tunnel.KeepaliveSeconds, tunnel.CheckSource, tunnel.SetDf, tunnel.Dscp, tunnel.TfcMultiple, null, false);
}
