using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Appliance.Crypto;

namespace Appliance.LineRate.Crypto;

/// <summary>64 ESP packets of one size in native memory, with all that any contender needs to crypt them: header of 8 octets, IV of 8, data, tag.</summary>
internal sealed unsafe class PacketSet : IDisposable
{
    internal const int Count = 64;
    internal const int HeaderLength = 8;
    internal const int DataOffset = 16;
    internal const int TagLength = 16;

    private readonly byte* memory;

    internal PacketSet(int size, int keyLength)
    {
        Size = size;
        KeyLength = keyLength;
        Stride = (DataOffset + size + TagLength + 127) & ~63;
        memory = (byte*)NativeMemory.AlignedAlloc((nuint)(KeyBlock.Size + Stride * Count), 64);
        RandomNumberGenerator.Fill(new Span<byte>(memory, KeyBlock.Size + Stride * Count));
        RandomNumberGenerator.Fill(Key);
        CipherKey.Expand(Cipher.AesGcm, [.. Key.AsSpan(0, keyLength), .. Salt], Block);
        for (var i = 0; i < Count; i++)
        {
            var packet = Packet(i);
            AeadJob.Set(
                ref Jobs[i], ref *memory, ref *(packet + HeaderLength), ref *(packet + DataOffset), ref *(packet + DataOffset + size), (uint)size, HeaderLength, (byte)keyLength,
                (ushort)i, *(ulong*)packet, 0);
        }
    }

    internal int Size { get; }

    internal int KeyLength { get; }

    internal int Stride { get; }

    /// <summary>32 octets, of which AES-128 uses the first half.</summary>
    internal byte[] Key { get; } = new byte[32];

    internal byte[] Salt { get; } = [1, 2, 3, 4];

    internal Span<byte> Block => new(memory, KeyBlock.Size);

    internal AeadJob[] Jobs { get; } = GC.AllocateArray<AeadJob>(Count, pinned: true);

    internal byte* Packet(int i) => memory + KeyBlock.Size + i * Stride;

    public void Dispose() => NativeMemory.AlignedFree(memory);
}
