using Appliance.Machine;

namespace Appliance.Ike.Children;

/// <summary>When things are rekeyed and when they end. Milliseconds.</summary>
internal static class ChildLifetimes
{
    /// <summary>A child that replaces another sends by then, also when the peer neither deleted the old one nor said anything else.</summary>
    public const long ActivationAtLatest = 30_000;

    /// <summary>Whether the peer sends by it is asked so often until then. Milliseconds.</summary>
    public const long ActivationPoll = 1000;

    /// <summary>Rekeying: less up to a tenth by chance, so that both ends seldom begin together (RFC 7296 §2.8.1). 0 for never.</summary>
    public static long Soft(int seconds, Entropy entropy) => seconds == 0 ? 0 : (seconds * 1000L) - entropy.Below(seconds * 100L);

    /// <summary>The end, a tenth later. 0 for never.</summary>
    public static long Hard(int seconds) => seconds * 1100L;

    /// <summary>Of a child.</summary>
    public static long Hard(ChildTemplate template) => Hard(template.RekeySeconds);
}
