using Appliance.Ike.Machine;

namespace Appliance.Ike.Groups;

/// <summary>Sender-IDs that we had under keys whose SAs ended: should a gateway bring back such a key, they do not come back with it (RFC 6054 §2). Bounded; the oldest are forgotten.</summary>
internal sealed class EndedSenderIds
{
    private readonly List<(byte[] Digest, uint[] SenderIds)> ended = [];

    /// <summary>An SA ended.</summary>
    public void Add(MemberSa sa)
    {
        if (sa.UsedSenderIds.Count == 0) return;
        if (ended.Count >= Tuning.MostEndedSas) ended.RemoveAt(0);
        ended.Add((sa.Digest, [.. sa.UsedSenderIds]));
    }

    /// <summary>Those of a key; none in most cases.</summary>
    public IEnumerable<uint> Of(byte[] digest) => ended.Where(e => e.Digest.AsSpan().SequenceEqual(digest)).SelectMany(e => e.SenderIds);
}
