using System.Buffers.Binary;
using Appliance.Crypto;
using Appliance.Ike.Messages;

namespace Appliance.Ike.Keys;

/// <summary>Our keys against those of strongSwan, in exchanges that it had with itself: PSK, one child, the IKE SA rekeyed, then the child rekeyed with a key exchange.</summary>
public sealed class CharonVectorTests
{
    private static readonly Dictionary<string, (IkeSuite Suite, Cipher Child, int KeyLength)> Cases = new()
    {
        ["gcm"] = (new(new(EncryptionTransform.AesGcm16, 256), IntegrityTransform.None, PrfAlgorithm.HmacSha256, KeyExchangeMethod.Curve25519), Cipher.AesGcm, 32),
        ["cbc"] = (new(new(EncryptionTransform.AesCbc, 128), IntegrityTransform.HmacSha256Bits128, PrfAlgorithm.HmacSha256, KeyExchangeMethod.Modp2048), Cipher.AesCbcHmacSha256, 32),
        ["chacha"] = (new(new(EncryptionTransform.ChaCha20Poly1305, 0), IntegrityTransform.None, PrfAlgorithm.HmacSha512, KeyExchangeMethod.EcpP384), Cipher.ChaCha20Poly1305, 32),
        ["ppk"] = (new(new(EncryptionTransform.AesCbc, 256), IntegrityTransform.HmacSha1Bits96, PrfAlgorithm.HmacSha384, KeyExchangeMethod.EcpP256), Cipher.AesGcm, 16),
    };

    [Theory]
    [InlineData("gcm")]
    [InlineData("cbc")]
    [InlineData("chacha")]
    [InlineData("ppk")]
    public void Rfc7296_2_14_KeysOfIkeSaInitAreCharons(string name)
    {
        var recording = new Recording(name);
        using var keys = KeysOfInit(name, recording);
        AssertKeys(recording, 0, keys);
        var opened = 0;
        var spi = Recording.InitiatorSpi(recording.Datagrams[0]);
        foreach (var datagram in recording.Datagrams.Skip(2).Where(d => Recording.InitiatorSpi(d) == spi))
        {
            var fromInitiator = (datagram[19] & (byte)HeaderFlags.Initiator) != 0;
            Assert.True(keys.TryOpen(fromInitiator, datagram, out _, out _, out _));
            Assert.False(keys.TryOpen(!fromInitiator, datagram, out _, out _, out _));
            opened++;
        }

        Assert.True(opened >= 6);
    }

    [Theory]
    [InlineData("gcm")]
    [InlineData("cbc")]
    [InlineData("chacha")]
    [InlineData("ppk")]
    public void Rfc7296_2_15_AuthIsCharons(string name)
    {
        var recording = new Recording(name);
        using var before = KeysOfInit(name, recording);
        using var keys = WithPpk(recording, before);
        foreach (var ofInitiator in new[] { true, false })
        {
            var n = ofInitiator ? 0 : 1;
            var first = recording.Datagrams[n];
            var nonce = Recording.Body(recording.Datagrams[1 - n], PayloadType.Nonce);
            var octets = keys.AuthOctets(ofInitiator, first, nonce, recording.Value("IDx'", n), []);
            Assert.Equal(recording.Value("octets = message + nonce + prf(Sk_px, IDx')", n), octets);
            var auth = keys.SharedKeyAuth(ofInitiator, "vectorsecret"u8, octets);
            Assert.Equal(recording.Value("AUTH = prf(prf(secret, keypad), octets)", n), auth);

            // And the same went over the wire.
            Assert.True(before.TryOpen(ofInitiator, recording.Message(ExchangeType.IkeAuth, n), out var type, out var payloads, out _));
            Assert.Equal(recording.Value("IDx'", n), Recording.Body(type, payloads, ofInitiator ? PayloadType.IdentificationInitiator : PayloadType.IdentificationResponder));
            Assert.Equal(auth, Recording.Body(type, payloads, PayloadType.Authentication)[4..]);
        }
    }

