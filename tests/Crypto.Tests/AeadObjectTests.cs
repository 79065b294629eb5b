using System.Security.Cryptography;

namespace Appliance.Crypto.Tests;

/// <summary>The BCL's objects in the shape of ESP, against published vectors and against the plain algorithms.</summary>
public sealed class AeadObjectTests
{
    public static TheoryData<Cipher, int> Ciphers
    {
        get
        {
            var data = new TheoryData<Cipher, int>();
            foreach (var cipher in Enum.GetValues<Cipher>().Where(CipherFacts.IsKnown))
                foreach (var length in CipherFacts.KeyLengths(cipher))
                    data.Add(cipher, length);
            return data;
        }
    }

    [Fact]
    public void Rfc7634_AppendixA_EspExample()
    {
        var keymat = Hex("808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9fa0a1a2a3");
        var data = Hex("45000054a6f200004001e778c6336405c000020508005b7a3a080000553bec100007362708090a0b0c0d0e0f1011121314151617" +
            "18191a1b1c1d1e1f202122232425262728292a2b2c2d2e2f303132333435363701020204");
        var sealedData = "24039428b97f417e3c13753a4f05087b67c352e6a7fab1b982d466ef407ae5c614ee8099d52844eb61aa95dfab4c02f72aa71e7c4c4f64c9befe2facc638e8f3" +
            "cbec163fac469b502773f6fb94e664da9165b82829f641e0";
        AssertPacket(Cipher.ChaCha20Poly1305, keymat, "0102030400000005", "1011121314151617", data, sealedData, "76aaa8266b7fb0f7b11b369907e1ad43");
    }

    [Fact]
    public void Rfc8439_2_8_2_AeadExample()
    {
        var keymat = Hex("808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f07000000");
        var data = "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, sunscreen would be it."u8.ToArray();
        var sealedData = "d31a8d34648e60db7b86afbc53ef7ec2a4aded51296e08fea9e2b5a736ee62d63dbea45e8ca9671282fafb69da92728b1a71de0a9e060b2905d6a5b67ecd3b36" +
            "92ddbd7f2d778b8c9803aee328091b58fab324e4fad675945585808b4831d7bc3ff4def08e4b7a9de576d26586cec64b6116";
        AssertPacket(Cipher.ChaCha20Poly1305, keymat, "50515253c0c1c2c3c4c5c6c7", "4041424344454647", data, sealedData, "1ae10b594f09e26a7e902ecbd0600691");
    }

    [Theory]
    [InlineData("06a9214036b8a15b512e03d534120006", "3dafba429d9eb430b422da802c9fac41", "53696e676c6520626c6f636b206d7367", "e353779c1079aeb82708942dbe77181a")]
    [InlineData("c286696d887c9aa0611bbb3e2025a45a", "562e17996d093d28ddb3ba695a2e6f58", "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
        "d296cd94c2cccf8a3a863028b5e1dc0a7586602d253cfff91b8266bea6d61ab1")]
    [InlineData("90d382b410eeba7ad938c46cec1a82bf", "e96e8c08ab465763fd098d45dd3ff893",
        "08000ebda70a00008e9c083db95b070008090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f202122232425262728292a2b2c2d2e2f30313233343536370102030405060708090a0b0c0d0e0e01",
        "f663c25d325c18c6a9453e194e120849a4870b66cc6b9965330013b4898dc856a4699e523a55db080b59ec3a8e4b7e52775b07d1db34ed9c538ab50c551b874aa269add047ad2d5913ac19b7cfbad4a6")]
    [InlineData("0123456789abcdef0123456789abcdef", "85d47224b5f3dd5d2101d4ea8dffab22",
        "45000044090c00004001f990c0a87b03c0a87bc80800d63caa0a0200c69c083da3de0300ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff0102030405060708090a0a04",
        "15b92683819596a8047232cc00f7048fe45318e11f8a0f62ede3c3fc61203bb50f980a08c9843fd3a1b06d5c07ff9639b7eb7dfb3512e5de435e7207ed971ef3d2726d9b5ef6affc6d17a0decbb13892")]
    public void Rfc3602_4_TestVectors(string key, string iv, string plain, string cipher)
    {
        using var aead = Make(Cipher.AesCbcHmacSha1, [.. Hex(key), .. new byte[20]], out _);
        for (var again = 0; again < 3; again++)
        {
            // Twice more with the same IV: the transform chains, and must not show it.
            var data = Hex(plain);
            var icv = new byte[12];
            Assert.True(aead.Seal(new byte[8], Hex(iv), data, icv));
            Assert.Equal(cipher, Convert.ToHexStringLower(data));
            Assert.True(aead.Open(new byte[8], Hex(iv), data, icv));
            Assert.Equal(plain, Convert.ToHexStringLower(data));
        }
    }

