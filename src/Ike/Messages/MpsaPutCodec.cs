using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using Appliance.Crypto;

namespace Appliance.Ike.Messages;

/// <summary>N(MPSA_PUT) (draft-yamaya-ipsecme-mpsa-04 §3.2.2): one proposal-like structure whose transforms hold algorithms, nonce, SK_d and times. Writing; reading is <see cref="MpsaPutReader"/>'s.</summary>
public static class MpsaPutCodec
{
    /// <summary>Reads a notify. Never throws; nothing of it is kept in <paramref name="put"/> but copies, so the caller may wipe the notify's data.</summary>
    /// <param name="notify">The notify.</param>
    /// <param name="put">What it says, when true is returned; the caller disposes of it.</param>
    /// <param name="error">Else why not: malformed, or not supported.</param>
    public static bool TryRead(NotifyPayload notify, [NotNullWhen(true)] out MpsaPut? put, out MpsaError error)
    {
        ArgumentNullException.ThrowIfNull(notify);
        using var reader = new MpsaPutReader();
        put = reader.Read(notify);
        error = reader.Error;
        return put is not null;
    }

    /// <summary>Makes a notify. SENDER_ID and GROUP are private: only for a peer that sent <see cref="MultipointNumbers.PrivateVendorId"/>. Whoever sends it wipes its data.</summary>
    /// <exception cref="ArgumentException">Something does not fit its field.</exception>
    public static NotifyPayload Write(MpsaPut put)
    {
        ArgumentNullException.ThrowIfNull(put);
        var skD = put.SkD.Octets.ToArray();
        var spi = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(spi, put.Spi);
        List<Transform> transforms = [new(TransformType.Encryption, (ushort)put.Encryption.Transform, put.Encryption.KeyBits == 0 ? null : put.Encryption.KeyBits)];
        transforms.Add(new Transform(TransformType.PseudoRandomFunction, (ushort)put.Prf));
        if (put.Integrity != IntegrityTransform.None) transforms.Add(new Transform(TransformType.Integrity, (ushort)put.Integrity));
        transforms.Add(Of(TransformType.Nonce, MultipointNumbers.NonceAttribute, put.Nonce));
        transforms.Add(Of(TransformType.SkD, MultipointNumbers.SkDAttribute, skD));
        transforms.Add(Of(TransformType.Lifetime, MultipointNumbers.LifetimeAttribute, Number(put.LifetimeSeconds)));
        transforms.Add(Of(TransformType.Rollover1, MultipointNumbers.Rollover1Attribute, Number(put.Rollover1Seconds)));
        transforms.Add(Of(TransformType.Rollover2, MultipointNumbers.Rollover2Attribute, Number(put.Rollover2Seconds)));
        if (put.SenderIds.Count > 0) transforms.Add(Of(TransformType.SenderId, MultipointNumbers.SenderIdAttribute, [(byte)put.SenderIdBits, .. put.SenderIds.SelectMany(Number)]));
        if (put.Group is { } group) transforms.Add(Of(TransformType.Group, MultipointNumbers.GroupAttribute, Encoding.UTF8.GetBytes(group)));
        using var writer = new OctetWriter();
        ProposalCodec.Write(writer, [new Proposal(1, ProtocolId.Esp, spi, transforms)]);
        System.Security.Cryptography.CryptographicOperations.ZeroMemory(skD);
        return new NotifyPayload(ProtocolId.Esp, spi, NotifyType.MpsaPut, writer.ToArray());
    }

    /// <summary>N(MPSA_REFUSED) for an SA; private, in an INFORMATIONAL of the member's own.</summary>
    /// <param name="spi">The SPI of the notify that is refused, as it came.</param>
    /// <param name="reason">Why.</param>
    public static NotifyPayload Refusal(byte[] spi, MpsaRefusal reason) => new(spi.Length == 4 ? ProtocolId.Esp : ProtocolId.None, spi.Length == 4 ? spi : [], NotifyType.MpsaRefused, [(byte)((ushort)reason >> 8), (byte)reason]);

    /// <summary>SPI (0: none is named) and reason of an N(MPSA_REFUSED), whose size the table of notifies has checked.</summary>
    public static (uint Spi, MpsaRefusal Reason) ReadRefusal(NotifyPayload notify)
    {
        ArgumentNullException.ThrowIfNull(notify);
        return (notify is { Protocol: ProtocolId.Esp, Spi.Length: 4 } ? BinaryPrimitives.ReadUInt32BigEndian(notify.Spi) : 0,
            notify.Data.Length == 2 ? (MpsaRefusal)BinaryPrimitives.ReadUInt16BigEndian(notify.Data) : MpsaRefusal.Malformed);
    }

    /// <summary>N(GROUP_SENDER): how many Sender-IDs a member wants (RFC 9838).</summary>
    public static NotifyPayload GroupSender(int count) => new(NotifyType.GroupSender, Number((uint)count));

    /// <summary>The number in an N(GROUP_SENDER), at most <see cref="MultipointNumbers.MaximumSenderIds"/>.</summary>
    public static int ReadGroupSender(NotifyPayload notify)
    {
        ArgumentNullException.ThrowIfNull(notify);
        return notify.Data.Length == 4 ? (int)Math.Min(BinaryPrimitives.ReadUInt32BigEndian(notify.Data), MultipointNumbers.MaximumSenderIds) : 0;
    }

    private static Transform Of(TransformType type, ushort attribute, byte[] value) => new(type, MultipointNumbers.OnlyId) { Others = [(attribute, value)] };

    private static byte[] Number(uint value) => [(byte)(value >> 24), (byte)(value >> 16), (byte)(value >> 8), (byte)value];
}
