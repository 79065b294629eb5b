using System.Buffers.Binary;
using Appliance.Crypto;
using Appliance.Ike.Messages;
using Appliance.Machine;

namespace Appliance.Ike.Keys;

/// <summary>Messages under SK_e and SK_a: the Encrypted payload (RFC 7296 §3.14) and its fragments (RFC 7383 §2.5).</summary>
public sealed partial class IkeKeys
{
    private const int GenericHeader = 4;
    private const int FragmentHeader = 8;

    /// <summary>A whole message with one SK payload.</summary>
    /// <param name="fromInitiator">Whether the initiator of this IKE SA sends it (then SK_ei and SK_ai are used).</param>
    /// <param name="header">Its header; NextPayload and Length are set here.</param>
    /// <param name="first">Type of the first payload inside.</param>
    /// <param name="payloads">The payloads inside, on the wire's form.</param>
    /// <param name="entropy">For the IV of CBC; AEADs count.</param>
    /// <exception cref="ArgumentException">It is longer than a payload can be (65535 octets).</exception>
    /// <exception cref="InvalidOperationException">2^48 IVs were used.</exception>
    public byte[] Seal(bool fromInitiator, IkeHeader header, PayloadType first, ReadOnlySpan<byte> payloads, Entropy entropy) =>
        SealOne(fromInitiator, header, first, payloads, default, entropy);

    /// <summary>A message as one SK payload when it fits, else in SKF fragments, each a datagram.</summary>
    /// <param name="fromInitiator">Whether the initiator of this IKE SA sends it.</param>
    /// <param name="header">Its header; NextPayload and Length are set here.</param>
    /// <param name="first">Type of the first payload inside.</param>
    /// <param name="payloads">The payloads inside.</param>
    /// <param name="fragmentSize">Octets of a datagram at most, IKE header included; 0 for no fragmentation.</param>
    /// <param name="entropy">For the IVs of CBC.</param>
    /// <exception cref="ArgumentException">A fragment has no room for a single octet, or there would be more than 65535.</exception>
    public IReadOnlyList<byte[]> SealFragments(bool fromInitiator, IkeHeader header, PayloadType first, ReadOnlySpan<byte> payloads, int fragmentSize, Entropy entropy)
    {
        if (fragmentSize == 0 || SealedLength(GenericHeader, payloads.Length) <= fragmentSize)
            return [Seal(fromInitiator, header, first, payloads, entropy)];
        var block = CipherFacts.IsCbc(Suite.Cipher) ? 16 : 1;
        var room = fragmentSize - IkeHeader.Size - FragmentHeader - CipherFacts.IvLength(Suite.Cipher) - CipherFacts.IcvLength(Suite.Cipher);
        // One octet is the pad length.
        var piece = (room / block * block) - 1;
        var total = piece > 0 ? (payloads.Length + piece - 1) / piece : int.MaxValue;
        if (total > ushort.MaxValue)
            throw new ArgumentException($"fragments of {fragmentSize} octets are too small for a message of {payloads.Length}", nameof(fragmentSize));
        var fragments = new byte[total][];
        for (var i = 0; i < total; i++)
        {
            var part = payloads.Slice(i * piece, Math.Min(piece, payloads.Length - (i * piece)));
            fragments[i] = SealOne(fromInitiator, header, i == 0 ? first : PayloadType.None, part, ((ushort)(i + 1), (ushort)total), entropy);
        }

        return fragments;
    }

    /// <summary>
    /// Opens a datagram whose last payload is SK or SKF. Never throws, whatever came; clear payloads before SK are authenticated with it (read them with the payload reader, only after this said true).
    /// </summary>
    /// <param name="fromInitiator">Whether the initiator of this IKE SA should have sent it.</param>
    /// <param name="datagram">From the IKE header to the end.</param>
    /// <param name="first">Type of the first payload inside; none when SK is empty, and in fragments after the first.</param>
    /// <param name="payloads">The payloads inside, without padding; of a fragment its piece of them.</param>
    /// <param name="fragment">Number (from 1) and total of SKF; zeros for SK.</param>
    /// <returns>Whether it is whole, its ICV right and its padding possible; false also when the keys are wiped.</returns>
    public bool TryOpen(bool fromInitiator, ReadOnlySpan<byte> datagram, out PayloadType first, out byte[] payloads, out (ushort Number, ushort Total) fragment)
    {
        (first, payloads, fragment) = (PayloadType.None, [], default);
        if (material.IsDisposed || !EncryptedPayloadLocator.TryFind(datagram, out var place))
            return false;
        if (!MessageCipher.Open(Suite.Cipher, SkE(fromInitiator), SkA(fromInitiator), datagram, place.BodyOffset, out var plaintext))
            return false;
        // Padding | Pad Length: the sender chose them, so they may lie (RFC 7296 §3.14).
        if (plaintext.Length == 0 || plaintext[^1] >= plaintext.Length)
            return false;
        payloads = plaintext[..(plaintext.Length - 1 - plaintext[^1])];
        (first, fragment) = (place.First, place.Fragment);
        return true;
    }

    private byte[] SealOne(bool fromInitiator, IkeHeader header, PayloadType first, ReadOnlySpan<byte> payloads, (ushort Number, ushort Total) fragment, Entropy entropy)
    {
        var isFragment = fragment.Total > 0;
        var payloadHeader = isFragment ? FragmentHeader : GenericHeader;
        var datagram = new byte[SealedLength(payloadHeader, payloads.Length)];
        if (datagram.Length - IkeHeader.Size > ushort.MaxValue)
            throw new ArgumentException($"{payloads.Length} octets are more than an Encrypted payload holds", nameof(payloads));
        EncryptedPayloadLocator.WriteHeader(datagram, header, isFragment ? PayloadType.EncryptedFragment : PayloadType.Encrypted, (uint)datagram.Length);
        var at = datagram.AsSpan(IkeHeader.Size);
        at[0] = (byte)first;
        BinaryPrimitives.WriteUInt16BigEndian(at[2..], (ushort)at.Length);
        if (isFragment)
        {
            BinaryPrimitives.WriteUInt16BigEndian(at[4..], fragment.Number);
            BinaryPrimitives.WriteUInt16BigEndian(at[6..], fragment.Total);
        }

        var body = at[payloadHeader..];
        var ivLength = CipherFacts.IvLength(Suite.Cipher);
        if (CipherFacts.IsCbc(Suite.Cipher))
            entropy.Fill(body[..ivLength]);
        else
            BinaryPrimitives.WriteUInt64BigEndian(body, ivs.Take(fromInitiator));
        payloads.CopyTo(body[ivLength..]);
        var padding = body.Length - ivLength - payloads.Length - 1 - CipherFacts.IcvLength(Suite.Cipher);
        body[ivLength + payloads.Length + padding] = (byte)padding;
        MessageCipher.Seal(Suite.Cipher, SkE(fromInitiator), SkA(fromInitiator), datagram, IkeHeader.Size + payloadHeader);
        return datagram;
    }

    /// <summary>Padding is the least that the cipher takes: none for AEADs (RFC 5282 §3.2), up to the block for CBC.</summary>
    private int SealedLength(int payloadHeader, int payloads)
    {
        var plaintext = payloads + 1;
        if (CipherFacts.IsCbc(Suite.Cipher))
            plaintext = (plaintext + 15) / 16 * 16;
        return IkeHeader.Size + payloadHeader + CipherFacts.IvLength(Suite.Cipher) + plaintext + CipherFacts.IcvLength(Suite.Cipher);
    }
}
