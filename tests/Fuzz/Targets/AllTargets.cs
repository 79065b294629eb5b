using Appliance.Fuzz.Engine;

namespace Appliance.Fuzz.Targets;

/// <summary>Every target, in the order in which a packet or a file meets them.</summary>
internal static class AllTargets
{
    public static IReadOnlyList<FuzzTarget> List { get; } =
    [
        .. WireTargets.List,
        .. TcpAoTargets.List,
        .. EspTargets.List,
        .. DataPlaneTargets.List,
        .. TunTargets.List,
        .. FileTargets.List,
        .. SlowPathTargets.List,
        .. TextTargets.List,
        .. IkeKeyTargets.List,
        .. CertificateTargets.List,
        .. IkeMessageTargets.List,
        .. IkeMachineTargets.List,
        .. IkeGroupTargets.List,
        .. BgpMessageTargets.List,
        .. BgpUpdateTargets.List,
        .. BfdTargets.List,
        .. BgpMachineTargets.List,
    ];
}
