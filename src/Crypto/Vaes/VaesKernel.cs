namespace Appliance.Crypto;

/// <summary>The VAES tier.</summary>
public readonly struct VaesKernel : IAesGcmKernel
{
    /// <summary>Whether processor and library are there.</summary>
    public static bool IsSupported => WhyNot is null;

    /// <summary>What is missing; null when nothing is.</summary>
    public static string? WhyNot => "native-shim is not built in";

    /// <inheritdoc/>
    public static void Encrypt(Span<AeadJob> jobs) => ManagedKernel.Encrypt(jobs);

    /// <inheritdoc/>
    public static void Decrypt(Span<AeadJob> jobs) => ManagedKernel.Decrypt(jobs);

    /// <inheritdoc/>
    public static void GmacSeal(Span<AeadJob> jobs) => ManagedKernel.GmacSeal(jobs);

    /// <inheritdoc/>
    public static void GmacOpen(Span<AeadJob> jobs) => ManagedKernel.GmacOpen(jobs);
}
