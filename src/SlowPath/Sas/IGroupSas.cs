using Appliance.Crypto;
using Appliance.Ike;

namespace Appliance.SlowPath.Sas;

/// <summary>How multi-point SAs become SAs of the data plane. Everything here is called on the loop.</summary>
internal interface IGroupSas
{
    /// <summary>
    /// Installs a group's SA: taken in at once at each of the group's ESP addresses, sent by from <see cref="Activate"/> on. The key is copied and stays the caller's to wipe. The same SPI and key
    /// with the Sender-IDs that it has: its lifetime is the new one. With others: they take the place of the earlier ones, which never come back. Null when all is done, else why nothing was
    /// changed: among other things a Sender-ID that was used before under this key.
    /// </summary>
    Task<string?> InstallAsync(GroupSa sa, Secret key);

    /// <summary>All tunnels of the group send by this SA from now on, without a gap.</summary>
    void Activate(string group, uint spi);

    /// <summary>Takes an SA out of use, in and out, at once; unknown: nothing.</summary>
    void Remove(string group, uint spi, string reason);

    /// <summary>
    /// Whether all of an SA is there, or will be; one that an earlier process installed is thereby claimed. Those that nobody claims within a minute after the start end.
    /// </summary>
    bool Exists(string group, uint spi);
}
