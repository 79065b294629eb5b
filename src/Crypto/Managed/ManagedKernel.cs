using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Appliance.Crypto;

/// <summary>The managed tier: C# with AES-NI and PCLMULQDQ, of 256 bits where there.</summary>
public readonly unsafe struct ManagedKernel : IAesGcmKernel
{
    /// <summary>Whether the processor has what it needs.</summary>
    public static bool IsSupported => Aes.IsSupported && Pclmulqdq.IsSupported && Ssse3.IsSupported;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Encrypt(Span<AeadJob> jobs)
    {
        fixed (AeadJob* first = jobs)
        {
            for (var job = first; job < first + jobs.Length; job++)
            {
                if (!WideGcm.IsSupported)
                {
                    PortableGcm.Encrypt(job);
                    continue;
                }

                WideGcm.Crypt<Encrypting>(job).Store(job->Tag);
                job->Ok = 1;
            }
        }
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Decrypt(Span<AeadJob> jobs)
    {
        fixed (AeadJob* first = jobs)
        {
            for (var job = first; job < first + jobs.Length; job++)
            {
                if (!WideGcm.IsSupported)
                {
                    PortableGcm.Decrypt(job);
                    continue;
                }

                var received = Vector128.Load(job->Tag);
                job->Ok = WideGcm.Crypt<Decrypting>(job) == received ? 1u : 0u;
                if (job->Ok == 0)
                    new Span<byte>(job->Data, (int)job->Length).Clear();
            }
        }
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void GmacSeal(Span<AeadJob> jobs)
    {
        fixed (AeadJob* first = jobs)
        {
            for (var job = first; job < first + jobs.Length; job++)
            {
                if (WideGcm.IsSupported)
                    WideGmac.Seal(job);
                else
                    PortableGcm.GmacSeal(job);
            }
        }
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void GmacOpen(Span<AeadJob> jobs)
    {
        fixed (AeadJob* first = jobs)
        {
            for (var job = first; job < first + jobs.Length; job++)
            {
                if (WideGcm.IsSupported)
                    WideGmac.Open(job);
                else
                    PortableGcm.GmacOpen(job);
            }
        }
    }
}
