namespace Appliance.Crypto;

/// <summary>The VAES tier: 512-bit AES and carry-less multiplication in C (native-shim/vaes).</summary>
public readonly unsafe struct VaesKernel : IAesGcmKernel
{
    /// <summary>Whether processor and library are there.</summary>
    public static bool IsSupported => VaesLibrary.WhyNot is null;

    /// <summary>What is missing; null when nothing is.</summary>
    public static string? WhyNot => VaesLibrary.WhyNot;

    /// <inheritdoc/>
    public static void Encrypt(Span<AeadJob> jobs) => Run(VaesLibrary.Encrypt, jobs);

    /// <inheritdoc/>
    public static void Decrypt(Span<AeadJob> jobs) => Run(VaesLibrary.Decrypt, jobs);

    /// <inheritdoc/>
    public static void GmacSeal(Span<AeadJob> jobs) => Run(VaesLibrary.GmacSeal, jobs);

    /// <inheritdoc/>
    public static void GmacOpen(Span<AeadJob> jobs) => Run(VaesLibrary.GmacOpen, jobs);

    internal static void Run(delegate* unmanaged[SuppressGCTransition]<AeadJob*, uint, uint> work, Span<AeadJob> jobs)
    {
        fixed (AeadJob* first = jobs)
        {
            var count = (uint)jobs.Length;
            for (var done = 0u; done < count;)
                done += work(first + done, count - done);
        }
    }
}
