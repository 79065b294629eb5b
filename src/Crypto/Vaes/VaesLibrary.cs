using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;

namespace Appliance.Crypto;

/// <summary>native-shim's <c>libappliance_vaes.so</c>, which the build puts beside this assembly: found, checked against the processor and bound once.</summary>
internal static unsafe class VaesLibrary
{
    private const string FileName = "libappliance_vaes.so";

    /// <summary>Why the tier does not run; null when it does.</summary>
    internal static readonly string? WhyNot;

    // No GC transition: a call returns after about a microsecond's work and tells how many jobs it did.
    internal static readonly delegate* unmanaged[SuppressGCTransition]<AeadJob*, uint, uint> Encrypt;
    internal static readonly delegate* unmanaged[SuppressGCTransition]<AeadJob*, uint, uint> Decrypt;
    internal static readonly delegate* unmanaged[SuppressGCTransition]<AeadJob*, uint, uint> GmacSeal;
    internal static readonly delegate* unmanaged[SuppressGCTransition]<AeadJob*, uint, uint> GmacOpen;

    // Small packets four at a time or each alone: the library has both, the processor decides.
    internal static readonly delegate* unmanaged[SuppressGCTransition]<AeadJob*, uint, uint> EncryptFours;
    internal static readonly delegate* unmanaged[SuppressGCTransition]<AeadJob*, uint, uint> DecryptFours;
    internal static readonly delegate* unmanaged[SuppressGCTransition]<AeadJob*, uint, uint> EncryptOnes;
    internal static readonly delegate* unmanaged[SuppressGCTransition]<AeadJob*, uint, uint> DecryptOnes;

    static VaesLibrary()
    {
        WhyNot = WhyProcessorCannot();
        if (WhyNot is not null)
            return;
        var path = Path.Combine(AppContext.BaseDirectory, FileName);
        if (!NativeLibrary.TryLoad(path, out var library))
        {
            WhyNot = $"{path} does not load";
            return;
        }

        EncryptOnes = Bind(library, "appliance_vaes_encrypt");
        DecryptOnes = Bind(library, "appliance_vaes_decrypt");
        EncryptFours = Bind(library, "appliance_vaes_encrypt_fours");
        DecryptFours = Bind(library, "appliance_vaes_decrypt_fours");
        GmacSeal = Bind(library, "appliance_vaes_gmac_seal");
        GmacOpen = Bind(library, "appliance_vaes_gmac_open");
        Encrypt = PrefersFours() ? EncryptFours : EncryptOnes;
        Decrypt = PrefersFours() ? DecryptFours : DecryptOnes;
    }

    private static delegate* unmanaged[SuppressGCTransition]<AeadJob*, uint, uint> Bind(nint library, string name) =>
        (delegate* unmanaged[SuppressGCTransition]<AeadJob*, uint, uint>)NativeLibrary.GetExport(library, name);

    private static string? WhyProcessorCannot()
    {
        if (!OperatingSystem.IsLinux() || !X86Base.X64.IsSupported)
            return "it is for x86-64 Linux";
        // .NET has checked that the operating system saves the 512-bit registers before it says that these are supported.
        if (!Avx512F.IsSupported || !Avx512BW.VL.IsSupported || !Avx512DQ.IsSupported || !Bmi2.IsSupported || !Pclmulqdq.IsSupported)
            return "the processor lacks AVX-512";
        const int Vaes = 1 << 9, Vpclmulqdq = 1 << 10;
        return (X86Base.CpuId(7, 0).Ecx & (Vaes | Vpclmulqdq)) == (Vaes | Vpclmulqdq) ? null : "the processor lacks VAES or VPCLMULQDQ";
    }

    /// <summary>AMD's cores gain from it; Intel's have a window so large that it costs more than it brings (native-shim/vaes/vaes.c).</summary>
    private static bool PrefersFours() => X86Base.CpuId(0, 0).Ecx == 0x444d4163; // "cAMD" of AuthenticAMD
}
