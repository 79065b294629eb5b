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
    private readonly HashSet<(string Key, uint SenderId)> own = [];

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
            var key = Convert.ToHexString(put.SkD.Octets);
            Puts.Add(new SentPut(host, sa.RemoteIdentity!.ToString(), sa.LocalSpi, put, key));
            foreach (var id in put.SenderIds)
            {
                Assert.False(own.Contains((key, id)), $"Sender-ID {id} is the gateway's own and was told to {sa.RemoteIdentity}");
                Assert.True(owners.TryAdd((key, id), sa.RemoteIdentity.ToString()) || owners[(key, id)] == sa.RemoteIdentity.ToString(), $"Sender-ID {id} of {owners[(key, id)]} was told to {sa.RemoteIdentity}");
            }
        }
    }

    /// <summary>A host installs an SA. The gateway's own Sender-IDs are nobody else's, and it installs none twice.</summary>
    public void Installed(GroupHost host, InstallGroupSa install, GroupSa? present)
    {
        if (install.Sa.Gateway != install.Sa.Group || present is not null && present.SenderIds.SequenceEqual(install.Sa.SenderIds)) return;
        var key = host.Machine.Servers.Find(install.Sa.Group)!.Sas.Single(s => s.Spi == install.Sa.Spi) is var sa ? Convert.ToHexString(sa.SkD.Octets) : "";
        foreach (var id in install.Sa.SenderIds)
        {
            Assert.True(own.Add((key, id)), $"the gateway installs its Sender-ID {id} a second time");
            Assert.False(owners.ContainsKey((key, id)), $"the gateway's Sender-ID {id} is {owners.GetValueOrDefault((key, id))}'s");
        }
    }
}
