using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Appliance.SlowPath.Sas;

/// <summary>
/// Remembers which Sender-IDs were used under which group key, as digests under a secret of this process: a second record with both would begin at the same IVs (RFC 6054 §2). Bounded: the
/// oldest are forgotten, whose keys' lifetimes are long over.
/// </summary>
internal sealed class UsedSenders
{
    /// <summary>Round keys and salt; what follows is computed from them.</summary>
    private const int Compared = 256;
    private const int Maximum = 1 << 16;
    private readonly byte[] secret = RandomNumberGenerator.GetBytes(32);
    private readonly HashSet<UInt128> digests = [];
    private readonly Queue<UInt128> order = new();

    /// <summary>Whether a Sender-ID was used under a key, given as its key block.</summary>
    public bool Contains(ReadOnlySpan<byte> keyBlock, uint senderId) => digests.Contains(Digest(keyBlock, senderId));

    /// <summary>Remembers one.</summary>
    public void Add(ReadOnlySpan<byte> keyBlock, uint senderId)
    {
        var digest = Digest(keyBlock, senderId);
        if (!digests.Add(digest)) return;
        order.Enqueue(digest);
        if (order.Count > Maximum) digests.Remove(order.Dequeue());
    }

    private UInt128 Digest(ReadOnlySpan<byte> keyBlock, uint senderId)
    {
        Span<byte> input = stackalloc byte[Compared + sizeof(uint)];
        keyBlock[..Compared].CopyTo(input);
        BinaryPrimitives.WriteUInt32BigEndian(input[Compared..], senderId);
        Span<byte> digest = stackalloc byte[32];
        HMACSHA256.HashData(secret, input, digest);
        CryptographicOperations.ZeroMemory(input);
        return BinaryPrimitives.ReadUInt128LittleEndian(digest);
    }
}
