using System.Buffers.Binary;
using Appliance.Crypto;
using Appliance.Ike.Messages;

namespace Appliance.Ike.Keys;

/// <summary>
/// Several key exchanges (RFC 9242, RFC 9370) against strongSwan 6.0.1: X25519, then MODP-4096 and P-256 in IKE_INTERMEDIATE, fragmented; the IKE SA rekeyed with the same in IKE_FOLLOWUP_KE, and a child
/// with X25519 and P-256.
/// </summary>
public sealed class AdditionalKeyExchangeVectorTests
{
    private static readonly IkeSuite Suite = new(new(EncryptionTransform.AesGcm16, 256), IntegrityTransform.None, PrfAlgorithm.HmacSha256, KeyExchangeMethod.Curve25519)
    {
        Additional = [KeyExchangeMethod.Modp4096, KeyExchangeMethod.EcpP256],
    };

    private readonly Recording recording = new("additional");

    private byte[] Ni => Recording.Body(recording.Datagrams[0], PayloadType.Nonce);

    private byte[] Nr => Recording.Body(recording.Datagrams[1], PayloadType.Nonce);

    private ulong SpiI => Recording.InitiatorSpi(recording.Datagrams[1]);

    private ulong SpiR => Recording.ResponderSpi(recording.Datagrams[1]);

    [Fact]
    public void Rfc9370_2_2_2_KeysAreUpdatedAfterEachIntermediateExchange()
    {
        using var keys = new Generations(this);
        for (var n = 0; n < 3; n++)
            AssertKeys(keys.At(n), n);
    }

    [Fact]
    public void Rfc9242_3_3_2_IntAuthAndAuthAreCharons()
    {
        using var keys = new Generations(this);
        byte[][] previous = [[], []];
        for (var n = 0; n < 2; n++)
        {
            foreach (var side in new[] { 0, 1 })
            {
                var (header, first, payloads) = Open(keys.At(n), ExchangeType.IkeIntermediate, (uint)(n + 1), side == 0);
                previous[side] = keys.At(n).IntermediateAuth(side == 0, previous[side], header, first, payloads);
                Assert.Equal(recording.Value("IntAuth_N = prf(Sk_px, data)", (2 * n) + side), previous[side]);
            }
        }

        var intAuth = IkeKeys.IntermediateAuthOctets(previous[0], previous[1], 3);
        foreach (var side in new[] { 0, 1 })
        {
            var octets = keys.At(2).AuthOctets(side == 0, recording.Datagrams[side], side == 0 ? Nr : Ni, recording.Value("IDx'", side), intAuth);
            Assert.Equal(recording.Value("octets = message + nonce + prf(Sk_px, IDx') + IntAuth", side), octets);
            var auth = keys.At(2).SharedKeyAuth(side == 0, "vectorsecret"u8, octets);
            var (_, first, payloads) = Open(keys.At(2), ExchangeType.IkeAuth, 3, side == 0);
            Assert.Equal(auth, Recording.Body(first, payloads, PayloadType.Authentication)[4..]);
        }
    }

    [Fact]
    public void Rfc9370_2_2_4_FollowupKeyExchangesGoIntoRekeyedAndChildKeys()
    {
        using var keys = new Generations(this);
        var (request, response) = CreateChild(keys.At(2), 4);
        var (spiI, spiR) = (SpiOf(request), SpiOf(response));
        using var shared = new Secret(recording.Value("key exchange secret", 3));
        var additional = recording.Value("additional key exchange secret", 3);
        using var first = new Secret(additional.AsSpan(0, 512));
        using var second = new Secret(additional.AsSpan(512));
        using var rekeyed = IkeKeys.DeriveRekeyed(Suite, keys.At(2), shared, NonceOf(request), NonceOf(response), spiI, spiR, first, second);
        AssertKeys(rekeyed, 3);

        (request, response) = CreateChild(rekeyed, 0);
        using var childShared = new Secret(recording.Value("key exchange secret", 4));
        using var childAdditional = new Secret(recording.Value("additional key exchange secret", 4));
        var (outbound, inbound) = rekeyed.ChildKeys(NonceOf(request), NonceOf(response), childShared, 36, childAdditional);
        Assert.Equal(recording.Value("encryption initiator key", 1), outbound.Octets.ToArray());
        Assert.Equal(recording.Value("encryption responder key", 1), inbound.Octets.ToArray());
    }

