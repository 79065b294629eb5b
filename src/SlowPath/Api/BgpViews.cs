using System.Buffers.Binary;
using System.Net;
using Appliance.Bgp;

namespace Appliance.SlowPath.Api;

/// <summary><c>GET /bgp</c>.</summary>
internal sealed record BgpView(uint LocalAs, string RouterId, bool IsRestarting, IReadOnlyList<BgpNeighborView> Neighbors, IReadOnlyList<BgpTableView> Tables)
{
    /// <summary>All neighbours and tables.</summary>
    public static BgpView Of(BgpSummary s) => new(
        s.LocalAs, Identifier(s.RouterId), s.IsRestarting, [.. s.Neighbors.Select(BgpNeighborView.Of)],
        [.. s.Tables.Select(t => new BgpTableView(t.Vrf, t.Family.ToString(), t.Prefixes, t.Paths, t.IsComplete))]);

    /// <summary>A BGP Identifier as an address.</summary>
    internal static string Identifier(uint identifier) => new IPAddress(BinaryPrimitives.ReverseEndianness(identifier)).ToString();
}

internal sealed record BgpTableView(string Vrf, string Family, int Prefixes, int Paths, bool IsComplete);

internal sealed record BgpCountsView(long Opens, long Updates, long Notifications, long Keepalives, long Refreshes, long All)
{
    /// <summary>Messages one way.</summary>
    public static BgpCountsView Of(MessageCounts c) => new(c.Opens, c.Updates, c.Notifications, c.Keepalives, c.Refreshes, c.All);
}

internal sealed record BgpFamilyView(
    string Family, bool IsNegotiated, int Received, int Accepted, int Sent, int Stale, int MaximumPrefixes, string Import, string Export, bool EndOfRibReceived, bool EndOfRibSent,
    bool AddPathReceive, bool AddPathSend)
{
    /// <summary>A family with a neighbour.</summary>
    public static BgpFamilyView Of(NeighborFamilyStatus f) => new(
        f.Family.ToString(), f.IsNegotiated, f.Received, f.Accepted, f.Sent, f.Stale, f.MaximumPrefixes, f.Import, f.Export, f.EndOfRibReceived, f.EndOfRibSent, f.AddPathReceive, f.AddPathSend);
}

/// <summary><c>GET /bgp/neighbors/NAME</c>, and each neighbour of <c>GET /bgp</c>. No key.</summary>
internal sealed record BgpNeighborView(
    string Name, string Address, string? LocalAddress, string Vrf, uint RemoteAs, uint LocalAs, string RouterId, bool IsExternal, bool IsDynamic, bool IsDisabled, bool IsReflectorClient,
    string State, long SecondsInState, int TimesEstablished, string LastReason, string LastNotification, long? SecondsToRetry, int HoldSeconds, int KeepaliveSeconds,
    IReadOnlyList<string> Capabilities, IReadOnlyList<string> RemoteCapabilities, bool? BfdUp, int OctetsUnsent, BgpCountsView Received, BgpCountsView Sent, long MalformedUpdates,
    IReadOnlyList<BgpFamilyView> Families)
{
    /// <summary>A neighbour.</summary>
    public static BgpNeighborView Of(NeighborStatus n) => new(
        n.Name, n.Address.ToString(), n.LocalAddress?.ToString(), n.Vrf, n.RemoteAs, n.LocalAs, n.RouterId == 0 ? "" : BgpView.Identifier(n.RouterId), n.IsExternal, n.IsDynamic, n.IsDisabled,
        n.IsReflectorClient, ViewBuilder.Name(n.State), n.SecondsInState, n.TimesEstablished, n.LastReason, n.LastNotification, n.SecondsToRetry, n.HoldSeconds, n.KeepaliveSeconds,
        n.Capabilities, n.RemoteCapabilities, n.BfdUp, n.OctetsUnsent, BgpCountsView.Of(n.Received), BgpCountsView.Of(n.Sent), n.MalformedUpdates, [.. n.Families.Select(BgpFamilyView.Of)]);
}
