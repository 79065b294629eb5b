using System.Buffers.Binary;

namespace Appliance.Crypto.Tests;

/// <summary>Every kernel against AesGcm of the BCL for every length from 0 to 9000, in guarded memory, in batches of mixed lengths, keys and AAD lengths.</summary>
public sealed unsafe class EveryLengthTests
{
    private const int MaxLength = 9000;
    private const int BatchSize = 24;

    [SkippableTheory]
    [MemberData(nameof(Kernels.Names), MemberType = typeof(Kernels))]
    public void AesGcmAgreesWithTheBclForEveryLengthAndTouchesNothingElse(string name) => Run(Kernels.Get(name), gmac: false);

    [SkippableTheory]
    [MemberData(nameof(Kernels.Names), MemberType = typeof(Kernels))]
    public void Rfc4543_GmacAgreesWithTheBclForEveryLengthAndTouchesNothingElse(string name) => Run(Kernels.Get(name), gmac: true);

    private static void Run(Kernels.Kernel kernel, bool gmac)
    {
        var random = new Random(20261121);
        TestKey[] keys = [TestKey.Random(16, random), TestKey.Random(32, random), TestKey.Random(16, random), TestKey.Random(32, random)];
        using var data = new DisposableList<GuardedPacket>(BatchSize, () => new GuardedPacket(MaxLength + 200));
        using var small = new DisposableList<GuardedPacket>(BatchSize, () => new GuardedPacket(64));
        var batch = new PacketBatch(kernel, gmac, data.Items, small.Items);

        // Each length takes every combination of key length, AAD length and placement over four passes; in a batch long and short packets mix, and four small ones meet.
        for (var pass = 0; pass < 4; pass++)
        {
            for (var length = 0; length <= MaxLength; length++)
            {
                batch.Add(keys[pass % 2 + 2 * (length & 1)], (pass & 2) == 0 ? (byte)8 : (byte)12, (Placement)((length + pass) % 3), length, random);
                if (length % 5 == 0)
                    for (var i = 0; i < 4; i++)
                        batch.Add(keys[pass % 2 + 2 * (i & 1)], (i & 1) == 0 ? (byte)8 : (byte)12, (Placement)((length / 5 + i) % 3), random.Next(81), random);
            }

            batch.Flush();
        }

        foreach (var key in keys)
            key.Dispose();
    }

    private sealed class DisposableList<T>(int count, Func<T> make) : IDisposable
        where T : IDisposable
    {
        internal T[] Items { get; } = [.. Enumerable.Range(0, count).Select(_ => make())];

        public void Dispose()
        {
            foreach (var item in Items)
                item.Dispose();
        }
    }

    /// <summary>Gathers packets, runs the kernel over them there and back, and asserts after each step.</summary>
    private sealed class PacketBatch(Kernels.Kernel kernel, bool gmac, GuardedPacket[] data, GuardedPacket[] small)
    {
        /// <summary>A seeded generator is slow; packets are pieces of this.</summary>
        private static readonly byte[] Noise = MakeNoise();

        private readonly AeadJob[] jobs = GC.AllocateArray<AeadJob>(BatchSize, pinned: true);
        private readonly byte[][] plain = new byte[BatchSize][];
        private readonly byte[][] cipher = new byte[BatchSize][];
        private readonly byte[][] tags = new byte[BatchSize][];
        private readonly bool[] tagBehind = new bool[BatchSize];
        private int count;

        internal void Add(TestKey key, byte aadLength, Placement placement, int length, Random random)
        {
            var i = count++;
            plain[i] = Noise.AsSpan(random.Next(Noise.Length - length), length).ToArray();
            Span<byte> aad = stackalloc byte[12];
            random.NextBytes(aad);
            ref var job = ref jobs[i];
            job.Key = key.Block;
            job.KeyLength = (byte)key.KeyLength;
            job.AadLength = aadLength;
            job.Aad0 = BinaryPrimitives.ReadUInt64LittleEndian(aad);
            job.Aad1 = BinaryPrimitives.ReadUInt32LittleEndian(aad[8..]);
            job.Length = (uint)length;
            job.Data = data[i].Place(placement, length, 16);
            job.Iv = small[i].Place(Placement.BeforeGuard, 8);
            tagBehind[i] = placement == Placement.Inside;
            job.Tag = tagBehind[i] ? job.Data + length : small[i].Start;
            random.NextBytes(new Span<byte>(job.Iv, 8));
            plain[i].CopyTo(new Span<byte>(job.Data, length));
            tags[i] = new byte[16];
            cipher[i] = new byte[length];
            var nonce = key.Nonce(new ReadOnlySpan<byte>(job.Iv, 8));
            if (gmac)
            {
                key.Judge.Encrypt(nonce, ReadOnlySpan<byte>.Empty, [], tags[i], [.. aad[..aadLength], .. plain[i]]);
                cipher[i] = plain[i];
            }
            else
            {
                key.Judge.Encrypt(nonce, plain[i], cipher[i], tags[i], aad[..aadLength]);
            }

            if (count == BatchSize)
                Flush();
        }

        internal void Flush()
        {
            var batch = jobs.AsSpan(0, count);
            (gmac ? kernel.GmacSeal : kernel.Encrypt)(batch);
            foreach (var i in Indices)
                Same(i, "sealed", cipher[i], tags[i], ok: 1);
            (gmac ? kernel.GmacOpen : kernel.Decrypt)(batch);
            foreach (var i in Indices)
                Same(i, "opened", plain[i], tags[i], ok: 1);

            // One bit of every other tag is wrong: those packets are wiped (GMAC has nothing to hide), their neighbours in the batch are not.
            foreach (var i in Indices)
            {
                cipher[i].CopyTo(new Span<byte>(jobs[i].Data, cipher[i].Length));
                if (i % 2 == 0)
                    jobs[i].Tag[i / 2 % 16] ^= (byte)(1 << (i % 8));
            }

            (gmac ? kernel.GmacOpen : kernel.Decrypt)(batch);
            foreach (var i in Indices)
            {
                if (i % 2 == 0)
                    jobs[i].Tag[i / 2 % 16] ^= (byte)(1 << (i % 8));
                Same(i, "opened with a wrong tag", i % 2 == 1 || gmac ? plain[i] : new byte[plain[i].Length], tags[i], ok: (uint)(i % 2));
                var touched = (int)jobs[i].Length + (tagBehind[i] ? 16 : 0);
                Assert.True(data[i].OnlyTouched(jobs[i].Data, touched), $"{kernel.Name}: wrote outside of {jobs[i].Length} octets");
            }

            count = 0;
        }

        private IEnumerable<int> Indices => Enumerable.Range(0, count);

        private void Same(int i, string step, byte[] octets, byte[] tag, uint ok)
        {
            ref var job = ref jobs[i];
            var wrong = ok != job.Ok ? $"Ok is {job.Ok}"
                : !octets.AsSpan().SequenceEqual(new ReadOnlySpan<byte>(job.Data, octets.Length)) ? "data"
                : !tag.AsSpan().SequenceEqual(new ReadOnlySpan<byte>(job.Tag, 16)) ? "tag" : null;
            if (wrong is not null)
                Assert.Fail($"{kernel.Name}, {step}: {job.Length} octets, key {job.KeyLength}, AAD {job.AadLength}, job {i}: {wrong}");
        }

        private static byte[] MakeNoise()
        {
            var noise = new byte[64 * 1024];
            new Random(1).NextBytes(noise);
            return noise;
        }
    }
}
