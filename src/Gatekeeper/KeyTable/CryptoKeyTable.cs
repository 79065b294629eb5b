namespace Appliance.Gatekeeper;

/// <summary>The crypto key table (RFC 7210): every long-lived key of routing protocols, negotiated or written by hand. Time comes with each question. One thread.</summary>
public sealed class CryptoKeyTable : IDisposable
{
    private readonly Dictionary<string, KeyRow> rows = new(StringComparer.Ordinal);

    /// <summary>All rows.</summary>
    public IReadOnlyCollection<KeyRow> Rows => rows.Values;

    /// <summary>
    /// Takes a row in. Null when it is there, else why not, and the row stays the caller's: its AdminKeyName is taken; or a message that comes in could mean two keys at once (§3), the row's and another's
    /// of the same name, protocol, peer and interface whose accept lifetime overlaps.
    /// </summary>
    public string? Add(KeyRow row)
    {
        if (rows.ContainsKey(row.AdminKeyName)) return $"there is a key '{row.AdminKeyName}' already";
        if (rows.Values.FirstOrDefault(other => IsAmbiguous(row, other)) is { } same)
            return $"{row.Protocol} key name {row.LocalKeyName} of '{row.AdminKeyName}' is that of '{same.AdminKeyName}', which is accepted from the same peer at the same time";
        rows.Add(row.AdminKeyName, row);
        return null;
    }

    /// <summary>Takes a row out and wipes its key. False: there is none of that name.</summary>
    public bool Remove(string adminKeyName)
    {
        if (!rows.Remove(adminKeyName, out var row)) return false;
        row.Dispose();
        return true;
    }

    /// <summary>
    /// The key to send by (§3): of those that may be, the one whose send lifetime began last; among several that began at once the one whose pair of names comes first, so that both ends choose alike. Null:
    /// none may. <paramref name="isUsable"/> tells which algorithms the protocol can use.
    /// </summary>
    public KeyRow? ToSend(string protocol, string peer, string? @interface, DateTimeOffset now, Func<KeyRow, bool>? isUsable = null)
    {
        KeyRow? best = null;
        foreach (var row in rows.Values)
        {
            if ((row.Direction & KeyDirection.Out) == 0 || !row.Send.Has(now) || !IsFor(row, protocol, peer, @interface) || isUsable?.Invoke(row) == false) continue;
            if (best is null || row.Send.Start > best.Send.Start || (row.Send.Start == best.Send.Start && string.CompareOrdinal(NamesOf(row), NamesOf(best)) < 0)) best = row;
        }

        return best;
    }

    /// <summary>The key that a message names which came in (§3). Null: none that is accepted now.</summary>
    public KeyRow? ToAccept(string protocol, string peer, string localKeyName, string? @interface, DateTimeOffset now)
    {
        foreach (var row in rows.Values)
            if ((row.Direction & KeyDirection.In) != 0 && row.LocalKeyName == localKeyName && row.Accept.Has(now) && IsFor(row, protocol, peer, @interface))
                return row;
        return null;
    }

    /// <summary>The next moment after <paramref name="now"/> at which a lifetime begins or has ended: then choices may differ. Null: never.</summary>
    public DateTimeOffset? NextChange(DateTimeOffset now)
    {
        DateTimeOffset? next = null;
        foreach (var row in rows.Values)
        {
            foreach (var moment in (ReadOnlySpan<DateTimeOffset>)[row.Send.Start, After(row.Send.End), row.Accept.Start, After(row.Accept.End)])
                if (moment > now && moment < DateTimeOffset.MaxValue && (next is null || moment < next)) next = moment;
        }

        return next;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var row in rows.Values) row.Dispose();
        rows.Clear();
    }

    /// <summary>Both names; what is local here is the peer's there.</summary>
    private static string NamesOf(KeyRow row) => string.CompareOrdinal(row.LocalKeyName, row.PeerKeyName) <= 0 ? $"{row.LocalKeyName}/{row.PeerKeyName}" : $"{row.PeerKeyName}/{row.LocalKeyName}";

    private static bool IsFor(KeyRow row, string protocol, string peer, string? @interface) =>
        row.Protocol == protocol && row.Peers.Contains(peer) && (@interface is null || row.Interfaces.Contains(KeyRow.AllInterfaces) || row.Interfaces.Contains(@interface));

    private static bool IsAmbiguous(KeyRow a, KeyRow b) =>
        (a.Direction & b.Direction & KeyDirection.In) != 0 && a.Protocol == b.Protocol && a.LocalKeyName == b.LocalKeyName && a.Peers.Any(b.Peers.Contains) && SharesInterface(a, b)
        && a.Accept.Start <= b.Accept.End && b.Accept.Start <= a.Accept.End;

    private static bool SharesInterface(KeyRow a, KeyRow b) =>
        a.Interfaces.Contains(KeyRow.AllInterfaces) || b.Interfaces.Contains(KeyRow.AllInterfaces) || a.Interfaces.Any(b.Interfaces.Contains);

    /// <summary>The end itself still counts.</summary>
    private static DateTimeOffset After(DateTimeOffset end) => end == DateTimeOffset.MaxValue ? end : end.AddTicks(1);
}
