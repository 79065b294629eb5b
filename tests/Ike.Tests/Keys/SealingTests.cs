using Appliance.Crypto;
using Appliance.Ike.Messages;
using Appliance.Machine;

namespace Appliance.Ike.Keys;

/// <summary>SK and SKF in every cipher: what one side seals the other opens, and nothing else.</summary>
public sealed class SealingTests
{
    private static readonly IkeHeader Header = new(0x1122334455667788, 0x99aabbccddeeff00, PayloadType.None, IkeHeader.Version2, ExchangeType.IkeAuth, HeaderFlags.Initiator, 1, 0);

    public static TheoryData<EncryptionTransform, int, IntegrityTransform> Ciphers() => new()
    {
        { EncryptionTransform.AesGcm16, 128, IntegrityTransform.None },
        { EncryptionTransform.AesGcm16, 256, IntegrityTransform.None },
        { EncryptionTransform.ChaCha20Poly1305, 0, IntegrityTransform.None },
        { EncryptionTransform.AesCbc, 128, IntegrityTransform.HmacSha1Bits96 },
        { EncryptionTransform.AesCbc, 256, IntegrityTransform.HmacSha256Bits128 },
        { EncryptionTransform.AesCbc, 256, IntegrityTransform.HmacSha384Bits192 },
        { EncryptionTransform.AesCbc, 128, IntegrityTransform.HmacSha512Bits256 },
    };

    [Theory]
    [MemberData(nameof(Ciphers))]
    public void Rfc7296_3_14_EveryLengthComesBackAndOnlyToItsOwnDirection(EncryptionTransform transform, int bits, IntegrityTransform integrity)
    {
        using var keys = MakeKeys(transform, bits, integrity);
        for (var length = 0; length < 70; length++)
        {
            var payloads = Fill(length);
            var datagram = keys.Seal(true, Header, PayloadType.IdentificationInitiator, payloads, MakeEntropy());
            Assert.Equal((uint)datagram.Length, System.Buffers.Binary.BinaryPrimitives.ReadUInt32BigEndian(datagram.AsSpan(24)));
            Assert.Equal((byte)PayloadType.Encrypted, datagram[16]);
            Assert.True(keys.TryOpen(true, datagram, out var first, out var opened, out var fragment));
            Assert.Equal((PayloadType.IdentificationInitiator, default), (first, fragment));
            Assert.Equal(payloads, opened);
            Assert.False(keys.TryOpen(false, datagram, out first, out opened, out _));
            Assert.Equal(PayloadType.None, first);
            Assert.Empty(opened);
        }
    }

    [Theory]
    [MemberData(nameof(Ciphers))]
    public void NeitherATruncatedNorAChangedDatagramOpens(EncryptionTransform transform, int bits, IntegrityTransform integrity)
    {
        using var keys = MakeKeys(transform, bits, integrity);
        var whole = keys.SealFragments(true, Header, PayloadType.IdentificationInitiator, Fill(300), 200, MakeEntropy());
        foreach (var datagram in new[] { keys.Seal(true, Header, PayloadType.IdentificationInitiator, Fill(37), MakeEntropy()), whole[0], whole[^1] })
        {
            for (var length = 0; length < datagram.Length; length++)
            {
                var cut = datagram[..length];
                Assert.False(keys.TryOpen(true, cut, out _, out _, out _));
                if (length < 32) continue;
                // Lengths that agree with what is left.
                cut[24] = cut[25] = 0;
                System.Buffers.Binary.BinaryPrimitives.WriteUInt16BigEndian(cut.AsSpan(26), (ushort)length);
                System.Buffers.Binary.BinaryPrimitives.WriteUInt16BigEndian(cut.AsSpan(30), (ushort)(length - 28));
                Assert.False(keys.TryOpen(true, cut, out _, out _, out _));
            }

            for (var bit = 0; bit < datagram.Length * 8; bit++)
            {
                var changed = datagram.ToArray();
                changed[bit / 8] ^= (byte)(1 << (bit % 8));
                Assert.False(keys.TryOpen(true, changed, out _, out _, out _), $"bit {bit}");
            }

            Assert.True(keys.TryOpen(true, datagram, out _, out _, out _));
        }
    }

