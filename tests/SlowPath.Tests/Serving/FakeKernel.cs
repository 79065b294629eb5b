using Appliance.Policy;
using Appliance.Shared;
using Appliance.SlowPath.Netlink;

namespace Appliance.SlowPath.Tests.Serving;

/// <summary>A kernel that a test fills, and that remembers what it was told.</summary>
internal sealed class FakeKernel : IKernel
{
    public List<KernelChange> Holds { get; } = [];

    public HashSet<KernelRoute> Routes { get; } = [];

    public List<(uint Link, IpAddress Neighbour)> Asked { get; } = [];

    public KernelMirror Dump()
    {
        var mirror = new KernelMirror();
        foreach (var change in Holds) mirror.Apply(change);
        foreach (var route in Routes) mirror.Apply(new KernelChange { Kind = KernelChangeKind.Route, Table = 254, Route = route });
        return mirror;
    }

    public string? LinkUp(uint link, int mtu) => null;

    public Dictionary<uint, bool> Carriers { get; } = [];

    public string? Carrier(uint link, bool isThere)
    {
        Carriers[link] = isThere;
        return null;
    }

    public string? Address(bool add, uint link, InterfaceAddress address) => null;

    public string? Route(bool add, in KernelRoute route) => (add ? Routes.Add(route) : Routes.Remove(route)) ? null : "File exists";

    public List<bool> IkeRules { get; } = [];

    public string? IkeRule(bool v4)
    {
        IkeRules.Add(v4);
        return null;
    }

    public string? UseNeighbour(uint link, IpAddress neighbour)
    {
        Asked.Add((link, neighbour));
        return null;
    }

    public void Link(uint index, string name, int mtu = 1500) =>
        Holds.Add(new KernelChange { Kind = KernelChangeKind.Link, Link = new KernelLink(index, name, mtu, 0x0100_0000_0002UL + index, true) });

    public void Address(uint link, string address, int length)
    {
        var ip = Ip(address);
        Holds.Add(new KernelChange { Kind = KernelChangeKind.Address, Address = new KernelAddress(link, ip, length) });
        Unicast(new IpPrefix(ip, length), link, default);
    }

    public void Unicast(IpPrefix prefix, uint link, IpAddress gateway) => Holds.Add(new KernelChange
    {
        Kind = KernelChangeKind.Route, Table = 254, Route = new KernelRoute(prefix, KernelRouteKind.Unicast, link, gateway, 0, 3, default),
    });

    public void Neighbour(uint link, string address, ulong mac) =>
        Holds.Add(new KernelChange { Kind = KernelChangeKind.Neighbour, Neighbour = new KernelNeighbour(link, Ip(address), mac), NeighbourState = NeighbourState.Reachable });

    public static IpAddress Ip(string text) => IpAddress.TryParse(text, out var address) ? address : throw new FormatException(text);

    public void Dispose()
    {
    }
}
