namespace Appliance.Bgp;

/// <summary>The error of an UPDATE message that counts: the strongest, and of several as strong the first (RFC 7606 §3 h).</summary>
internal ref struct UpdateFault
{
    private string detail;
    private byte type;
    private ReadOnlySpan<byte> octets;

    public UpdateError Error { get; private set; }

    /// <summary>Subcode of UPDATE Message Error that the session would end with.</summary>
    public byte Subcode { get; private set; }

    /// <summary>Takes note of an error.</summary>
    /// <param name="error">What it leads to.</param>
    /// <param name="subcode">Subcode.</param>
    /// <param name="what">What is wrong, with its RFC; a constant.</param>
    /// <param name="attribute">Attribute that it is about; 0 for none.</param>
    /// <param name="data">Data of the NOTIFICATION.</param>
    public void Note(UpdateError error, byte subcode, string what, byte attribute = 0, ReadOnlySpan<byte> data = default)
    {
        if (error <= Error) return;
        (Error, Subcode, detail, type) = (error, subcode, what, attribute);
        octets = data;
    }

    /// <summary>Without routes that could be withdrawn a session reset is what is left (RFC 7606 §5.2).</summary>
    public void Escalate()
    {
        if (Error == UpdateError.TreatAsWithdraw) Error = UpdateError.ResetSession;
    }

    public readonly NotificationMessage? ToNotification() => Error == UpdateError.ResetSession
        ? new NotificationMessage(NotificationCode.UpdateMessage, Subcode, octets.Length <= Tuning.NotificationData ? octets.ToArray() : octets[..Tuning.NotificationData].ToArray())
        : null;

    public readonly string Describe(in AttributeTypes discarded)
    {
        var about = type == 0 ? "" : $"{AttributeType.NameOf(type)}: ";
        return Error switch
        {
            UpdateError.None => "",
            UpdateError.AttributeDiscard => $"{about}{detail}; left out: {discarded}",
            UpdateError.TreatAsWithdraw => $"{about}{detail}; the routes of the message are withdrawn",
            _ => $"{about}{detail}; the session ends",
        };
    }

    private static class Tuning
    {
        /// <summary>Octets of a wrong attribute that the neighbour gets back.</summary>
        public const int NotificationData = 4000;
    }
}
