using System.Runtime.Intrinsics.X86;

namespace Appliance.Crypto;

/// <summary>The managed tier: C# with AES-NI and PCLMULQDQ.</summary>
public readonly unsafe struct ManagedKernel : IAesGcmKernel
{
    /// <summary>Whether the processor has what it needs.</summary>
    public static bool IsSupported => Aes.IsSupported && Pclmulqdq.IsSupported && Ssse3.IsSupported;

    /// <inheritdoc/>
    public static void Encrypt(Span<AeadJob> jobs)
    {
        fixed (AeadJob* first = jobs)
            for (var job = first; job < first + jobs.Length; job++)
                PortableGcm.Encrypt(job);
    }

    /// <inheritdoc/>
    public static void Decrypt(Span<AeadJob> jobs)
    {
        fixed (AeadJob* first = jobs)
            for (var job = first; job < first + jobs.Length; job++)
                PortableGcm.Decrypt(job);
    }

    /// <inheritdoc/>
    public static void GmacSeal(Span<AeadJob> jobs)
    {
        fixed (AeadJob* first = jobs)
            for (var job = first; job < first + jobs.Length; job++)
                PortableGcm.GmacSeal(job);
    }

    /// <inheritdoc/>
    public static void GmacOpen(Span<AeadJob> jobs)
    {
        fixed (AeadJob* first = jobs)
            for (var job = first; job < first + jobs.Length; job++)
                PortableGcm.GmacOpen(job);
    }
}
