using Appliance.Machine;

namespace Appliance.Ike.Children;

/// <summary>When rekeying that the peer put off is tried again (RFC 7296 §2.25): never at once, and not for ever.</summary>
internal static class RekeyRetries
{
    /// <summary>Attempts: 2, 4, 8, … 64 s and 64 s again, about four minutes in all.</summary>
    public const int Most = 8;

    private const long First = 2000;
    private const long Longest = 64_000;

    /// <summary>Milliseconds to wait after so many attempts, more by up to a quarter by chance.</summary>
    public static long Wait(int attempts, Entropy entropy)
    {
        var wait = Math.Min(First << Math.Min(attempts, 10), Longest);
        return wait + entropy.Below(wait / 4);
    }
}
