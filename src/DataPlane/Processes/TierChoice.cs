using Appliance.Crypto;
using Appliance.Shared;

namespace Appliance.DataPlane;

/// <summary>Which AES-GCM tier runs: what the region or the plan asks for where this machine has it, else the fastest.</summary>
internal static class TierChoice
{
    public static AesGcmTier Choose(Region region, LaunchPlan plan)
    {
        var wanted = (AesGcmTier)region.Header.CryptoTierWanted;
        if (wanted == 0 && plan.CryptoTier != "auto" && !Enum.TryParse(plan.CryptoTier, ignoreCase: true, out wanted)) Log.Say($"crypto_tier '{plan.CryptoTier}' is unknown: auto");
        if (wanted == 0) return CryptoTiers.Best();
        if (CryptoTiers.IsSupported(wanted)) return wanted;
        var best = CryptoTiers.Best();
        Log.Say($"{CryptoTiers.Describe(wanted)}; {CryptoTiers.Describe(best)} runs instead");
        return best;
    }
}