    [Theory]
    [InlineData(Cipher.AesCbcHmacSha384, "aa", 48, "dd", "809f439be00274321d4a538652164b53554a508184a0c316")]
    [InlineData(Cipher.AesCbcHmacSha512, "aa", 64, "dd", "2ee7acd783624ca9398710f3ee05ae41b9f9b0510c87e49e586cc9bf961733d8")]
    [InlineData(Cipher.AesCbcHmacSha1, "aa", 20, "dd", "125d7342b9ac11cd91a39af4")] // RFC 2202 case 3, truncated
    [InlineData(Cipher.AesCbcHmacSha256, "aa", 32, "dd", "cdcb1220d1ecccea91e53aba3092f962")]
    public void Rfc4868_2_7_2_AuthenticatorTestVectors(Cipher cipher, string keyOctet, int keyLength, string dataOctet, string icv)
    {
        // 50 octets of data, of which the first 8 are SPI and sequence number to us and the next 16 the IV.
        var data = Enumerable.Repeat(Hex(dataOctet)[0], 50).ToArray();
        using var cbc = new CbcHmac(cipher, new byte[16], Enumerable.Repeat(Hex(keyOctet)[0], keyLength).ToArray());
        var mac = new byte[64];
        cbc.Mac(data.AsSpan(0, 8), data.AsSpan(8, 16), data.AsSpan(24), mac);
        Assert.Equal(icv, Convert.ToHexStringLower(mac.AsSpan(0, CipherFacts.IcvLength(cipher))));
        Assert.Equal(icv.Length / 2, CipherFacts.IcvLength(cipher));
    }

    [Theory]
    [MemberData(nameof(Ciphers))]
    public void SealsAsThePlainAlgorithmsDo(Cipher cipher, int keyLength)
    {
        var random = new Random(7);
        var keymat = Bytes(random, CipherFacts.KeyMaterialLength(cipher, keyLength));
        using var aead = Make(cipher, keymat, out _);
        for (var length = 0; length <= 4096; length += length < 300 ? 1 : 37)
        {
            if (CipherFacts.IsCbc(cipher) && (length == 0 || length % 16 != 0))
            {
                Assert.False(aead.Seal(new byte[8], new byte[16], new byte[length], new byte[CipherFacts.IcvLength(cipher)]));
                continue;
            }

            var aad = Bytes(random, (length & 1) == 0 && length % 32 != 0 ? 8 : 12);
            var iv = Bytes(random, CipherFacts.IvLength(cipher));
            var plain = Bytes(random, length);
            var (expected, tag) = PlainAlgorithms.Seal(cipher, keyLength, keymat, aad, iv, plain);
            AssertPacket(aead, aad, iv, plain, expected, tag);
        }
    }

    [Theory]
    [MemberData(nameof(Ciphers))]
    public void AWrongTagShowsNoPlaintextAndDoesNotThrow(Cipher cipher, int keyLength)
    {
        var random = new Random(8);
        using var aead = Make(cipher, Bytes(random, CipherFacts.KeyMaterialLength(cipher, keyLength)), out _);
        using var thrown = new FirstChance();
        for (var round = 0; round < 50; round++)
        {
            var aad = Bytes(random, round % 2 == 0 ? 8 : 12);
            var iv = Bytes(random, CipherFacts.IvLength(cipher));
            var data = Bytes(random, 64 + 16 * round);
            var tag = new byte[CipherFacts.IcvLength(cipher)];
            Assert.True(aead.Seal(aad, iv, data, tag));
            var sealedData = data.ToArray();
            switch (round % 4)
            {
                case 0: tag[random.Next(tag.Length)] ^= 1; break;
                case 1: aad[random.Next(aad.Length)] ^= 0x80; break;
                case 2: iv[random.Next(iv.Length)] ^= 4; break;
                default: data[random.Next(data.Length)] ^= 2; sealedData = data.ToArray(); break;
            }

            Assert.False(aead.Open(aad, iv, data, tag));
            Assert.Equal(sealedData, data);
        }

        Assert.Equal(0, thrown.Count);
    }