    [Theory]
    [MemberData(nameof(Ciphers))]
    public void Rfc7383_2_5_FragmentsFitAndHoldTheWhole(EncryptionTransform transform, int bits, IntegrityTransform integrity)
    {
        using var keys = MakeKeys(transform, bits, integrity);
        foreach (var (length, size) in new[] { (3000, 1232), (3000, 576), (1100, 1100), (1168, 1232), (257, 113) })
        {
            var payloads = Fill(length);
            var fragments = keys.SealFragments(false, Header, PayloadType.Certificate, payloads, size, MakeEntropy());
            Assert.True(fragments.Count > 1 || fragments[0].Length <= size);
            List<byte> joined = [];
            for (var i = 0; i < fragments.Count; i++)
            {
                Assert.InRange(fragments[i].Length, 1, size);
                Assert.True(keys.TryOpen(false, fragments[i], out var first, out var piece, out var fragment));
                Assert.Equal(fragments.Count == 1 ? ((ushort)0, (ushort)0) : ((ushort)(i + 1), (ushort)fragments.Count), fragment);
                Assert.Equal(i == 0 ? PayloadType.Certificate : PayloadType.None, first);
                joined.AddRange(piece);
            }

            Assert.Equal(payloads, joined);
        }

        Assert.Single(keys.SealFragments(false, Header, PayloadType.Certificate, Fill(3000), 0, MakeEntropy()));
        Assert.Throws<ArgumentException>(() => keys.SealFragments(false, Header, PayloadType.Certificate, Fill(3000), 60, MakeEntropy()));
    }

    [Theory]
    [InlineData((ushort)0, (ushort)2)]
    [InlineData((ushort)3, (ushort)2)]
    [InlineData((ushort)0, (ushort)0)]
    public void Rfc7383_2_5_AFragmentNumberOutsideOfItsTotalIsRefused(ushort number, ushort total)
    {
        using var keys = MakeKeys(EncryptionTransform.AesGcm16, 256, IntegrityTransform.None);
        // Sealed with a wrong number from the start, so that the tag is right.
        var fragment = Craft(keys, number, total);
        Assert.False(keys.TryOpen(true, fragment, out _, out _, out _));
        Assert.True(keys.TryOpen(true, Craft(keys, 2, 2), out _, out _, out _));
    }

    [Theory]
    [InlineData(0, true)]
    [InlineData(9, true)]
    [InlineData(10, false)]
    [InlineData(255, false)]
    public void Rfc7296_3_14_ThePadLengthMayLie(byte padLength, bool opens)
    {
        using var keys = MakeKeys(EncryptionTransform.AesGcm16, 256, IntegrityTransform.None);
        byte[] plaintext = [.. Fill(9), padLength];
        Assert.Equal(opens, keys.TryOpen(true, Craft(keys, 0, 0, plaintext, PayloadType.Encrypted), out _, out var payloads, out _));
        Assert.Equal(opens ? 9 - padLength : 0, payloads.Length);
    }

    [Fact]
    public void Rfc7296_3_14_ClearPayloadsBeforeSkAreAuthenticated()
    {
        using var keys = MakeKeys(EncryptionTransform.AesGcm16, 256, IntegrityTransform.None);
        var datagram = Craft(keys, 0, 0, [.. Fill(9), 0], PayloadType.Encrypted, clear: [(byte)PayloadType.Encrypted, 0, 0, 8, 1, 2, 3, 4]);
        Assert.True(keys.TryOpen(true, datagram, out _, out var payloads, out _));
        Assert.Equal(Fill(9), payloads);
        datagram[35] ^= 1;
        Assert.False(keys.TryOpen(true, datagram, out _, out _, out _));
    }

    [Fact]
    public void Rfc5282_3_1_NoIvComesTwiceAlsoAfterARestartAndUnderAPpk()
    {
        using var keys = MakeKeys(EncryptionTransform.AesGcm16, 256, IntegrityTransform.None);
        using var withPpk = keys.WithPpk([1, 2, 3]);
        HashSet<string> seen = [];
        for (var i = 0; i < 100; i++)
        {
            Assert.True(seen.Add(Iv(keys.Seal(true, Header, PayloadType.None, [], MakeEntropy()))));
            Assert.True(seen.Add(Iv(withPpk.Seal(true, Header, PayloadType.None, [], MakeEntropy()))));
        }

        var kept = new byte[keys.WrittenLength];
        withPpk.Write(kept);
        for (var i = 0; i < 100; i++)
            Assert.True(seen.Add(Iv(keys.Seal(true, Header, PayloadType.None, [], MakeEntropy()))));
        Assert.True(IkeKeys.TryRead(kept, out var restored));
        var datagram = restored.Seal(true, Header, PayloadType.None, [], MakeEntropy());
        Assert.True(seen.Add(Iv(datagram)));
        Assert.Equal("0000000100000", Iv(datagram)[..13], ignoreCase: true);
        Assert.True(keys.TryOpen(true, datagram, out _, out _, out _));
        restored.Dispose();
    }

