namespace Appliance.Ike.Machine.Rig;

/// <summary>A data plane's multi-point SAs as a host keeps them, and what it insists on: no Sender-ID is put to use twice under one key, and nothing is sent by what is not there.</summary>
internal sealed class DataPlaneGroups
{
    private readonly HashSet<(string Key, uint Id)> used = [];

    /// <summary>What is there, with its key and its Sender-IDs.</summary>
    public Dictionary<(string Group, uint Spi), (GroupSa Sa, string Key)> Sas { get; } = [];

    /// <summary>What each group sends by.</summary>
    public Dictionary<string, uint> Sending { get; } = [];

    /// <summary>All that was ever said, for the order of it.</summary>
    public List<string> Story { get; } = [];

    /// <summary>Why nothing can be installed; null: it can.</summary>
    public string? Problem { get; set; }

    public IEnumerable<uint> Spis => Sas.Keys.Select(k => k.Spi);

    public string? Install(InstallGroupSa install)
    {
        var key = Convert.ToHexString(install.Key.Octets);
        install.Key.Dispose();
        var name = (install.Sa.Group, install.Sa.Spi);
        if (Problem is not null) return Problem;
        Assert.True(!Sas.TryGetValue(name, out var there) || there.Key == key, "another key under the same SPI");
        if (there.Sa is null || !there.Sa.SenderIds.SequenceEqual(install.Sa.SenderIds))
        {
            foreach (var id in install.Sa.SenderIds) Assert.True(used.Add((key, id)), $"Sender-ID {id} is put to use twice under one key");
            Story.Add($"install {install.Sa.Spi:x} {string.Join('+', install.Sa.SenderIds)}");
        }

        Sas[name] = (install.Sa, key);
        return null;
    }

    public void Activate(ActivateGroupSa activate)
    {
        Assert.Contains((activate.Group, activate.Spi), Sas.Keys);
        Sending[activate.Group] = activate.Spi;
        Story.Add($"activate {activate.Spi:x}");
    }

    public void Remove(RemoveGroupSa remove)
    {
        if (!Sas.Remove((remove.Group, remove.Spi))) return;
        Story.Add($"remove {remove.Spi:x}");
        if (Sending.GetValueOrDefault(remove.Group) == remove.Spi) Sending.Remove(remove.Group);
    }
}