    /// <summary>Joins the fragments of a message.</summary>
    private (IkeHeader Header, PayloadType First, byte[] Payloads) Open(IkeKeys keys, ExchangeType exchange, uint messageId, bool fromInitiator)
    {
        var flags = fromInitiator ? HeaderFlags.Initiator : HeaderFlags.Response;
        List<byte> joined = [];
        var type = PayloadType.None;
        IkeHeader header = default;
        var parts = 0;
        foreach (var datagram in recording.Datagrams.Where(d => d[18] == (byte)exchange && d[19] == (byte)flags && BinaryPrimitives.ReadUInt32BigEndian(d.AsSpan(20)) == messageId))
        {
            if (!keys.TryOpen(fromInitiator, datagram, out var first, out var payloads, out var fragment)) continue;
            if (fragment.Number <= 1) type = first;
            joined.AddRange(payloads);
            header = new IkeHeader(Recording.InitiatorSpi(datagram), Recording.ResponderSpi(datagram), PayloadType.None, datagram[17], exchange, flags, messageId, 0);
            parts++;
            Assert.True(fragment.Total == 0 || fragment.Number == parts);
        }

        Assert.True(parts > 0);
        return (header, type, [.. joined]);
    }

    private ((PayloadType First, byte[] Payloads) Request, (PayloadType First, byte[] Payloads) Response) CreateChild(IkeKeys keys, uint messageId)
    {
        var request = Open(keys, ExchangeType.CreateChildSa, messageId, true);
        var response = Open(keys, ExchangeType.CreateChildSa, messageId, false);
        return ((request.First, request.Payloads), (response.First, response.Payloads));
    }

    private static byte[] NonceOf((PayloadType First, byte[] Payloads) message) => Recording.Body(message.First, message.Payloads, PayloadType.Nonce);

    private static ulong SpiOf((PayloadType First, byte[] Payloads) message) =>
        BinaryPrimitives.ReadUInt64BigEndian(Recording.Body(message.First, message.Payloads, PayloadType.SecurityAssociation).AsSpan(8));

    private void AssertKeys(IkeKeys keys, int n)
    {
        var context = new byte[keys.WrittenLength];
        keys.Write(context);
        byte[] expected =
        [
            .. recording.Value("Sk_d secret", n), .. recording.Value("Sk_ei secret", n), .. recording.Value("Sk_er secret", n),
            .. recording.Value("Sk_pi secret", n), .. recording.Value("Sk_pr secret", n),
        ];
        Assert.Equal(168, expected.Length);
        Assert.Equal(expected, context[^168..]);
    }

    /// <summary>Keys after IKE_SA_INIT and after each IKE_INTERMEDIATE.</summary>
    private sealed class Generations : IDisposable
    {
        private readonly List<IkeKeys> keys = [];

        public Generations(AdditionalKeyExchangeVectorTests test)
        {
            for (var n = 0; n < 3; n++)
            {
                using var shared = new Secret(test.recording.Value("key exchange secret", n));
                keys.Add(n == 0
                    ? IkeKeys.Derive(Suite, shared, test.Ni, test.Nr, test.SpiI, test.SpiR)
                    : keys[^1].Update(shared, test.Ni, test.Nr, test.SpiI, test.SpiR));
            }
        }

        public IkeKeys At(int n) => keys[n];

        public void Dispose() => keys.ForEach(k => k.Dispose());
    }
}
