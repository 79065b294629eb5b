using Appliance.Shared;

namespace Appliance.Policy;

/// <summary>Why a prefix is protected, or discarded.</summary>
public enum ProtectionReason : byte
{
    /// <summary>Announced with an identity that is accepted: it leads into tunnels.</summary>
    Accepted,

    /// <summary>It was announced with an identity, and nobody announces it now.</summary>
    Withdrawn,

    /// <summary>It was announced with an identity, and comes without one now: stripped, or hijacked.</summary>
    WithoutIdentity,

    /// <summary>It comes without an identity and lies in a prefix that was announced with one.</summary>
    InsideRemembered,

    /// <summary>It comes without an identity and lies in a range of <c>protected</c>.</summary>
    InsideProtected,

    /// <summary>No <c>accept</c> rule names the neighbour.</summary>
    NeighborNotAccepted,

    /// <summary>No <c>accept</c> rule of the neighbour names the gateway.</summary>
    GatewayNotAccepted,

    /// <summary>No <c>accept</c> rule of the neighbour and the gateway names the prefix.</summary>
    PrefixNotAccepted,

    /// <summary>No entry of the PAD is for the gateway.</summary>
    NoPeer,

    /// <summary>The gateway's entry of the PAD does not let it claim the prefix.</summary>
    NotClaimable,

    /// <summary>No <c>encrypt</c> rule names it, nor does <c>bypass</c>.</summary>
    NeitherEncryptedNorBypassed,

    /// <summary>As many prefixes are remembered as there may be.</summary>
    MemoryFull,

    /// <summary>As many gateways are in use as there may be.</summary>
    TooManyGateways,

    /// <summary>It is accepted, and does not stand on the disk yet that it is protected.</summary>
    NotStored,
}

/// <summary>A prefix that routes made an entry of the SPD for, or that is discarded because it is protected.</summary>
/// <param name="Prefix">The prefix.</param>
/// <param name="Gateways">Gateways whose tunnels it leads into; of what is refused the gateway that was claimed; else none.</param>
/// <param name="Neighbors">Whom the route is from; none when it is withdrawn.</param>
/// <param name="Reason">Why.</param>
/// <param name="Since">Since when, in the caller's milliseconds.</param>
public sealed record ProtectedRoute(IpPrefix Prefix, IReadOnlyList<IpAddress> Gateways, IReadOnlyList<string> Neighbors, ProtectionReason Reason, long Since)
{
    /// <summary>It leads into tunnels; otherwise it is discarded.</summary>
    public bool IsForwarded => Reason == ProtectionReason.Accepted;

    /// <summary>What is going on and what to do, as a sentence.</summary>
    public string Explanation => Reason switch
    {
        ProtectionReason.Accepted => $"announced by {Who} with Security Gateway Identity {Where}",
        ProtectionReason.Withdrawn => "no longer announced: discarded since it was protected once; 'appliance protected clear' forgets it",
        ProtectionReason.WithoutIdentity => $"announced by {Who} without the Security Gateway Identity it had: discarded; when that is meant, 'appliance protected clear' forgets it",
        ProtectionReason.InsideRemembered => $"announced by {Who} without a Security Gateway Identity inside a prefix that had one: discarded; when that is meant, 'appliance protected clear' forgets that",
        ProtectionReason.InsideProtected => $"announced by {Who} without a Security Gateway Identity inside a range of 'protected': discarded",
        ProtectionReason.NeighborNotAccepted => $"identity {Where} from {Who} is refused: no rule of ce: accept names this neighbour",
        ProtectionReason.GatewayNotAccepted => $"identity {Where} from {Who} is refused: no rule of ce: accept for this neighbour names the gateway",
        ProtectionReason.PrefixNotAccepted => $"identity {Where} from {Who} is refused: no rule of ce: accept lets this gateway announce the prefix",
        ProtectionReason.NoPeer => $"identity {Where} from {Who} is refused: no entry of the PAD is for this gateway; write ce: peer or a peer with its address",
        ProtectionReason.NotClaimable => $"identity {Where} from {Who} is refused: the gateway's entry of the PAD does not allow the prefix ('allowed')",
        ProtectionReason.NeitherEncryptedNorBypassed => $"identity {Where} from {Who}: no rule of ce: encrypt names the prefix and ce: bypass does not list it",
        ProtectionReason.NotStored => $"identity {Where} from {Who} is accepted: discarded until it stands on the disk that the prefix is protected",
        ProtectionReason.TooManyGateways => $"identity {Where} from {Who} is refused: there is no room for a tunnel to another gateway; raise region: tunnels",
        _ => $"identity {Where} from {Who} is refused: as many prefixes are remembered as there may be; 'appliance protected clear' forgets some",
    };

    private string Who => Neighbors.Count > 0 ? string.Join(", ", Neighbors) : "nobody";

    private string Where => string.Join(", ", Gateways);
}
