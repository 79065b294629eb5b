using Appliance.Shared;

namespace Appliance.Policy;

/// <summary>Prefixes of both families, asked whether one of them contains an address.</summary>
public sealed class PrefixSet
{
    private readonly HashSet<IpPrefix> prefixes;
    private readonly int[] lengthsV4, lengthsV6;

    /// <summary>A set of these.</summary>
    public PrefixSet(IEnumerable<IpPrefix> of)
    {
        prefixes = [.. of];
        lengthsV4 = [.. prefixes.Where(p => p.IsV4).Select(p => p.Length).Distinct()];
        lengthsV6 = [.. prefixes.Where(p => !p.IsV4).Select(p => p.Length).Distinct()];
    }

    /// <summary>Whether one of the prefixes contains the address.</summary>
    public bool Contains(IpAddress address) => (address.IsV4 ? lengthsV4 : lengthsV6).Any(l => prefixes.Contains(new IpPrefix(address, l)));
}
