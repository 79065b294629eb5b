using System.Buffers.Binary;
using System.Security.Cryptography;
using Appliance.Crypto;
using Appliance.Ike.Messages;

namespace Appliance.Ike.Keys;

/// <summary>What AUTH covers and the AUTH of shared keys, under SK_pi and SK_pr (RFC 7296 §2.15, RFC 9242 §3.3.2).</summary>
public sealed partial class IkeKeys
{
    /// <summary>The octets that a side signs: its first message | the other's nonce | prf(SK_p, ID body) [| IntAuth].</summary>
    /// <param name="ofInitiator">Whose AUTH it is.</param>
    /// <param name="firstMessage">That side's IKE_SA_INIT message as it went over the wire, without a non-ESP marker; after a cookie or another retry, the last one.</param>
    /// <param name="peerNonce">Content of the other side's nonce payload.</param>
    /// <param name="idBody">Body of that side's ID payload: all after the generic header.</param>
    /// <param name="intermediateAuth">What <see cref="IntermediateAuthOctets"/> gave; empty without IKE_INTERMEDIATE.</param>
    public byte[] AuthOctets(bool ofInitiator, ReadOnlySpan<byte> firstMessage, ReadOnlySpan<byte> peerNonce, ReadOnlySpan<byte> idBody, ReadOnlySpan<byte> intermediateAuth)
    {
        var octets = new byte[firstMessage.Length + peerNonce.Length + Suite.PrfLength + intermediateAuth.Length];
        var at = octets.AsSpan();
        firstMessage.CopyTo(at);
        peerNonce.CopyTo(at[firstMessage.Length..]);
        at = at[(firstMessage.Length + peerNonce.Length)..];
        Prf.Compute(Suite.Prf, SkP(ofInitiator), idBody, at[..Suite.PrfLength]);
        intermediateAuth.CopyTo(at[Suite.PrfLength..]);
        return octets;
    }

    /// <summary>
    /// AUTH of a shared key: prf(prf(key, "Key Pad for IKEv2"), octets). Compare a peer's with <see cref="CryptographicOperations.FixedTimeEquals"/>.
    /// </summary>
    /// <param name="ofInitiator">Whose AUTH it is; the octets are that side's, so it changes nothing here.</param>
    /// <param name="sharedKey">The shared key.</param>
    /// <param name="authOctets">What <see cref="AuthOctets"/> gave.</param>
    public byte[] SharedKeyAuth(bool ofInitiator, ReadOnlySpan<byte> sharedKey, ReadOnlySpan<byte> authOctets)
    {
        _ = ofInitiator;
        Span<byte> padded = stackalloc byte[Suite.PrfLength];
        Prf.Compute(Suite.Prf, sharedKey, "Key Pad for IKEv2"u8, padded);
        var auth = new byte[Suite.PrfLength];
        Prf.Compute(Suite.Prf, padded, authOctets, auth);
        CryptographicOperations.ZeroMemory(padded);
        return auth;
    }

    /// <summary>
    /// IntAuth_in or IntAuth_rn of one message of IKE_INTERMEDIATE (RFC 9242 §3.3.2): prf(SK_p, previous | A | P), with the keys in force before the exchange. The message is the whole one, before
    /// fragmentation, and has no clear payloads.
    /// </summary>
    /// <param name="ofInitiator">Who sent the message.</param>
    /// <param name="previous">IntAuth of the same side after the exchange before; empty for the first.</param>
    /// <param name="header">Header of the message; NextPayload and Length are set here.</param>
    /// <param name="first">Type of the first payload inside SK.</param>
    /// <param name="payloads">The payloads inside SK, without padding.</param>
    public byte[] IntermediateAuth(bool ofInitiator, ReadOnlySpan<byte> previous, IkeHeader header, PayloadType first, ReadOnlySpan<byte> payloads)
    {
        Span<byte> associated = stackalloc byte[IkeHeader.Size + GenericHeader];
        EncryptedPayloadLocator.WriteHeader(associated, header, PayloadType.Encrypted, (uint)(associated.Length + payloads.Length));
        associated[IkeHeader.Size] = (byte)first;
        associated[IkeHeader.Size + 1] = 0;
        BinaryPrimitives.WriteUInt16BigEndian(associated[(IkeHeader.Size + 2)..], (ushort)(GenericHeader + payloads.Length));
        var result = new byte[Suite.PrfLength];
        Prf.Compute(Suite.Prf, SkP(ofInitiator), previous, associated, payloads, result);
        return result;
    }

    /// <summary>IntAuth for <see cref="AuthOctets"/>: IntAuth_iN | IntAuth_rN | IKE_AUTH_MID (RFC 9242 §3.3.2).</summary>
    /// <param name="initiator">The last <see cref="IntermediateAuth"/> of the initiator.</param>
    /// <param name="responder">The last of the responder.</param>
    /// <param name="authMessageId">Message ID of the first IKE_AUTH request.</param>
    public static byte[] IntermediateAuthOctets(ReadOnlySpan<byte> initiator, ReadOnlySpan<byte> responder, uint authMessageId)
    {
        var octets = new byte[initiator.Length + responder.Length + 4];
        initiator.CopyTo(octets);
        responder.CopyTo(octets.AsSpan(initiator.Length));
        BinaryPrimitives.WriteUInt32BigEndian(octets.AsSpan(initiator.Length + responder.Length), authMessageId);
        return octets;
    }
}
