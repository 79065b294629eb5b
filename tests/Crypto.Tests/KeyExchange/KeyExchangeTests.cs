using System.Security.Cryptography;

namespace Appliance.Crypto.Tests;

public sealed class KeyExchangeTests
{
    private const string Alice = "77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a";
    private const string AlicePublic = "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a";
    private const string Bob = "5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb";
    private const string BobPublic = "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f";
    private const string Shared = "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742";

    [Theory]
    [InlineData(Alice, AlicePublic, BobPublic)]
    [InlineData(Bob, BobPublic, AlicePublic)]
    public void Rfc7748_6_1_BothSidesOfX25519(string scalar, string ours, string peers)
    {
        using var exchange = new Curve25519Exchange(Convert.FromHexString(scalar));
        Assert.Equal(ours, Convert.ToHexStringLower(exchange.PublicValue));
        using var secret = exchange.Complete(Convert.FromHexString(peers));
        Assert.Equal(Shared, Convert.ToHexStringLower(secret!.Octets));
    }

    /// <summary>Points of small order lead to zero (RFC 7748 §6.1, RFC 8031 §3.1); the high bit of the peer's value does not count (§5).</summary>
    [Theory]
    [InlineData("0000000000000000000000000000000000000000000000000000000000000000")]
    [InlineData("0100000000000000000000000000000000000000000000000000000000000000")]
    [InlineData("0000000000000000000000000000000000000000000000000000000000000080")]
    [InlineData("e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800")]
    [InlineData("5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157")]
    [InlineData("ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f")]
    [InlineData("edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f")]
    [InlineData("eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f")]
    public void Rfc8031_3_1_AnAllZeroX25519IsRefused(string value)
    {
        using var exchange = KeyExchanges.Begin(KeyExchangeMethod.Curve25519);
        Assert.Null(exchange.Complete(Convert.FromHexString(value)));
        Assert.Null(KeyExchanges.Answer(KeyExchangeMethod.Curve25519, Convert.FromHexString(value), out var ours));
        Assert.Empty(ours);
    }

    [Theory]
    [MemberData(nameof(EcpVectors.All), MemberType = typeof(EcpVectors))]
    public void Rfc5903_8_EcpGroups(KeyExchangeMethod method, string i, string gi, string r, string gr, string girx)
    {
        foreach (var (scalar, ours, peers) in new[] { (i, gi, gr), (r, gr, gi) })
        {
            using var exchange = new EcpExchange(method, ECDiffieHellman.Create(new ECParameters { Curve = EcpExchange.CurveOf(method), D = Convert.FromHexString(scalar), Q = Point(ours) }));
            Assert.Equal(ours, Convert.ToHexStringLower(exchange.PublicValue));
            using var secret = exchange.Complete(Convert.FromHexString(peers));
            Assert.Equal(girx, Convert.ToHexStringLower(secret!.Octets));
        }
    }

    [Theory]
    [InlineData(KeyExchangeMethod.EcpP256)]
    [InlineData(KeyExchangeMethod.EcpP384)]
    [InlineData(KeyExchangeMethod.EcpP521)]
    public void Rfc6989_2_3_APointThatIsNotOnTheCurveIsRefused(KeyExchangeMethod method)
    {
        using var ours = KeyExchanges.Begin(method);
        using var peer = KeyExchanges.Begin(method);
        using (var good = ours.Complete(peer.PublicValue))
            Assert.NotNull(good);
        var length = peer.PublicValue.Length;
        foreach (var at in new[] { length / 2 - 1, length - 1 })
        {
            var bad = peer.PublicValue.ToArray();
            bad[at] ^= 1;
            Assert.Null(ours.Complete(bad));
        }

        Assert.Null(ours.Complete(new byte[length]));
        var beyond = new byte[length];
        beyond.AsSpan().Fill(0xff);
        Assert.Null(ours.Complete(beyond));
    }

    [Theory]
    [MemberData(nameof(Supported))]
    public void BothSidesAgreeAndEveryTimeAnew(KeyExchangeMethod method)
    {
        Assert.True(KeyExchanges.IsSupported(method));
        using var first = KeyExchanges.Begin(method);
        using var second = KeyExchanges.Begin(method);
        Assert.Equal(method, first.Method);
        Assert.NotEqual(first.PublicValue, second.PublicValue);
        using var theirs = KeyExchanges.Answer(method, first.PublicValue, out var answer);
        using var ours = first.Complete(answer);
        Assert.Equal(theirs!.Octets.ToArray(), ours!.Octets.ToArray());
    }

    [Theory]
    [MemberData(nameof(Supported))]
    public void AValueOfAnotherLengthIsRefused(KeyExchangeMethod method)
    {
        using var ours = KeyExchanges.Begin(method);
        using var peer = KeyExchanges.Begin(method);
        Assert.Null(ours.Complete([]));
        Assert.Null(ours.Complete(peer.PublicValue.AsSpan(1)));
        Assert.Null(ours.Complete([.. peer.PublicValue, 0]));
        Assert.Null(KeyExchanges.Answer(method, new byte[3], out _));
    }

    [Theory]
    [MemberData(nameof(Supported))]
    public void AfterItIsWipedNothingIsAgreedUpon(KeyExchangeMethod method)
    {
        using var peer = KeyExchanges.Begin(method);
        var ours = KeyExchanges.Begin(method);
        ours.Dispose();
        Assert.Throws<ObjectDisposedException>(() => ours.Complete(peer.PublicValue));
        ours.Dispose();
    }

    [Fact]
    public void AWipedSecretIsZerosAndNotToBeHad()
    {
        var secret = new Secret([1, 2, 3]);
        var octets = secret.Octets;
        secret.Dispose();
        Assert.Equal([0, 0, 0], octets.ToArray());
        Assert.Throws<ObjectDisposedException>(() => secret.Octets.Length);
        Assert.Equal(3, secret.Length);
    }

    [Fact]
    public void AMethodThatIsNotKnownIsNotSupported()
    {
        Assert.False(KeyExchanges.IsSupported((KeyExchangeMethod)5));
        Assert.Throws<NotSupportedException>(() => KeyExchanges.Begin((KeyExchangeMethod)5));
    }

    public static TheoryData<KeyExchangeMethod> Supported() =>
        [
            KeyExchangeMethod.Modp2048, KeyExchangeMethod.Modp3072, KeyExchangeMethod.Modp4096,
            KeyExchangeMethod.EcpP256, KeyExchangeMethod.EcpP384, KeyExchangeMethod.EcpP521, KeyExchangeMethod.Curve25519,
        ];

    private static ECPoint Point(string value)
    {
        var octets = Convert.FromHexString(value);
        return new ECPoint { X = octets[..(octets.Length / 2)], Y = octets[(octets.Length / 2)..] };
    }
}
