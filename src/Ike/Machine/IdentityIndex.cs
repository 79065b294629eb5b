namespace Appliance.Ike.Machine;

/// <summary>IKE SAs by PAD entry and the identity that their peer has proven: found without a look at all others, however many share an entry.</summary>
internal sealed class IdentityIndex
{
    private readonly Dictionary<(string Peer, Identity Identity), List<IkeSa>> sas = [];

    /// <summary>Its peer has proven who it is. More than once does no harm.</summary>
    public void Add(IkeSa sa)
    {
        if (Key(sa) is not { } key) return;
        if (!sas.TryGetValue(key, out var list)) sas.Add(key, list = new(1));
        if (!list.Contains(sa)) list.Add(sa);
    }

    /// <summary>It is gone.</summary>
    public void Remove(IkeSa sa)
    {
        if (Key(sa) is not { } key || !sas.TryGetValue(key, out var list)) return;
        list.Remove(sa);
        if (list.Count == 0) sas.Remove(key);
    }

    /// <summary>Others of the same entry and identity that are in use.</summary>
    public IReadOnlyList<IkeSa> Others(IkeSa sa) =>
        Key(sa) is { } key && sas.TryGetValue(key, out var list) ? [.. list.Where(o => o != sa && o.State is IkeSaState.Established or IkeSaState.Rekeying)] : [];

    /// <summary>How many of the same entry and identity were replaced and wait for their deletion.</summary>
    public int Replaced(IkeSa sa) => Key(sa) is { } key && sas.TryGetValue(key, out var list) ? list.Count(o => o.Successor is not null) : 0;

    private static (string, Identity)? Key(IkeSa sa) => sa.Peer is { } peer && sa.RemoteIdentity is { } identity ? (peer.Name, identity) : null;
}
