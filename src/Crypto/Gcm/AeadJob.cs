using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Appliance.Crypto;

/// <summary>
/// One packet for an own kernel: a cache line, shared with native-shim (<c>struct aead_job</c>). All pointers are to pinned or native memory that outlives the call.
/// The AAD comes in registers because building it next to the packet would stall the loads that follow.
/// </summary>
[StructLayout(LayoutKind.Sequential, Size = Size)]
public unsafe struct AeadJob
{
    /// <summary>Octets of a job.</summary>
    public const int Size = 64;

    /// <summary>Longest <see cref="Length"/> in octets that the kernels take; longer jobs must not be made.</summary>
    public const int MaxLength = 1 << 20;

    /// <summary>Key block (<see cref="KeyBlock"/>), 16-byte aligned.</summary>
    public byte* Key;

    /// <summary>What is encrypted or decrypted in place. For GMAC: the first octet after the AAD prefix, that is the explicit IV, which is authenticated with the payload.</summary>
    public byte* Data;

    /// <summary>The 8 octets of the explicit IV.</summary>
    public byte* Iv;

    /// <summary>16 octets: written by encryption and sealing, read by decryption and opening.</summary>
    public byte* Tag;

    /// <summary>Octets at <see cref="Data"/>.</summary>
    public uint Length;

    /// <summary>Octets of the AAD (for GMAC: of the AAD prefix): 8, or 12 with ESN.</summary>
    public byte AadLength;

    /// <summary>Octets of the AES key: 16 or 32.</summary>
    public byte KeyLength;

    /// <summary>The caller's own.</summary>
    public ushort Index;

    /// <summary>First 8 octets of the AAD as in memory: SPI and sequence number, with ESN SPI and its high half (RFC 4106 §5).</summary>
    public ulong Aad0;

    /// <summary>With ESN the low half of the sequence number as in memory; else not read.</summary>
    public uint Aad1;

    /// <summary>Set by the kernel: 1 when the tag matched, else 0, and then the data is wiped. Encryption sets 1.</summary>
    public uint Ok;

    /// <summary>
    /// Fills a job, for rooms without unsafe code. The references must be to pinned or native memory: they are kept as pointers.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Set(
        ref AeadJob job, ref byte keyBlock, ref byte iv, ref byte data, ref byte tag, uint length, byte aadLength, byte keyLength, ushort index, ulong aad0, uint aad1)
    {
        job.Key = (byte*)Unsafe.AsPointer(ref keyBlock);
        job.Data = (byte*)Unsafe.AsPointer(ref data);
        job.Iv = (byte*)Unsafe.AsPointer(ref iv);
        job.Tag = (byte*)Unsafe.AsPointer(ref tag);
        job.Length = length;
        job.AadLength = aadLength;
        job.KeyLength = keyLength;
        job.Index = index;
        job.Aad0 = aad0;
        job.Aad1 = aad1;
    }
}
