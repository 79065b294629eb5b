using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using System.Text.Unicode;
using Appliance.Crypto;
using Appliance.Ike.Keys;

namespace Appliance.Ike.Messages;

/// <summary>
/// Reads one N(MPSA_PUT), field by field. The first thing that is wrong is kept. A transform that is not known could say something about IVs or keys that a member has to heed, so it is
/// refused (RFC 7296 §3.3.6). Octets copied on the way are wiped when it is disposed of.
/// </summary>
internal sealed class MpsaPutReader : IDisposable
{
    private const uint ReservedSpis = 255;
    private readonly Dictionary<TransformType, Transform> transforms = [];
    private IReadOnlyList<Proposal> proposals = [];

    public MpsaError Error { get; private set; }

    public MpsaPut? Read(NotifyPayload notify)
    {
        if (notify.Protocol != ProtocolId.Esp || notify.Spi.Length != 4) return Malformed($"protocol {(byte)notify.Protocol} with an SPI of {notify.Spi.Length} octets instead of ESP with 4");
        if (BinaryPrimitives.ReadUInt32BigEndian(notify.Spi) is var spi && spi <= ReservedSpis) return Malformed($"SPI {spi} is reserved (RFC 4303 §2.1)");
        if (!ProposalCodec.TryRead(notify.Data, out proposals, out var wrong)) return Malformed(wrong.Detail);
        if (proposals is not [{ Protocol: ProtocolId.Esp } proposal]) return Malformed($"{proposals.Count} proposals instead of one for ESP");
        if (!proposal.Spi.AsSpan().SequenceEqual(notify.Spi)) return Malformed("the SPI of the proposal is not that of the notify");
        return Index(proposal) && Encryption() is { } encryption && Prf() is { } prf && Attribute(TransformType.Nonce, MultipointNumbers.NonceAttribute) is { } nonce
            && Attribute(TransformType.SkD, MultipointNumbers.SkDAttribute) is { } skD && Seconds(TransformType.Lifetime, MultipointNumbers.LifetimeAttribute) is { } life
            && Seconds(TransformType.Rollover1, MultipointNumbers.Rollover1Attribute) is { } first && Seconds(TransformType.Rollover2, MultipointNumbers.Rollover2Attribute) is { } second
            && Fits(prf, nonce, skD) && Senders() is { } senders && Group(out var group)
            ? new MpsaPut
            {
                Spi = spi, Encryption = encryption.Cipher, Integrity = encryption.Integrity, Prf = prf, Nonce = [.. nonce], SkD = new Secret(skD), LifetimeSeconds = life,
                Rollover1Seconds = first, Rollover2Seconds = second, SenderIdBits = senders.Bits, SenderIds = senders.Ids, Group = group,
            }
            : null;
    }

    public void Dispose()
    {
        foreach (var (_, value) in proposals.SelectMany(p => p.Transforms).SelectMany(t => t.Others)) CryptographicOperations.ZeroMemory(value);
    }

    private bool Index(Proposal proposal)
    {
        foreach (var transform in proposal.Transforms)
        {
            if (transform is { Type: TransformType.ExtendedSequenceNumbers, Id: 0 }) continue;
            if (!IsKnown(transform.Type)) return Fail(MpsaRefusal.NotSupported, $"transform of type {(byte)transform.Type} with ID {transform.Id}");
            if (!transforms.TryAdd(transform.Type, transform)) return Fail(MpsaRefusal.Malformed, $"two transforms of type {(byte)transform.Type}");
            if (transform.Type != TransformType.Encryption && transform.KeyLength is not null) return Fail(MpsaRefusal.Malformed, $"a key length in a transform of type {(byte)transform.Type}");
            if (transform.Type <= TransformType.Integrity ? transform.Others.Count > 0 : transform is not { Id: MultipointNumbers.OnlyId, Others.Count: 1 })
                return Fail(MpsaRefusal.Malformed, $"transform of type {(byte)transform.Type} with ID {transform.Id} and {transform.Others.Count} attributes");
        }

        return true;
    }

    private (EncryptionChoice Cipher, IntegrityTransform Integrity)? Encryption()
    {
        if (!transforms.TryGetValue(TransformType.Encryption, out var transform)) return Missing<(EncryptionChoice, IntegrityTransform)>("ENCR");
        var choice = new EncryptionChoice((EncryptionTransform)transform.Id, transform.KeyLength ?? 0);
        var integrity = transforms.TryGetValue(TransformType.Integrity, out var second) ? (IntegrityTransform)second.Id : IntegrityTransform.None;
        if (CipherSuites.CipherOf(choice, integrity) is not (Cipher.None or Cipher.AesGmac)) return (choice, integrity);
        Fail(MpsaRefusal.NotSupported, $"cipher {AlgorithmNames.Of(choice)} with integrity {AlgorithmNames.Of(integrity)}");
        return null;
    }