    [Theory]
    [InlineData("gcm")]
    [InlineData("cbc")]
    [InlineData("chacha")]
    [InlineData("ppk")]
    public void Rfc7296_2_17_And_2_18_KeymatAndRekeyedKeysAreCharons(string name)
    {
        var recording = new Recording(name);
        var (suite, cipher, keyLength) = Cases[name];
        var material = CipherFacts.KeyMaterialLength(cipher, keyLength);
        using var before = KeysOfInit(name, recording);
        using var keys = WithPpk(recording, before);
        var (ni, nr) = (Recording.Body(recording.Datagrams[0], PayloadType.Nonce), Recording.Body(recording.Datagrams[1], PayloadType.Nonce));
        AssertChild(recording, 0, keys.ChildKeys(ni, nr, null, material));

        var (request, response) = Open(recording, keys, 0);
        using var shared = new Secret(recording.Value("shared Diffie Hellman secret", 1));
        var (spiI, spiR) = (SpiOf(request.Sa), SpiOf(response.Sa));
        using var rekeyed = IkeKeys.DeriveRekeyed(suite, keys, shared, request.Nonce, response.Nonce, spiI, spiR);
        AssertKeys(recording, 1, rekeyed);

        Assert.Equal(spiI, Recording.InitiatorSpi(recording.Message(ExchangeType.CreateChildSa, 2)));
        Assert.Equal(spiR, Recording.ResponderSpi(recording.Message(ExchangeType.CreateChildSa, 2)));
        (request, response) = Open(recording, rekeyed, 2);
        using var childShared = new Secret(recording.Value("DH secret"));
        AssertChild(recording, 1, rekeyed.ChildKeys(request.Nonce, response.Nonce, childShared, material));
    }

    private static IkeKeys KeysOfInit(string name, Recording recording)
    {
        var (request, response) = (recording.Datagrams[0], recording.Datagrams[1]);
        using var shared = new Secret(recording.Value("shared Diffie Hellman secret"));
        return IkeKeys.Derive(
            Cases[name].Suite, shared, Recording.Body(request, PayloadType.Nonce), Recording.Body(response, PayloadType.Nonce), Recording.InitiatorSpi(request), Recording.ResponderSpi(response));
    }

    private static IkeKeys WithPpk(Recording recording, IkeKeys keys)
    {
        if (recording.Value("PPK") is not { Length: > 0 } ppk)
        {
            var same = new byte[keys.WrittenLength];
            keys.Write(same);
            Assert.True(IkeKeys.TryRead(same, out var copy));
            return copy;
        }

        return keys.WithPpk(ppk);
    }

    private static ((byte[] Sa, byte[] Nonce) Request, (byte[] Sa, byte[] Nonce) Response) Open(Recording recording, IkeKeys keys, int n)
    {
        Assert.True(keys.TryOpen(true, recording.Message(ExchangeType.CreateChildSa, n), out var first, out var payloads, out _));
        var request = (Recording.Body(first, payloads, PayloadType.SecurityAssociation), Recording.Body(first, payloads, PayloadType.Nonce));
        Assert.True(keys.TryOpen(false, recording.Message(ExchangeType.CreateChildSa, n + 1), out first, out payloads, out _));
        return (request, (Recording.Body(first, payloads, PayloadType.SecurityAssociation), Recording.Body(first, payloads, PayloadType.Nonce)));
    }

    // The first proposal's SPI, after 8 octets of its header.
    private static ulong SpiOf(byte[] sa) => BinaryPrimitives.ReadUInt64BigEndian(sa.AsSpan(8));

    private static void AssertKeys(Recording recording, int n, IkeKeys keys)
    {
        var export = keys.Export(1, 2);
        foreach (var (name, key) in new[]
        {
            ("Sk_ei secret", export.EncryptionInitiator), ("Sk_er secret", export.EncryptionResponder), ("Sk_ai secret", export.IntegrityInitiator), ("Sk_ar secret", export.IntegrityResponder),
        })
        {
            Assert.Equal(recording.Value(name, n), key.Octets.ToArray());
            key.Dispose();
        }

        // SK_d, SK_pi and SK_pr are seen in a context only.
        var context = new byte[keys.WrittenLength];
        keys.Write(context);
        var length = recording.Value("Sk_d secret").Length;
        var last = n == 0 || recording.Value("PPK").Length == 0 ? n : n + 1;
        Assert.Equal(recording.Value("Sk_d secret", last), context[28..(28 + length)]);
        Assert.Equal(recording.Value("Sk_pi secret", last), context[^(2 * length)..^length]);
        Assert.Equal(recording.Value("Sk_pr secret", last), context[^length..]);
    }

    private static void AssertChild(Recording recording, int n, (Secret InitiatorToResponder, Secret ResponderToInitiator) keys)
    {
        byte[] Expected(string side) => [.. recording.Value($"encryption {side} key", n), .. recording.Value($"integrity {side} key", n)];
        Assert.Equal(Expected("initiator"), keys.InitiatorToResponder.Octets.ToArray());
        Assert.Equal(Expected("responder"), keys.ResponderToInitiator.Octets.ToArray());
        keys.InitiatorToResponder.Dispose();
        keys.ResponderToInitiator.Dispose();
    }
}
