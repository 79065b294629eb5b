namespace Appliance.Policy;

/// <summary>What is known of a tunnel's SAs and path.</summary>
/// <param name="Shape">The largest overhead among its outbound SAs.</param>
/// <param name="LearnedPathMtu">Path MTU in octets from ICMP; 0 for none.</param>
public readonly record struct TunnelFacts(EspShape Shape, int LearnedPathMtu)
{
    /// <summary>No SA, and nothing learned.</summary>
    public static TunnelFacts None => new(EspShape.AesGcm, 0);
}

/// <summary>All that the tables depend on.</summary>
public sealed record PolicyInputs(GatewayConfiguration Configuration, KernelView Kernel)
{
    /// <summary>Facts by tunnel; absent: no SA and nothing learned.</summary>
    public IReadOnlyDictionary<string, TunnelFacts> Tunnels { get; init; } = new Dictionary<string, TunnelFacts>();

    /// <summary>
    /// Tunnels with the ends that they have now, instances of templates included, in their order; null for those of the configuration.
    /// </summary>
    public IReadOnlyCollection<TunnelConfiguration>? Effective { get; init; }
}
