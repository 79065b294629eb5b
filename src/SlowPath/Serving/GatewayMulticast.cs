using Appliance.Policy;
using Appliance.Shared;
using Microsoft.Extensions.Logging;

namespace Appliance.SlowPath.Serving;

/// <summary>Multicast that the XDP programs of ports inside shall hand to the workers.</summary>
internal sealed partial class Gateway
{
    private IReadOnlyCollection<IpPrefix> multicast = [];
    private bool hasSaidMulticastFull;

    /// <summary>Somebody wants these, and nothing else: the outermost of them are told. Until <see cref="LearnedComplete"/> what an earlier process told stays too.</summary>
    public void WantMulticast(IEnumerable<IpPrefix> prefixes)
    {
        multicast = [.. prefixes];
        WriteMulticast();
    }

    private void WriteMulticast()
    {
        var outermost = new List<IpPrefix>();
        foreach (var prefix in (learnedKernel.IsComplete ? multicast : multicast.Concat(tables.Multicast())).Distinct().Order())
            if (outermost.Count == 0 || !outermost[^1].Contains(prefix))
                outermost.Add(prefix);
        var left = tables.WriteMulticast(outermost);
        if (left > 0 && !hasSaidMulticastFull)
            log.LogError("multicast: {Left} of {All} separate ranges are not forwarded from hosts here, since {Most} find room: use fewer and larger ones", left, outermost.Count, Region.MaximumMulticastPrefixes);
        hasSaidMulticastFull = left > 0;
    }
}
