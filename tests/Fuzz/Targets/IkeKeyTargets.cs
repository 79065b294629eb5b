using System.Buffers.Binary;
using Appliance.Crypto;
using Appliance.Fuzz.Engine;
using Appliance.Ike;
using Appliance.Ike.Keys;
using Appliance.Ike.Messages;
using Appliance.Machine;

namespace Appliance.Fuzz.Targets;

/// <summary>Encrypted payloads of IKE and kept keys: from an attacker's hand, and from one who has the keys.</summary>
internal static class IkeKeyTargets
{
    private static readonly IkeHeader Header = new(1, 2, PayloadType.None, IkeHeader.Version2, ExchangeType.Informational, HeaderFlags.Initiator, 3, 0);

    private static readonly IkeKeys[] Keys =
    [
        MakeKeys(EncryptionTransform.AesGcm16, IntegrityTransform.None),
        MakeKeys(EncryptionTransform.AesCbc, IntegrityTransform.HmacSha256Bits128),
    ];

    private static readonly byte[] Key = KeyOf(Keys[0]);

    public static IReadOnlyList<FuzzTarget> List { get; } =
    [
        new("ike-sealed", Sealed) { AllocationLimit = 16 * 1024, MoreSeeds = SealedSeeds },
        new("ike-insider", Insider) { AllocationLimit = 32 * 1024, MoreSeeds = SealedSeeds },
        new("ike-kept-keys", KeptKeys) { AllocationLimit = 8 * 1024, MoreSeeds = KeptSeeds },
    ];

    /// <summary>Nobody without the keys gets anything opened; what is sealed in the seeds was so for the other direction.</summary>
    private static void Sealed(Span<byte> octets)
    {
        foreach (var keys in Keys)
        {
            Claim.That(!keys.TryOpen(false, octets, out var first, out var payloads, out var fragment), "a datagram that nobody sealed was opened");
            Claim.That(first == PayloadType.None && payloads.Length == 0 && fragment == default, "something came out of a datagram that did not open");
        }
    }

    /// <summary>The headers and the plaintext are hostile, the tag is right.</summary>
    private static void Insider(Span<byte> octets)
    {
        if (octets.Length < IkeHeader.Size + 4 + 8 + 16) return;
        BinaryPrimitives.WriteUInt32BigEndian(octets[24..], (uint)octets.Length);
        var isFragment = octets[16] == (byte)PayloadType.EncryptedFragment;
        var ivOffset = IkeHeader.Size + (isFragment ? 8 : 4);
        if (octets.Length < ivOffset + 8 + 16) return;
        MessageCipher.Seal(Cipher.AesGcm, Key, [], octets, ivOffset);
        if (!Keys[0].TryOpen(true, octets, out _, out var payloads, out var fragment)) return;
        Claim.That(payloads.Length <= octets.Length - ivOffset - 8 - 16 - 1, "more payloads than the datagram holds");
        Claim.That(isFragment ? fragment.Number >= 1 && fragment.Number <= fragment.Total : fragment == default, "a fragment number outside of its total");
    }

    private static void KeptKeys(Span<byte> octets)
    {
        if (!IkeKeys.TryRead(octets, out var keys)) return;
        Claim.That(keys.WrittenLength == octets.Length, "keys of another length than was read");
        keys.Dispose();
    }

    private static IEnumerable<byte[]> SealedSeeds()
    {
        foreach (var keys in Keys)
        {
            yield return keys.Seal(true, Header, PayloadType.Nonce, new byte[20], new Entropy(new byte[Entropy.SeedLength]));
            yield return keys.SealFragments(true, Header, PayloadType.Nonce, new byte[200], 150, new Entropy(new byte[Entropy.SeedLength]))[1];
        }
    }

    private static IEnumerable<byte[]> KeptSeeds()
    {
        foreach (var keys in Keys)
        {
            var octets = new byte[keys.WrittenLength];
            keys.Write(octets);
            yield return octets;
        }
    }

    private static byte[] KeyOf(IkeKeys keys) => keys.Export(1, 2).EncryptionInitiator.Octets.ToArray();

    private static IkeKeys MakeKeys(EncryptionTransform encryption, IntegrityTransform integrity)
    {
        using var shared = new Secret(32);
        return IkeKeys.Derive(new IkeSuite(new EncryptionChoice(encryption, 256), integrity, PrfAlgorithm.HmacSha256, KeyExchangeMethod.Curve25519), shared, new byte[32], new byte[32], 1, 2);
    }
}
