using Appliance.Shared;

namespace Appliance.Policy;

/// <summary>What a step of <see cref="SecurityGateways"/> leads to, to be applied in the order of the members.</summary>
public sealed class SecurityGatewayChanges
{
    /// <summary>Prefixes to remember for good.</summary>
    public HashSet<IpPrefix> Remembered { get; } = [];

    /// <summary>Prefixes that need not be remembered any more: a wider one is, or the operator cleared them.</summary>
    public HashSet<IpPrefix> Forgotten { get; } = [];

    /// <summary>Gateways that are in use now: they need tunnels before the routes are applied.</summary>
    public List<IpAddress> NewGateways { get; } = [];

    /// <summary>Where prefixes lead now.</summary>
    public List<LearnedChange> Routes { get; } = [];

    /// <summary>Gateways that no prefix leads to any more.</summary>
    public List<IpAddress> GoneGateways { get; } = [];

    /// <summary>Protected prefixes that are discarded now and were not, or for another reason: for the log.</summary>
    public List<ProtectedRoute> Discarded { get; } = [];

    /// <summary>Nothing is to be done.</summary>
    public bool IsEmpty => Remembered.Count + Forgotten.Count + NewGateways.Count + Routes.Count + GoneGateways.Count + Discarded.Count == 0;
}
