using Appliance.Ike.Machine;
using Appliance.Machine;

namespace Appliance.Ike.Groups;

/// <summary>How a member stands at its gateway.</summary>
internal enum MemberState : byte
{
    /// <summary>It gets the group's SAs.</summary>
    Served,

    /// <summary>It cannot use them, or said so.</summary>
    Refused,

    /// <summary>It does not know multi-point SAs, or not of this cipher: it has pairwise SAs alone.</summary>
    Pairwise,
}

/// <summary>A multi-point SA that a member was told of, with the Sender-IDs that the member has under it.</summary>
internal readonly record struct ToldSa(ulong Number, uint Spi, uint[] SenderIds, bool Acknowledged);

/// <summary>A registration: an IKE SA of a member with us. A new IKE SA is a new registration, unless it replaces one that is rekeyed.</summary>
internal sealed class ServedMember(ServedGroup group, IkeSa sa)
{
    /// <summary>The group.</summary>
    public ServedGroup Group { get; } = group;

    /// <summary>The IKE SA, after a rekey the new one.</summary>
    public IkeSa Sa { get; set; } = sa;

    /// <summary>When it registered.</summary>
    public required Instant RegisteredAt { get; init; }

    /// <summary>How it stands.</summary>
    public MemberState State { get; set; }

    /// <summary>Why it is refused or pairwise; empty else.</summary>
    public string Problem { get; set; } = "";

    /// <summary>SAs with a lower number are not for it (backward secrecy); 0: it gets all that live.</summary>
    public ulong Since { get; set; }

    /// <summary>What it was told.</summary>
    public ToldSa[] Told { get; private set; } = [];

    /// <summary>An MPSA_PUT is under way or waits for its turn.</summary>
    public bool IsTold { get; set; }

    /// <summary>It stands in the queue of those that are to be told.</summary>
    public bool IsQueued { get; set; }

    /// <summary>What it was told of an SA; null: nothing.</summary>
    public ToldSa? Of(ulong number)
    {
        foreach (var told in Told) if (told.Number == number) return told;
        return null;
    }

    /// <summary>Whether it has an SA.</summary>
    public bool Has(ulong number) => Of(number) is { Acknowledged: true };

    /// <summary>It was told of an SA, or acknowledged it.</summary>
    public void Set(ToldSa told)
    {
        for (var at = 0; at < Told.Length; at++)
        {
            if (Told[at].Number != told.Number) continue;
            Told[at] = told;
            return;
        }

        Told = [.. Told, told];
    }

    /// <summary>SAs that are gone are forgotten.</summary>
    public void Keep(Func<ulong, bool> isLive)
    {
        if (Told.Any(t => !isLive(t.Number))) Told = [.. Told.Where(t => isLive(t.Number))];
    }
}
