using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Appliance.Crypto;
using BenchmarkDotNet.Attributes;

namespace Appliance.Benchmarks;

/// <summary>The AES-GCM kernels over 64 packets under one key; <see cref="Tier"/> that this processor lacks reports nothing but an error.</summary>
[MemoryDiagnoser]
public unsafe class GcmBenchmarks
{
    private const int Count = 64;
    private const int DataOffset = 16;
    private const int TagLength = 16;
    private AeadJob[] jobs = [];
    private byte* memory;

    [Params(64, 512, 1420)]
    public int Size { get; set; }

    [Params(16, 32)]
    public int KeyLength { get; set; }

    [Params(AesGcmTier.Managed, AesGcmTier.Vaes)]
    public AesGcmTier Tier { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        if (!CryptoTiers.IsSupported(Tier)) throw new PlatformNotSupportedException($"tier {Tier} does not run here");
        var stride = (DataOffset + Size + TagLength + 63) & ~63;
        memory = (byte*)NativeMemory.AlignedAlloc((nuint)(KeyBlock.Size + stride * Count), 64);
        RandomNumberGenerator.Fill(new Span<byte>(memory, KeyBlock.Size + stride * Count));
        CipherKey.Expand(Cipher.AesGcm, RandomNumberGenerator.GetBytes(KeyLength + 4), new Span<byte>(memory, KeyBlock.Size));
        jobs = GC.AllocateArray<AeadJob>(Count, pinned: true);
        for (var i = 0; i < Count; i++)
        {
            var packet = memory + KeyBlock.Size + i * stride;
            AeadJob.Set(ref jobs[i], ref *memory, ref packet[8], ref packet[DataOffset], ref packet[DataOffset + Size], (uint)Size, 8, (byte)KeyLength, (ushort)i, *(ulong*)packet, 0);
        }
    }

    [GlobalCleanup]
    public void Cleanup() => NativeMemory.AlignedFree(memory);

    [Benchmark(OperationsPerInvoke = Count)]
    public void Encrypt()
    {
        if (Tier == AesGcmTier.Vaes) VaesKernel.Encrypt(jobs);
        else ManagedKernel.Encrypt(jobs);
    }

    [Benchmark(OperationsPerInvoke = Count)]
    public void EncryptAndDecrypt()
    {
        if (Tier == AesGcmTier.Vaes)
        {
            VaesKernel.Encrypt(jobs);
            VaesKernel.Decrypt(jobs);
        }
        else
        {
            ManagedKernel.Encrypt(jobs);
            ManagedKernel.Decrypt(jobs);
        }
    }
}