    [Theory]
    [MemberData(nameof(Ciphers))]
    public void AContextComesBackWholeOrNotAtAll(EncryptionTransform transform, int bits, IntegrityTransform integrity)
    {
        using var keys = MakeKeys(transform, bits, integrity);
        var kept = new byte[keys.WrittenLength];
        keys.Write(kept);
        Assert.True(IkeKeys.TryRead(kept, out var restored));
        Assert.Equal(keys.Suite, restored.Suite);
        Assert.True(restored.TryOpen(true, keys.Seal(true, Header, PayloadType.Nonce, Fill(5), MakeEntropy()), out _, out _, out _));
        Assert.Equal(keys.AuthOctets(false, [1], [2], [3], []), restored.AuthOctets(false, [1], [2], [3], []));
        restored.Dispose();
        for (var length = 0; length < kept.Length; length++)
            Assert.False(IkeKeys.TryRead(kept.AsSpan(0, length), out _));
        Assert.False(IkeKeys.TryRead([.. kept, 0], out _));
        kept[12] = 0xff;
        Assert.False(IkeKeys.TryRead(kept, out _));
    }

    [Fact]
    public void WipedKeysSealNothingAndOpenNothing()
    {
        var keys = MakeKeys(EncryptionTransform.AesGcm16, 256, IntegrityTransform.None);
        var datagram = keys.Seal(true, Header, PayloadType.Nonce, Fill(5), MakeEntropy());
        keys.Dispose();
        Assert.False(keys.TryOpen(true, datagram, out _, out _, out _));
        Assert.Throws<ObjectDisposedException>(() => keys.Seal(true, Header, PayloadType.Nonce, Fill(5), MakeEntropy()));
        Assert.Throws<ObjectDisposedException>(() => keys.ChildKeys(Fill(16), Fill(16), null, 36));
        Assert.Throws<ObjectDisposedException>(() => keys.SharedKeyAuth(true, [1], keys.AuthOctets(true, [1], [2], [3], [])));
    }

    private static string Iv(byte[] datagram) => Convert.ToHexString(datagram.AsSpan(32, 8));

    private static byte[] Fill(int length) => [.. Enumerable.Range(0, length).Select(i => (byte)i)];

    private static Entropy MakeEntropy() => new(Fill(Entropy.SeedLength));

    /// <summary>A message sealed by the cipher itself, with whatever the headers shall say.</summary>
    private static byte[] Craft(IkeKeys keys, ushort number, ushort total, byte[]? plaintext = null, PayloadType type = PayloadType.EncryptedFragment, byte[]? clear = null)
    {
        plaintext ??= [1, 2, 3, 0];
        clear ??= [];
        byte[] numbers = type == PayloadType.EncryptedFragment ? [(byte)(number >> 8), (byte)number, (byte)(total >> 8), (byte)total] : [];
        byte[] body = [0, 0, 0, (byte)(4 + numbers.Length + 8 + plaintext.Length + 16), .. numbers, .. new byte[8], .. plaintext, .. new byte[16]];
        var next = clear.Length > 0 ? PayloadType.VendorId : type;
        byte[] datagram =
        [
            .. new byte[16], (byte)next, IkeHeader.Version2, (byte)ExchangeType.IkeAuth, 0, 0, 0, 0, 1, 0, 0, 0, (byte)(28 + clear.Length + body.Length), .. clear, .. body,
        ];
        using var export = new ExportedKeys(keys.Export(0, 0));
        MessageCipher.Seal(Cipher.AesGcm, export.Keys.EncryptionInitiator.Octets, [], datagram, 28 + clear.Length + 4 + numbers.Length);
        return datagram;
    }

    private static IkeKeys MakeKeys(EncryptionTransform transform, int bits, IntegrityTransform integrity)
    {
        using var shared = new Secret(Fill(32));
        return IkeKeys.Derive(new IkeSuite(new EncryptionChoice(transform, bits), integrity, PrfAlgorithm.HmacSha256, KeyExchangeMethod.Curve25519), shared, Fill(32), Fill(48), 1, 2);
    }

    private sealed record ExportedKeys(ExportKeys Keys) : IDisposable
    {
        public void Dispose()
        {
            foreach (var key in new[] { Keys.EncryptionInitiator, Keys.EncryptionResponder, Keys.IntegrityInitiator, Keys.IntegrityResponder })
                key.Dispose();
        }
    }
}
