namespace Appliance.Ike.Machine;

/// <summary>A new configuration: what it does not touch goes on.</summary>
internal sealed partial class PeerManager
{
    /// <summary>Takes a configuration over.</summary>
    public void Configure(Step step, IkeConfiguration configuration)
    {
        step.Machine.Configuration = configuration;
        var before = records.ToDictionary();
        records.Clear();
        foreach (var peer in configuration.Peers)
        {
            var record = before.GetValueOrDefault(peer.Name) ?? new PeerRecord(peer);
            record.Peer = peer;
            foreach (var name in record.Wishes.Keys.Where(n => peer.Children.All(c => c.Name != n)).ToArray()) record.Wishes.Remove(name);
            foreach (var wish in record.Wishes.Values.ToArray()) record.Wishes[wish.Template.Name] = wish with { Peer = peer, Template = peer.Children.First(c => c.Name == wish.Template.Name) };
            records[peer.Name] = record;
        }

        foreach (var same in records.Values.GroupBy(r => (r.Peer.LocalIdentity, r.Peer.RemoteIdentity.Type, Identity: Convert.ToHexString(r.Peer.RemoteIdentity.Pattern ?? []))))
        {
            var isReplicated = same.Skip(1).Any();
            foreach (var record in same) record.IsReplicated = isReplicated;
        }

        foreach (var sa in step.Machine.All.ToArray()) Keep(step, sa, sa.ConfiguredName is { } name ? records.GetValueOrDefault(name)?.Peer : null);
        foreach (var gone in before.Values.Where(r => !records.ContainsKey(r.Peer.Name)))
        {
            foreach (var wait in gone.Operators.ToArray())
            {
                wait.Problem = "the peer is no longer in the configuration";
                Answer(step, gone, wait);
            }
        }

        foreach (var record in records.Values) Look(step, record);
    }

    /// <summary>An IKE SA goes on when its entry is there and still means the same peer and the same proof; its children when their tunnels are still the same.</summary>
    private static void Keep(Step step, IkeSa sa, IkePeer? peer)
    {
        if (sa.ConfiguredName is null) return;
        var old = sa.Peer;
        if (peer is null || (old is not null && !PeerComparison.SamePeer(old, peer)))
        {
            sa.Close(step, peer is null ? "its peer is no longer in the configuration" : "its peer's configuration changed");
            return;
        }

        if (sa.RemoteIdentity is { } identity && !peer.Takes(identity))
        {
            sa.Close(step, "the configuration refuses its identity now");
            return;
        }

        sa.Bind(step, peer);
        foreach (var child in sa.Children.Where(c => c.IsCurrent).ToArray())
        {
            var template = peer.Children.FirstOrDefault(t => t.Name == child.Sa.Tunnel);
            var before = old?.Children.FirstOrDefault(t => t.Name == child.Sa.Tunnel);
            if (template is not null && (before is null || PeerComparison.SameTunnel(before, template))) continue;
            sa.Start(step, new Exchanges.DeleteChild(sa, child, template is null ? "its tunnel is no longer in the configuration" : "its tunnel's configuration changed"));
        }
    }
}
