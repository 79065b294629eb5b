namespace Appliance.Crypto.Tests;

/// <summary>Everything that does AES-GCM over jobs, by name: the tiers, and the code paths in them that this processor would not choose by itself.</summary>
public static unsafe class Kernels
{
    internal delegate void Batch(Span<AeadJob> jobs);

    internal sealed record Kernel(string Name, bool Supported, Batch Encrypt, Batch Decrypt, Batch GmacSeal, Batch GmacOpen);

    internal static readonly Kernel[] All =
    [
        Of<ManagedKernel>("managed", ManagedKernel.IsSupported),
        Of<VaesKernel>("vaes", VaesKernel.IsSupported),
        Of<VaesKernel>("vaes, each alone", VaesKernel.IsSupported) with
        {
            Encrypt = jobs => VaesKernel.Run(VaesLibrary.EncryptOnes, jobs),
            Decrypt = jobs => VaesKernel.Run(VaesLibrary.DecryptOnes, jobs),
        },
        Of<VaesKernel>("vaes, four at once", VaesKernel.IsSupported) with
        {
            Encrypt = jobs => VaesKernel.Run(VaesLibrary.EncryptFours, jobs),
            Decrypt = jobs => VaesKernel.Run(VaesLibrary.DecryptFours, jobs),
        },
        new("portable", ManagedKernel.IsSupported, Each(PortableGcm.Encrypt), Each(PortableGcm.Decrypt), Each(PortableGcm.GmacSeal), Each(PortableGcm.GmacOpen)),
    ];

    public static IEnumerable<object[]> Names => All.Select(kernel => new object[] { kernel.Name });

    internal static Kernel Get(string name)
    {
        var kernel = All.Single(k => k.Name == name);
        Skip.IfNot(kernel.Supported, $"{name}: {CryptoTiers.Describe(name.StartsWith("vaes", StringComparison.Ordinal) ? AesGcmTier.Vaes : AesGcmTier.Managed)}");
        return kernel;
    }

    private static Kernel Of<T>(string name, bool supported)
        where T : struct, IAesGcmKernel => new(name, supported, T.Encrypt, T.Decrypt, T.GmacSeal, T.GmacOpen);

    private delegate void One(AeadJob* job);

    private static Batch Each(One one) => jobs =>
    {
        fixed (AeadJob* first = jobs)
            for (var i = 0; i < jobs.Length; i++)
                one(first + i);
    };
}
