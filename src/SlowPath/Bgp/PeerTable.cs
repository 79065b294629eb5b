using System.Collections.Frozen;
using System.Diagnostics.CodeAnalysis;
using System.Net;
using Appliance.Bgp;
using Appliance.Shared;

namespace Appliance.SlowPath.Bgp;

/// <summary>Who may connect, and how: exact addresses first, then the longest range. Immutable.</summary>
internal sealed class PeerTable
{
    private readonly FrozenDictionary<IPAddress, List<TransportOptions?>> exact;
    private readonly (IPNetwork Peers, TransportOptions? Options)[] ranges;

    /// <summary>A table of those that a <see cref="ListenFor"/> names; without options are those who are refused for now, whatever range they lie in.</summary>
    public PeerTable(IEnumerable<(IPNetwork Peers, TransportOptions? Options)> peers)
    {
        var all = peers.ToList();
        exact = all.Where(p => IsOne(p.Peers)).GroupBy(p => p.Peers.BaseAddress).ToFrozenDictionary(g => g.Key, g => g.Select(p => p.Options).ToList());
        ranges = [.. all.Where(p => !IsOne(p.Peers)).OrderByDescending(p => p.Peers.PrefixLength)];
    }

    /// <summary>Nobody.</summary>
    public static PeerTable Empty { get; } = new([]);

    /// <summary>What holds for a connection, or null and why it is refused.</summary>
    /// <param name="local">Our address.</param>
    /// <param name="remote">The other side's; link-local with the number of the device.</param>
    /// <param name="why">Why not.</param>
    public TransportOptions? Find(IPAddress local, IPAddress remote, out string why)
    {
        var scope = remote.AddressFamily == System.Net.Sockets.AddressFamily.InterNetworkV6 ? (uint)remote.ScopeId : 0;
        var plain = scope == 0 ? remote : new IPAddress(remote.GetAddressBytes());
        why = "it is no neighbour's address: configure it as a neighbour or as a range of dynamic ones";
        if (exact.TryGetValue(plain, out var those))
        {
            foreach (var options in those)
                if (Fits(options, local, scope, ref why))
                    return options;
            return null;
        }

        foreach (var (peers, options) in ranges)
            if (peers.Contains(plain))
                return Fits(options, local, scope, ref why) ? options : null;
        return null;
    }

    private static bool IsOne(IPNetwork network) => network.PrefixLength == network.BaseAddress.GetAddressBytes().Length * 8;

    private static bool Fits([NotNullWhen(true)] TransportOptions? options, IPAddress local, uint scope, ref string why)
    {
        if (options is null)
        {
            why = "the kernel did not take its TCP-MD5 key";
            return false;
        }

        if (options.Local is { } wanted && !Same(wanted, local))
        {
            why = $"it came to {local}, and the neighbour's configuration says {wanted} is our address";
            return false;
        }

        if (scope == 0 || options.Device.Length == 0 || TcpOptions.DeviceIndex(options.Device) == scope) return true;
        why = $"it came over another device than {options.Device}";
        return false;
    }

    private static bool Same(IPAddress wanted, IPAddress local) =>
        wanted.AddressFamily == local.AddressFamily && wanted.GetAddressBytes().AsSpan().SequenceEqual(local.GetAddressBytes());
}
