using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Appliance.Machine;

/// <summary>
/// Octets that nobody can foresee, from a seed of 32 octets that the host draws (SHA-256 of seed and counter). The same seed gives the same octets, which makes a run
/// repeatable: what comes from here is public on the wire (nonces, SPIs, IVs, jitter); keys are not made of it.
/// </summary>
public sealed class Entropy
{
    /// <summary>Octets of a seed.</summary>
    public const int SeedLength = 32;

    private readonly byte[] input = new byte[SeedLength + 4];
    private readonly byte[] block = new byte[SHA256.HashSizeInBytes];
    private uint counter;
    private int used;

    /// <summary>A source that starts from a seed.</summary>
    /// <exception cref="ArgumentException">The seed is not of <see cref="SeedLength"/> octets.</exception>
    public Entropy(ReadOnlySpan<byte> seed) => Reseed(seed);

    /// <summary>Starts anew, so that a host can keep one object for all steps.</summary>
    public void Reseed(ReadOnlySpan<byte> seed)
    {
        if (seed.Length != SeedLength) throw new ArgumentException($"a seed has {SeedLength} octets", nameof(seed));
        seed.CopyTo(input);
        (counter, used) = (0, block.Length);
    }

    /// <summary>Fills with fresh octets.</summary>
    public void Fill(Span<byte> octets)
    {
        while (!octets.IsEmpty)
        {
            if (used == block.Length) Next();
            var length = Math.Min(octets.Length, block.Length - used);
            block.AsSpan(used, length).CopyTo(octets);
            octets = octets[length..];
            used += length;
        }
    }

    /// <summary>Fresh octets.</summary>
    public byte[] Octets(int length)
    {
        var octets = new byte[length];
        Fill(octets);
        return octets;
    }

    /// <summary>A fresh number of 32 bits.</summary>
    public uint NextUInt32()
    {
        Span<byte> octets = stackalloc byte[4];
        Fill(octets);
        return BinaryPrimitives.ReadUInt32BigEndian(octets);
    }

    /// <summary>A fresh number of 64 bits.</summary>
    public ulong NextUInt64()
    {
        Span<byte> octets = stackalloc byte[8];
        Fill(octets);
        return BinaryPrimitives.ReadUInt64BigEndian(octets);
    }

    /// <summary>A number from 0 up to, not including, <paramref name="bound"/>; the bias of 64 bits is not seen.</summary>
    public long Below(long bound) => bound <= 0 ? 0 : (long)(NextUInt64() % (ulong)bound);

    private void Next()
    {
        BinaryPrimitives.WriteUInt32BigEndian(input.AsSpan(SeedLength), counter++);
        SHA256.HashData(input, block);
        used = 0;
    }
}
