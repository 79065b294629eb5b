using System.Security.Cryptography;
using Appliance.Crypto;
using Appliance.Policy;
using Appliance.Shared;
using Appliance.SlowPath.Configuration;
using Appliance.SlowPath.Sas;
using Microsoft.Extensions.Logging;

namespace Appliance.SlowPath.Serving;

/// <summary>SAs: installing, switching, retiring, keys from the file.</summary>
internal sealed partial class Gateway
{
    /// <summary>Installs SAs, wipes the requests. Slots in their order.</summary>
    /// <exception cref="RefusedException">One of them cannot be; nothing was changed.</exception>
    public async Task<uint[]> InstallAsync(IReadOnlyList<SaRequest> requests)
    {
        await saChanges.WaitAsync();
        try
        {
            var slots = await installer.InstallAsync(requests, Environment.TickCount64);
            foreach (var request in requests)
                log.LogInformation("installed {Direction} SA 0x{Spi:x8} of tunnel {Tunnel}: {Cipher}", request.Direction, request.Spi, request.Tunnel, CipherNames.NameOf(request.Cipher, request.KeyLength));
            foreach (var request in requests) changedTunnels.Add(request.Tunnel);
            return slots;
        }
        finally
        {
            foreach (var request in requests) request.Wipe();
            saChanges.Release();
        }
    }

    /// <summary>Installs a pair and lets the tunnel's other SAs end after <paramref name="retireSeconds"/>.</summary>
    /// <exception cref="RefusedException">One of them cannot be; nothing was changed.</exception>
    public async Task<uint[]> ReplaceKeysAsync(string tunnel, IReadOnlyList<SaRequest> requests, int retireSeconds)
    {
        var slots = await InstallAsync(requests);
        var fresh = requests.Select(r => (r.IsOutbound, r.Spi)).ToHashSet();
        var end = Environment.TickCount64 + retireSeconds * 1000L;
        foreach (var old in Sas.Where(s => s.Tunnel == tunnel && !fresh.Contains((s.IsOutbound, s.Spi))).ToList()) tables.Sas.ExpireAt(old, end);
        return slots;
    }

    /// <summary>Takes an SA out of use.</summary>
    /// <exception cref="RefusedException">There is none.</exception>
    public void Delete(bool isOutbound, uint spi)
    {
        var entry = tables.Sas.Find(isOutbound, spi) ?? throw new RefusedException($"there is no {(isOutbound ? "outbound" : "inbound")} SA 0x{spi:x8}", "GET /sa lists them", 404);
        tables.Sas.Retire(entry);
        log.LogInformation("deleted {Direction} SA 0x{Spi:x8} of tunnel {Tunnel}", entry.Direction, spi, entry.Tunnel);
        changedTunnels.Add(entry.Tunnel);
    }

    /// <summary>Retires what has expired, wipes what nobody holds any more.</summary>
    public void SweepSas()
    {
        foreach (var entry in tables.Sas.Sweep(Environment.TickCount64))
        {
            log.LogInformation("{Direction} SA 0x{Spi:x8} of tunnel {Tunnel} has ended", entry.Direction, entry.Spi, entry.Tunnel);
            changedTunnels.Add(entry.Tunnel);
        }

        children.Sweep(Environment.TickCount64);
        groups.Sweep(Environment.TickCount64);
        foreach (var tunnel in pathMtus.Age(Environment.TickCount64)) changedTunnels.Add(tunnel);
    }

    /// <summary>Installs the keys of the file where they are not installed yet, then forgets them.</summary>
    private async Task ManualSasAsync(GatewayConfiguration configuration)
    {
        foreach (var tunnel in configuration.Tunnels)
        {
            if (tunnel.Manual is not { } manual) continue;
            try
            {
                var wanted = new List<SaRequest>();
                AddIfNew(wanted, tunnel, isOutbound: false, manual.InboundSpi, manual.InboundKey);
                AddIfNew(wanted, tunnel, isOutbound: true, manual.OutboundSpi, manual.OutboundKey);
                if (wanted.Count > 0) await InstallAsync(wanted);
            }
            catch (RefusedException refused)
            {
                log.LogError("tunnel {Tunnel}: manual SAs not installed: {Problem} ({Hint})", tunnel.Name, refused.Message, refused.Hint);
            }
            finally
            {
                CryptographicOperations.ZeroMemory(manual.InboundKey);
                CryptographicOperations.ZeroMemory(manual.OutboundKey);
            }
        }
    }

    /// <summary>A live SA with the same SPI, tunnel and key stays as it is; one with another key makes way.</summary>
    private void AddIfNew(List<SaRequest> wanted, TunnelConfiguration tunnel, bool isOutbound, uint spi, byte[] key)
    {
        if (!CipherNames.TryParse(tunnel.Manual!.Cipher, out var cipher, out var keyLength)) return;
        if (tables.Sas.Find(isOutbound, spi) is { } there)
        {
            if (there.Tunnel == tunnel.Name && there.Cipher == cipher && HasKey(there, key)) return;
            tables.Sas.Retire(there);
        }

        wanted.Add(new SaRequest
        {
            Tunnel = tunnel.Name, IsOutbound = isOutbound, Spi = spi, Cipher = cipher, KeyLength = keyLength, KeyMaterial = [.. key], ReplayWindow = tunnel.Manual.ReplayWindow,
        });
    }

    private bool HasKey(SaEntry entry, ReadOnlySpan<byte> keyMaterial)
    {
        var block = new byte[KeyBlock.Size];
        try
        {
            if (CipherFacts.KeyLengthOf(entry.Cipher, keyMaterial.Length) == 0) return false;
            CipherKey.Expand(entry.Cipher, keyMaterial, block);
            ref var key = ref entry.IsOutbound ? ref Region.OutboundSa(entry.Slot).Key : ref Region.InboundSa(entry.Slot).Key;
            return CryptographicOperations.FixedTimeEquals(block, key);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(block);
        }
    }

    /// <summary>SAs of manual keys that the new configuration does not name.</summary>
    private void RetireManual(GatewayConfiguration before, GatewayConfiguration after)
    {
        var kept = after.Tunnels.Where(t => t.Manual is not null).SelectMany(t => new[] { (t.Name, true, t.Manual!.OutboundSpi), (t.Name, false, t.Manual.InboundSpi) }).ToHashSet();
        foreach (var tunnel in before.Tunnels.Where(t => t.Manual is not null))
            foreach (var (isOutbound, spi) in new[] { (true, tunnel.Manual!.OutboundSpi), (false, tunnel.Manual.InboundSpi) })
                if (!kept.Contains((tunnel.Name, isOutbound, spi)) && tables.Sas.Find(isOutbound, spi) is { } entry && entry.Tunnel == tunnel.Name)
                    tables.Sas.Retire(entry);
    }
}