    private PrfAlgorithm? Prf()
    {
        if (!transforms.TryGetValue(TransformType.PseudoRandomFunction, out var transform)) return Missing<PrfAlgorithm>("PRF");
        var prf = (PrfAlgorithm)transform.Id;
        if (Crypto.Prf.OutputLength(prf) > 0) return prf;
        Fail(MpsaRefusal.NotSupported, $"PRF {AlgorithmNames.Of(prf)}");
        return null;
    }

    private bool Fits(PrfAlgorithm prf, byte[] nonce, byte[] skD)
    {
        if (nonce.Length is < 16 or > 256) return Fail(MpsaRefusal.Malformed, $"a nonce of {nonce.Length} octets, not of 16 to 256");
        return skD.Length == Crypto.Prf.OutputLength(prf) || Fail(MpsaRefusal.Malformed, $"an SK_d of {skD.Length} octets, {AlgorithmNames.Of(prf)} has keys of {Crypto.Prf.OutputLength(prf)}");
    }

    /// <summary>Seconds. The draft's figure has the lifetime's attribute in ROLL1 and ROLL2, its text others: both are taken. Rollover times that are not there are 0.</summary>
    private uint? Seconds(TransformType type, ushort attribute)
    {
        if (!transforms.TryGetValue(type, out var transform) && type != TransformType.Lifetime) return 0;
        if (transform is { Others: [(MultipointNumbers.LifetimeAttribute, _)] }) attribute = MultipointNumbers.LifetimeAttribute;
        if (Attribute(type, attribute) is not { } value) return null;
        if (value.Length == 4) return BinaryPrimitives.ReadUInt32BigEndian(value);
        Fail(MpsaRefusal.Malformed, $"a time of {value.Length} octets in the transform of type {(byte)type}");
        return null;
    }

    private (int Bits, uint[] Ids)? Senders()
    {
        if (!transforms.ContainsKey(TransformType.SenderId)) return (0, []);
        if (Attribute(TransformType.SenderId, MultipointNumbers.SenderIdAttribute) is not { } value) return null;
        var count = (value.Length - 1) / 4;
        if (value.Length < 5 || value.Length % 4 != 1 || count > MultipointNumbers.MaximumSenderIds) return Wrong($"SENDER_ID of {value.Length} octets");
        var bits = value[0];
        if (bits is < MultipointNumbers.MinimumSenderIdBits or > MultipointNumbers.MaximumSenderIdBits) return Wrong($"Sender-IDs of {bits} bits");
        var ids = new uint[count];
        for (var i = 0; i < count; i++) ids[i] = BinaryPrimitives.ReadUInt32BigEndian(value.AsSpan(1 + 4 * i));
        if (ids.Any(id => id >> bits != 0)) return Wrong($"a Sender-ID that {bits} bits do not hold");
        return ids.Distinct().Count() == count ? (bits, ids) : Wrong("a Sender-ID twice");

        (int, uint[])? Wrong(string detail)
        {
            Fail(MpsaRefusal.Malformed, detail);
            return null;
        }
    }

    /// <summary>The name goes into logs: UTF-8 without control characters.</summary>
    private bool Group(out string? name)
    {
        name = null;
        if (!transforms.ContainsKey(TransformType.Group)) return true;
        if (Attribute(TransformType.Group, MultipointNumbers.GroupAttribute) is not { } value) return false;
        if (value.Length is 0 or > MultipointNumbers.MaximumGroupName || !Utf8.IsValid(value)) return Fail(MpsaRefusal.Malformed, $"a group's name of {value.Length} octets that is none");
        name = Encoding.UTF8.GetString(value);
        return !name.Any(char.IsControl) || Fail(MpsaRefusal.Malformed, "a group's name with control characters");
    }

    private byte[]? Attribute(TransformType type, ushort attribute)
    {
        if (!transforms.TryGetValue(type, out var transform)) Fail(MpsaRefusal.Malformed, $"no transform of type {(byte)type}");
        else if (transform.Others[0].Number == attribute) return transform.Others[0].Value;
        else Fail(MpsaRefusal.Malformed, $"attribute {transform.Others[0].Number} in the transform of type {(byte)type}");
        return null;
    }

    private static bool IsKnown(TransformType type) =>
        type is TransformType.Encryption or TransformType.PseudoRandomFunction or TransformType.Integrity or (>= TransformType.Nonce and <= TransformType.Group);

    private T? Missing<T>(string what)
        where T : struct
    {
        Fail(MpsaRefusal.Malformed, $"no {what}");
        return null;
    }

    private MpsaPut? Malformed(string detail)
    {
        Fail(MpsaRefusal.Malformed, detail);
        return null;
    }

    private bool Fail(MpsaRefusal reason, string detail)
    {
        if (Error.Reason == MpsaRefusal.None) Error = new MpsaError(reason, detail);
        return false;
    }
}
