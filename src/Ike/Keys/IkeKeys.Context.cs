using System.Buffers.Binary;
using Appliance.Crypto;
using Appliance.Ike.Messages;

namespace Appliance.Ike.Keys;

/// <summary>Keys in a context (SaveContext), and for an operator's key file.</summary>
public sealed partial class IkeKeys
{
    private const byte Format = 1;
    private const int FixedLength = 28;
    private const int MostAdditional = 7;

    /// <summary>Octets that <see cref="Write"/> fills.</summary>
    public int WrittenLength => FixedLength + (2 * Suite.Additional.Count) + material.Length;

    /// <summary>Writes suite, IV counters and all keys. Whoever holds the octets wipes them.</summary>
    /// <param name="octets">At least <see cref="WrittenLength"/>.</param>
    /// <exception cref="ArgumentException">Too short.</exception>
    public void Write(Span<byte> octets)
    {
        if (octets.Length < WrittenLength)
            throw new ArgumentException($"keys need {WrittenLength} octets", nameof(octets));
        octets[0] = Format;
        octets[1] = (byte)Suite.Additional.Count;
        BinaryPrimitives.WriteUInt16BigEndian(octets[2..], (ushort)Suite.Encryption.Transform);
        BinaryPrimitives.WriteUInt16BigEndian(octets[4..], (ushort)Suite.Encryption.KeyBits);
        BinaryPrimitives.WriteUInt16BigEndian(octets[6..], (ushort)Suite.Integrity);
        BinaryPrimitives.WriteUInt16BigEndian(octets[8..], (ushort)Suite.Prf);
        BinaryPrimitives.WriteUInt16BigEndian(octets[10..], (ushort)Suite.Method);
        BinaryPrimitives.WriteUInt64BigEndian(octets[12..], ivs.Next.Initiator);
        BinaryPrimitives.WriteUInt64BigEndian(octets[20..], ivs.Next.Responder);
        octets = octets[FixedLength..];
        foreach (var method in Suite.Additional)
        {
            BinaryPrimitives.WriteUInt16BigEndian(octets, (ushort)method);
            octets = octets[2..];
        }

        material.Octets.CopyTo(octets);
    }

    /// <summary>
    /// Reads what <see cref="Write"/> wrote. The IV counters go on 2^32 further, more than can have been sent since, so that no IV comes twice. Never throws.
    /// </summary>
    /// <param name="octets">Exactly the octets written.</param>
    /// <param name="keys">The keys, when true is returned.</param>
    public static bool TryRead(ReadOnlySpan<byte> octets, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out IkeKeys? keys)
    {
        keys = null;
        if (octets.Length < FixedLength || octets[0] != Format || octets[1] > MostAdditional || octets.Length < FixedLength + (2 * octets[1]))
            return false;
        var additional = new KeyExchangeMethod[octets[1]];
        for (var i = 0; i < additional.Length; i++)
            additional[i] = (KeyExchangeMethod)BinaryPrimitives.ReadUInt16BigEndian(octets[(FixedLength + (2 * i))..]);
        var encryption = new EncryptionChoice((EncryptionTransform)BinaryPrimitives.ReadUInt16BigEndian(octets[2..]), BinaryPrimitives.ReadUInt16BigEndian(octets[4..]));
        var suite = new IkeSuite(
            encryption,
            (IntegrityTransform)BinaryPrimitives.ReadUInt16BigEndian(octets[6..]),
            (PrfAlgorithm)BinaryPrimitives.ReadUInt16BigEndian(octets[8..]),
            (KeyExchangeMethod)BinaryPrimitives.ReadUInt16BigEndian(octets[10..])) { Additional = additional };
        var initiator = BinaryPrimitives.ReadUInt64BigEndian(octets[12..]);
        var responder = BinaryPrimitives.ReadUInt64BigEndian(octets[20..]);
        octets = octets[(FixedLength + (2 * additional.Length))..];
        const ulong most = MessageIvs.Limit - MessageIvs.Jump;
        if (!suite.IsSupported || octets.Length != suite.MaterialLength || initiator >= most || responder >= most)
            return false;
        keys = new IkeKeys(suite, new Secret(octets), new MessageIvs(initiator + MessageIvs.Jump, responder + MessageIvs.Jump));
        return true;
    }

    /// <summary>SK_e and SK_a for a file that Wireshark reads, under the names of its <c>ikev2_decryption_table</c>, which has none for ChaCha20-Poly1305. The receiver wipes them.</summary>
    public ExportKeys Export(ulong initiatorSpi, ulong responderSpi) => new(
        initiatorSpi, responderSpi, new Secret(SkE(true)), new Secret(SkE(false)), new Secret(SkA(true)), new Secret(SkA(false)), WiresharkEncryption(), WiresharkIntegrity());

    // Wireshark has no ChaCha20-Poly1305 for IKE and refuses a row with it: the name is what a person reads, in a comment.
    private string WiresharkEncryption() => Suite.Encryption.Transform switch
    {
        EncryptionTransform.AesGcm16 => $"AES-GCM-{Suite.Encryption.KeyBits} with 16 octet ICV [RFC5282]",
        EncryptionTransform.AesCbc => $"AES-CBC-{Suite.Encryption.KeyBits} [RFC3602]",
        _ => "ChaCha20-Poly1305 [RFC7634]",
    };

    private string WiresharkIntegrity() => Suite.Integrity switch
    {
        IntegrityTransform.HmacSha1Bits96 => "HMAC_SHA1_96 [RFC2404]",
        IntegrityTransform.HmacSha256Bits128 => "HMAC_SHA2_256_128 [RFC4868]",
        IntegrityTransform.HmacSha384Bits192 => "HMAC_SHA2_384_192 [RFC4868]",
        IntegrityTransform.HmacSha512Bits256 => "HMAC_SHA2_512_256 [RFC4868]",
        _ => "NONE [RFC4306]",
    };
}