    [Theory]
    [MemberData(nameof(Ciphers))]
    public void WrongLengthsAreRefusedAndTouchNothing(Cipher cipher, int keyLength)
    {
        using var aead = Make(cipher, new byte[CipherFacts.KeyMaterialLength(cipher, keyLength)], out _);
        var data = new byte[32];
        var iv = CipherFacts.IvLength(cipher);
        var icv = CipherFacts.IcvLength(cipher);
        Assert.False(aead.Seal(new byte[9], new byte[iv], data, new byte[icv]));
        Assert.False(aead.Seal(new byte[8], new byte[iv - 1], data, new byte[icv]));
        Assert.False(aead.Seal(new byte[8], new byte[iv], data, new byte[icv - 1]));
        Assert.False(aead.Open(new byte[8], new byte[iv], data, new byte[icv + 1]));
        Assert.Equal(new byte[32], data);
    }

    [Theory]
    [MemberData(nameof(Ciphers))]
    public void NothingIsAllocatedPerPacket(Cipher cipher, int keyLength)
    {
        using var aead = Make(cipher, new byte[CipherFacts.KeyMaterialLength(cipher, keyLength)], out _);
        var (aad, iv, data, tag) = (new byte[12], new byte[CipherFacts.IvLength(cipher)], new byte[1424], new byte[CipherFacts.IcvLength(cipher)]);
        for (var i = 0; i < 100; i++)
            aead.Open(aad, iv, data, aead.Seal(aad, iv, data, tag) ? tag : []);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++)
            aead.Open(aad, iv, data, aead.Seal(aad, iv, data, tag) ? tag : []);
        var perPacket = (GC.GetAllocatedBytesForCurrentThread() - before) / 2000.0;
        Assert.True(perPacket < 0.1, $"{cipher} allocates {perPacket} octets a packet");
    }

    private static void AssertPacket(Cipher cipher, byte[] keymat, string aad, string iv, byte[] plain, string sealedData, string tag)
    {
        using var aead = Make(cipher, keymat, out _);
        AssertPacket(aead, Hex(aad), Hex(iv), plain, Hex(sealedData), Hex(tag));
    }

    private static void AssertPacket(AeadObject aead, byte[] aad, byte[] iv, byte[] plain, byte[] expected, byte[] expectedTag)
    {
        var data = plain.ToArray();
        var tag = new byte[expectedTag.Length];
        Assert.True(aead.Seal(aad, iv, data, tag));
        Assert.Equal(expected, data);
        Assert.Equal(expectedTag, tag);
        Assert.True(aead.Open(aad, iv, data, tag));
        Assert.Equal(plain, data);
    }

    private static AeadObject Make(Cipher cipher, byte[] keymat, out int keyLength)
    {
        var block = new byte[KeyBlock.Size];
        keyLength = CipherKey.Expand(cipher, keymat, block);
        return new AeadObject(cipher, keyLength, block);
    }

    private static byte[] Hex(string text) => Convert.FromHexString(text);

    private static byte[] Bytes(Random random, int length)
    {
        var bytes = new byte[length];
        random.NextBytes(bytes);
        return bytes;
    }

    private sealed class FirstChance : IDisposable
    {
        private readonly int thread = Environment.CurrentManagedThreadId;

        internal FirstChance() => AppDomain.CurrentDomain.FirstChanceException += Note;

        internal int Count { get; private set; }

        public void Dispose() => AppDomain.CurrentDomain.FirstChanceException -= Note;

        private void Note(object? sender, System.Runtime.ExceptionServices.FirstChanceExceptionEventArgs e)
        {
            if (Environment.CurrentManagedThreadId == thread)
                Count++;
        }
    }
}
