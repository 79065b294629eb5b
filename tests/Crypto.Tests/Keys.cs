using System.Security.Cryptography;

namespace Appliance.Crypto.Tests;

/// <summary>A key, expanded right before a page that faults, and the BCL's object for the same key.</summary>
internal sealed unsafe class TestKey : IDisposable
{
    private readonly GuardedPacket memory = new(KeyBlock.Size);

    internal TestKey(ReadOnlySpan<byte> key, ReadOnlySpan<byte> salt)
    {
        Block = memory.Place(Placement.BeforeGuard, KeyBlock.Size);
        Salt = salt.ToArray();
        KeyLength = key.Length;
        AesGcmKey.Expand(key, salt, new Span<byte>(Block, KeyBlock.Size));
        Judge = new AesGcm(key, 16);
    }

    internal byte* Block { get; }

    internal byte[] Salt { get; }

    internal int KeyLength { get; }

    internal AesGcm Judge { get; }

    internal static TestKey Random(int keyLength, Random random)
    {
        var bytes = new byte[keyLength + 4];
        random.NextBytes(bytes);
        return new TestKey(bytes.AsSpan(0, keyLength), bytes.AsSpan(keyLength));
    }

    internal byte[] Nonce(ReadOnlySpan<byte> iv) => [.. Salt, .. iv];

    public void Dispose()
    {
        memory.Dispose();
        Judge.Dispose();
    }
}
