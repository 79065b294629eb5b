using Appliance.Crypto;
using Appliance.Ike.Keys;
using Appliance.Ike.Machine;
using Appliance.Ike.Messages;
using Appliance.Machine;

namespace Appliance.Ike.Groups;

/// <summary>
/// A multi-point SA at the gateway that made it (draft-yamaya-ipsecme-mpsa-04 §3.3.1): what every member is told, when who sends by it, and which Sender-IDs are still free. They only rise: none is given
/// out twice under one key (RFC 6054 §2). All times count on this gateway's clock.
/// </summary>
internal sealed class MultiPointSa : IDisposable
{
    /// <summary>Sender-IDs that each identity got from this process.</summary>
    private readonly Dictionary<string, long> given = new(StringComparer.Ordinal);

    /// <summary>Which one of the group's it is: each has a higher number than those before it.</summary>
    public required ulong Number { get; init; }

    /// <summary>SPI of both directions.</summary>
    public required uint Spi { get; init; }

    /// <summary>Nonce of KEYMAT.</summary>
    public required byte[] Nonce { get; init; }

    /// <summary>SK_d of KEYMAT: the PRF's key length.</summary>
    public required Secret SkD { get; init; }

    /// <summary>Encryption with key length in bits.</summary>
    public required EncryptionChoice Encryption { get; init; }

    /// <summary>Integrity; none with AEADs.</summary>
    public IntegrityTransform Integrity { get; init; }

    /// <summary>PRF of KEYMAT.</summary>
    public required PrfAlgorithm Prf { get; init; }

    /// <summary>Width of the Sender-ID in the IV; 0 with AES-CBC, which has none.</summary>
    public int SenderIdBits { get; init; }

    /// <summary>First Sender-ID that may be given out.</summary>
    public uint FirstSenderId { get; init; }

    /// <summary>The last one.</summary>
    public uint LastSenderId { get; init; }

    /// <summary>The next one that nobody has had.</summary>
    public ulong NextSenderId { get; private set; }

    /// <summary>When it was made.</summary>
    public required Instant CreatedAt { get; init; }

    /// <summary>When members send by it: ROLL1 is over.</summary>
    public required Instant ActivatesAt { get; init; }

    /// <summary>When those before it are taken in no more: ROLL2 is over.</summary>
    public required Instant EndsOthersAt { get; init; }

    /// <summary>When its lifetime is over.</summary>
    public required Instant ExpiresAt { get; init; }

    /// <summary>Our own Sender-IDs under it, in the data plane or on their way there.</summary>
    public IReadOnlyList<uint> OwnSenderIds { get; set; } = [];

    /// <summary>The installation that the host was asked for and has not answered; 0 for none.</summary>
    public ulong Token { get; set; }

    /// <summary>The data plane has it.</summary>
    public bool IsInstalled { get; set; }

    /// <summary>Installations that failed, one after the other: each costs Sender-IDs.</summary>
    public int Failures { get; set; }

    /// <summary>When the installation is tried again, after it failed.</summary>
    public Instant InstallAgainAt { get; set; } = Instant.Never;

    /// <summary>ROLL1 is over, and what follows from that is done: we send by it, or by a newer one.</summary>
    public bool IsActivated { get; set; }

    /// <summary>ROLL2 is over, and those before it are gone.</summary>
    public bool HasEndedOthers { get; set; }

    /// <summary>A member was told of it.</summary>
    public bool WasTold { get; set; }

    /// <summary>How many Sender-IDs are free.</summary>
    public long SenderIdsLeft => SenderIdBits == 0 ? 0 : Math.Max(0, (long)LastSenderId - (long)NextSenderId + 1);

    /// <summary>Sender-IDs make the IVs of a counter mode unique.</summary>
    public bool NeedsSenderIds => SenderIdBits > 0;

    /// <summary>Sender-IDs up to there were given out, by this process or by one before it.</summary>
    public void UsedUpTo(ulong next) => NextSenderId = Math.Max(NextSenderId, Math.Max(next, FirstSenderId));

    /// <summary>
    /// Whether so many are within a member's share: a 16th of all, or four registrations where that is more, which are half of all at most. Who registers again and again would use up what is there
    /// for everybody, and have everybody rekeyed without an end.
    /// </summary>
    public bool IsInShare(string identity, uint count)
    {
        var size = (long)LastSenderId - FirstSenderId + 1;
        return !NeedsSenderIds || given.GetValueOrDefault(identity) + count <= Math.Max(count, Math.Max(size / 16, Math.Min(4L * count, size / 2)));
    }

    /// <summary>A member got so many.</summary>
    public void Gave(string identity, int count) => given[identity] = given.GetValueOrDefault(identity) + count;

    /// <summary>Fresh Sender-IDs. False: not enough are left, and none was taken.</summary>
    public bool TakeSenderIds(uint count, out uint[] senderIds)
    {
        senderIds = [];
        if (!NeedsSenderIds) return true;
        if (count > SenderIdsLeft) return false;
        senderIds = new uint[count];
        for (var at = 0; at < senderIds.Length; at++) senderIds[at] = (uint)NextSenderId++;
        return true;
    }

    /// <summary>KEYMAT for the host, who wipes it.</summary>
    public Secret KeyMaterial() => MultipointKeys.Derive(Prf, SkD, Nonce, Encryption, Integrity);

    /// <summary>As the host installs it here.</summary>
    public GroupSa Describe(IkeGroup group, Instant now) => new()
    {
        Group = group.Name, Gateway = group.Name, Spi = Spi, Encryption = Encryption, Integrity = Integrity, SenderIds = OwnSenderIds, SenderIdBits = SenderIdBits,
        ReplayWindow = NeedsSenderIds ? group.ReplayWindow : 0, LifetimeMilliseconds = Math.Max(0, ExpiresAt - now),
    };

    /// <summary>Wipes SK_d.</summary>
    public void Dispose() => SkD.Dispose();

    /// <summary>Shows no key.</summary>
    public override string ToString() => $"multi-point SA {Spi:x8}";
}
