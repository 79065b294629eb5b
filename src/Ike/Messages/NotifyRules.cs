namespace Appliance.Ike.Messages;

/// <summary>
/// Notifies whose data has a size, and those that stand in a message at most once, because the second would contradict the first. All others may be there in any number and with any
/// data: who does not know a status type ignores it (RFC 7296 §3.10.1).
/// </summary>
internal static class NotifyRules
{
    private static readonly Dictionary<NotifyType, NotifyRow> Rows = new NotifyRow[]
    {
        new(NotifyType.UnsupportedCriticalPayload, 1, 1, Once: false),
        new(NotifyType.InvalidKePayload, 2, 2, Once: true),
        new(NotifyType.SetWindowSize, 4, 4, Once: true),
        new(NotifyType.NatDetectionSourceIp, 20, 20, Once: false),
        new(NotifyType.NatDetectionDestinationIp, 20, 20, Once: true),
        new(NotifyType.Cookie, 1, 64, Once: true),
        new(NotifyType.RekeySa, 0, int.MaxValue, Once: true),
        new(NotifyType.AdditionalIp4Address, 4, 4, Once: false),
        new(NotifyType.AdditionalIp6Address, 16, 16, Once: false),
        new(NotifyType.UpdateSaAddresses, 0, 0, Once: true),
        new(NotifyType.Cookie2, 8, 64, Once: true),
        new(NotifyType.Redirect, 3, int.MaxValue, Once: true),
        new(NotifyType.RedirectedFrom, 3, int.MaxValue, Once: true),
        new(NotifyType.QuickCrashDetection, 16, 128, Once: false),
        new(NotifyType.Ikev2MessageIdSync, 12, 12, Once: true),
        new(NotifyType.IpsecReplayCounterSync, 4, 8, Once: true),
        new(NotifyType.GroupSender, 4, 4, Once: true),
        new(NotifyType.SignatureHashAlgorithms, 2, 512, Once: true),
        new(NotifyType.PpkIdentity, 0, MessageTuning.MaximumIdentity, Once: true),
        new(NotifyType.NoPpkAuth, 1, int.MaxValue, Once: true),
        new(NotifyType.AdditionalKeyExchange, 1, 256, Once: true),
        new(NotifyType.MpsaRefused, 2, 2, Once: false),
    }.ToDictionary(r => r.Type);

    /// <summary>What is wrong with the notifies of a message, or null.</summary>
    public static MessageError? Check(IReadOnlyList<Payload> payloads)
    {
        HashSet<NotifyType>? seen = null;
        foreach (var payload in payloads)
        {
            if (payload is not NotifyPayload notify || !Rows.TryGetValue(notify.NotifyType, out var row)) continue;
            if (notify.Data.Length < row.Minimum || notify.Data.Length > row.Maximum)
                return new MessageError(MessageErrorKind.Length, PayloadType.Notify, $"N: {notify.NotifyType} with {notify.Data.Length} octets");
            if (row.Once && !(seen ??= []).Add(notify.NotifyType)) return new MessageError(MessageErrorKind.Repeated, PayloadType.Notify, $"N: {notify.NotifyType} stands there twice");
        }

        return null;
    }

    private sealed record NotifyRow(NotifyType Type, int Minimum, int Maximum, bool Once);
}
