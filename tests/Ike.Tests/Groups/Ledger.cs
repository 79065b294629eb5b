using Appliance.Ike.Machine;
using Appliance.Ike.Messages;

namespace Appliance.Ike.Groups;

/// <summary>An MPSA_PUT as its gateway sent it.</summary>
internal sealed record SentPut(GroupHost Gateway, string Member, ulong IkeSpi, MpsaPut Put, string Key);

/// <summary>
/// Everything that was ever told or installed, over all restarts: under one key no Sender-ID may belong to two senders, nor to one sender twice. This is what keeps IVs from repeating.
/// </summary>
internal sealed class Ledger
{
    private readonly Dictionary<(string Key, uint SenderId), string> owners = [];
    private readonly HashSet<(string Key, uint SenderId)> used = [];

    public List<SentPut> Puts { get; } = [];

    public IEnumerable<SentPut> To(string member) => Puts.Where(p => p.Member == member);

    /// <summary>A datagram leaves: when it is an MPSA_PUT it is written down.</summary>
    public void Sent(GroupHost host, SendDatagram send)
    {
        if (!HeaderCodec.TryRead(send.Octets, out var header, out _) || header.IsResponse || header.Exchange != ExchangeType.Informational) return;
        var spi = header.FromInitiator ? header.InitiatorSpi : header.ResponderSpi;
        if (host.Machine.Find(spi) is not { Keys: { } keys } sa || !keys.TryOpen(header.FromInitiator, send.Octets, out var first, out var octets, out _)) return;
        if (!PayloadReader.TryRead(first, octets, out var payloads, out _)) return;
        foreach (var notify in payloads.OfType<NotifyPayload>().Where(n => n.NotifyType == NotifyType.MpsaPut))
        {
            Assert.True(MpsaPutCodec.TryRead(notify, out var put, out var error), error.Detail);
            using var keymat = Keys.MultipointKeys.Derive(put);
            var key = Convert.ToHexString(keymat.Octets);
            Puts.Add(new SentPut(host, sa.RemoteIdentity!.ToString(), sa.LocalSpi, put, key));
            foreach (var id in put.SenderIds) Own(key, id, sa.RemoteIdentity.ToString().Split('.')[0]);
        }
    }

    /// <summary>A host installs an SA: under Sender-IDs that are its own, and that it has not used before unless the SA is there and only lives longer.</summary>
    public void Installed(GroupHost host, InstallGroupSa install, GroupSa? present)
    {
        var key = Convert.ToHexString(install.Key.Octets);
        var isSame = present is not null && present.SenderIds.SequenceEqual(install.Sa.SenderIds);
        foreach (var id in install.Sa.SenderIds)
        {
            Own(key, id, host.Name);
            Assert.True(used.Add((key, id)) || isSame, $"{host.Name} installs its Sender-ID {id} a second time");
        }
    }

    private void Own(string key, uint id, string owner) =>
        Assert.True(owners.TryAdd((key, id), owner) || owners[(key, id)] == owner, $"Sender-ID {id} of {owners[(key, id)]} is given to {owner}");
}
