using Appliance.Machine;

namespace Appliance.Ike.Groups;

/// <summary>
/// A multi-point SA that a gateway handed to us (draft-yamaya-ipsecme-mpsa-04 §3.3.2). Its key is in the region alone; here is a digest of it, by which the same SA is known again.
/// </summary>
internal sealed class MemberSa(GroupSa sa, byte[] digest)
{
    /// <summary>As the host has it; Sender-IDs are those in use.</summary>
    public GroupSa Sa { get; set; } = sa;

    /// <summary>SHA-256 of KEYMAT.</summary>
    public byte[] Digest { get; } = digest;

    /// <summary>All Sender-IDs that we had under its key, those in use too: none comes back (RFC 6054 §2).</summary>
    public HashSet<uint> UsedSenderIds { get; } = [];

    /// <summary>The host has it.</summary>
    public bool IsInstalled { get; set; }

    /// <summary>When it was installed first.</summary>
    public Instant InstalledAt { get; set; }

    /// <summary>ROLL1 is over.</summary>
    public Instant ActivatesAt { get; set; }

    /// <summary>ROLL2 is over: those before it go.</summary>
    public Instant EndsOthersAt { get; set; }

    /// <summary>ROLL2 of one that came after it: it goes then.</summary>
    public Instant EndsAt { get; set; } = Instant.Never;

    /// <summary>Its lifetime is over.</summary>
    public Instant ExpiresAt { get; set; }

    /// <summary>The IV space under a Sender-ID of ours is nearly used up.</summary>
    public bool WantsSenderIds { get; set; }

    /// <summary>It is used up: packets that would go out by it are dropped.</summary>
    public bool IsExhausted { get; set; }

    /// <summary>It is taken in no more.</summary>
    public bool IsOver(Instant now) => ExpiresAt <= now || EndsAt <= now;

    /// <summary>Packets can go out by it.</summary>
    public bool IsUsable(Instant now) => IsInstalled && !IsExhausted && !IsOver(now);

    /// <inheritdoc/>
    public override string ToString() => $"SA {Sa.Spi:x8}";
}
