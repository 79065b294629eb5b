namespace Appliance.Ike.Messages;

/// <summary>What a message may still hold, by <see cref="MessageTuning"/>.</summary>
internal struct MessageBudget
{
    private int payloads, certificates, certificateOctets, requests;

    /// <summary>Takes a payload into account.</summary>
    /// <param name="type">Its type.</param>
    /// <param name="octets">Octets of its body.</param>
    /// <returns><see cref="MessageErrorKind.TooMany"/>, or nothing.</returns>
    public MessageError Spend(PayloadType type, int octets)
    {
        if (++payloads > MessageTuning.MaximumPayloads) return TooMany(type, $"more than {MessageTuning.MaximumPayloads} payloads");
        if (type == PayloadType.CertificateRequest && ++requests > MessageTuning.MaximumCertificateRequests) return TooMany(type, $"more than {MessageTuning.MaximumCertificateRequests}");
        if (type != PayloadType.Certificate) return default;
        certificateOctets += octets;
        if (++certificates > MessageTuning.MaximumCertificates) return TooMany(type, $"more than {MessageTuning.MaximumCertificates} certificates");
        return certificateOctets > MessageTuning.MaximumCertificateOctets ? TooMany(type, $"more than {MessageTuning.MaximumCertificateOctets} octets of certificates") : default;
    }

    private static MessageError TooMany(PayloadType type, string detail) => new(MessageErrorKind.TooMany, type, $"{PayloadNames.Of(type)}: {detail}");
}
