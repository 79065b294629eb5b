namespace Appliance.Crypto;

/// <summary>What AES-GCM tiers this machine can run.</summary>
public static class CryptoTiers
{
    /// <summary>The fastest tier that runs here.</summary>
    public static AesGcmTier Best() =>
        IsSupported(AesGcmTier.Vaes) ? AesGcmTier.Vaes : IsSupported(AesGcmTier.Managed) ? AesGcmTier.Managed : AesGcmTier.Bcl;

    /// <summary>Whether a tier runs here.</summary>
    public static bool IsSupported(AesGcmTier tier) => tier switch
    {
        AesGcmTier.Bcl => System.Security.Cryptography.AesGcm.IsSupported,
        AesGcmTier.Managed => ManagedKernel.IsSupported,
        AesGcmTier.Vaes => VaesKernel.IsSupported,
        _ => false,
    };

    /// <summary>One line for people: the tier, what it uses, and why it does not run here if so.</summary>
    public static string Describe(AesGcmTier tier) => tier switch
    {
        AesGcmTier.Vaes => "vaes: VAES-512 and VPCLMULQDQ in C" + Missing(VaesKernel.WhyNot),
        AesGcmTier.Managed => $"managed: AES-NI and PCLMULQDQ of {(WideGcm.IsSupported ? 256 : 128)} bits in C#"
            + Missing(ManagedKernel.IsSupported ? null : "the processor lacks AES-NI, PCLMULQDQ or SSSE3"),
        AesGcmTier.Bcl => "bcl: System.Security.Cryptography.AesGcm" + Missing(IsSupported(tier) ? null : "the platform lacks AES-GCM"),
        _ => "unknown tier",
    };

    private static string Missing(string? why) => why is null ? "" : $" (not here: {why})";
}
