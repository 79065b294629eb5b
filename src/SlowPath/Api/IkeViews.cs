using Appliance.Ike;
using Appliance.Ike.Keys;
using Appliance.SlowPath.Ike;

namespace Appliance.SlowPath.Api;

internal sealed record IkeView(IReadOnlyList<IkeSaView> Sas, IReadOnlyList<IkePeerView> Peers)
{
    /// <summary>All IKE SAs and peers.</summary>
    public static IkeView Of(IkeService ike) => new([.. ike.Sas.Select(IkeSaView.Of)], [.. ike.Peers.Select(p => new IkePeerView(p.Peer, p.State, p.LastProblem, p.NextAttemptSeconds, p.Attempts))]);
}

internal sealed record DrainView(bool Draining, string? RedirectTo, int AskedToMove, IReadOnlyList<string> Staying)
{
    /// <summary>A node that goes out of service, or does not.</summary>
    public static DrainView Of(IkeDrainStatus drain) => new(drain.Draining, drain.RedirectTo, drain.AskedToMove, drain.Staying);
}

internal sealed record IkePeerView(string Peer, string State, string LastProblem, long? NextAttemptSeconds, ulong Attempts);

internal sealed record IkeSaView(
    string Peer, string State, bool IsInitiator, string InitiatorSpi, string ResponderSpi, string Local, string Remote, string LocalIdentity, string RemoteIdentity, string Suite, string Nat,
    long AgeSeconds, long? RekeySeconds, IReadOnlyList<string> Extensions, IReadOnlyList<IkeChildView> Children)
{
    /// <summary>SPIs as text: a reader of JSON may hold numbers in 53 bits.</summary>
    public static IkeSaView Of(IkeSaStatus sa) => new(
        sa.Peer, sa.State, sa.IsInitiator, $"0x{sa.InitiatorSpi:x16}", $"0x{sa.ResponderSpi:x16}", sa.Local, sa.Remote, sa.LocalIdentity, sa.RemoteIdentity, sa.Suite, sa.Nat,
        sa.AgeSeconds, sa.RekeySeconds, sa.Extensions, [.. sa.Children.Select(IkeChildView.Of)]);
}

internal sealed record IkeChildView(
    string Tunnel, string Instance, string State, string InboundSpi, string OutboundSpi, string Mode, bool PeerTunnels, string Encryption, string Integrity, bool Esn, string Local, string Remote,
    bool UdpEncapsulation, IReadOnlyList<string> LocalSelectors, IReadOnlyList<string> RemoteSelectors, int ReplayWindow, bool Tfc, int? Worker, long AgeSeconds, long? RekeySeconds)
{
    /// <summary>A child without its keys.</summary>
    public static IkeChildView Of(ChildSaStatus status)
    {
        var child = status.Child;
        return new IkeChildView(
            child.Tunnel, child.Instance, status.State, $"0x{child.InboundSpi:x8}", $"0x{child.OutboundSpi:x8}", ModeName(child.Mode), child.PeerTunnels, AlgorithmNames.Of(child.Encryption),
            AlgorithmNames.Of(child.Integrity), child.Esn, child.Local.ToString(), child.Remote.ToString(), child.UdpEncapsulation, [.. child.LocalSelectors.Select(s => s.ToString())],
            [.. child.RemoteSelectors.Select(s => s.ToString())], child.ReplayWindow, child.Tfc, child.Worker, status.AgeSeconds, status.RekeySeconds);
    }

    private static string ModeName(ChildMode mode) => mode switch { ChildMode.Transport => "transport", ChildMode.IipTran => "iiptran", _ => "tunnel" };
}
