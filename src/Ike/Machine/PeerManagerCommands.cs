using System.Globalization;
using Appliance.Ike.Children;

namespace Appliance.Ike.Machine;

/// <summary>What others want of the manager: the data plane's packets, the operator.</summary>
internal sealed partial class PeerManager
{
    /// <summary>A packet waits for a child. An instance (<c>Tunnel/N</c>) is the IKE SA's with that number: nobody else has that peer.</summary>
    public void PacketWaits(Step step, PacketWaits packet)
    {
        var (tunnel, instance) = Split(packet.Tunnel);
        if (FindTunnel(tunnel) is not { } found || found.Template.Start == ChildStart.Passive && !found.Template.IsTemplate) return;
        var wish = new ChildWish(found.Record.Peer, found.Template, packet.Source, packet.Destination);
        if (found.Template.IsTemplate)
        {
            var sa = instance is null ? null : step.Machine.All.FirstOrDefault(s => s.State == IkeSaState.Established && s.InstanceNumber == instance);
            if (sa is not null && !sa.Children.Any(c => c.IsCurrent && c.Sa.Tunnel == tunnel)) sa.Start(step, new Exchanges.CreateChildSaInitiator(sa, wish with { Peer = sa.Peer! }));
            return;
        }

        if (!found.Record.Wishes.TryAdd(tunnel, wish)) return;
        Ensure(step, found.Record);
    }

    /// <summary>The operator asks for something; the answer comes when it is done.</summary>
    public void OperatorAsked(Step step, OperatorAsked asked)
    {
        var byPeer = Find(asked.Name);
        var byTunnel = byPeer is null ? FindTunnel(asked.Name) : null;
        if ((byPeer ?? byTunnel?.Record) is not { } record)
        {
            step.Actions.Add(new AnswerOperator(asked.Request, $"no peer and no tunnel is named {asked.Name}; the configuration has {string.Join(", ", records.Keys)}"));
            return;
        }

        var templates = byTunnel is { } one ? [one.Template] : record.Peer.Children;
        switch (asked.Verb)
        {
            case OperatorVerb.Up:
                Up(step, record, asked.Request, templates, byTunnel is null);
                break;
            case OperatorVerb.Down:
                Down(step, record, asked, templates, byTunnel is null);
                break;
            default:
                Rekey(step, record, asked, templates, byTunnel is null);
                break;
        }
    }

    private void Up(Step step, PeerRecord record, ulong request, IReadOnlyList<ChildTemplate> templates, bool wholePeer)
    {
        if (record.Peer.Remote.Count == 0)
        {
            step.Actions.Add(new AnswerOperator(request, $"{record.Peer.Name} has no address in the configuration: it comes to us"));
            return;
        }

        var wanted = templates.Select(t => new ChildWish(record.Peer, t)).Where(w => !IsThere(step, w)).ToArray();
        var needsIkeSa = wholePeer && templates.Count == 0 && !step.Machine.Of(record.Peer.Name).Any(s => s.State == IkeSaState.Established);
        if (wanted.Length == 0 && !needsIkeSa)
        {
            step.Actions.Add(new AnswerOperator(request, null));
            return;
        }

        foreach (var wish in wanted)
        {
            record.HeldDown.Remove(wish.Template.Name);
            record.Wishes.TryAdd(wish.Template.Name, wish);
        }

        record.WantsIkeSa |= needsIkeSa;
        record.NotBefore = step.Now;
        record.Operators.Add(new OperatorWait(request, wanted.Select(w => w.Template.Name)));
        Ensure(step, record);
    }

    private static void Down(Step step, PeerRecord record, OperatorAsked asked, IReadOnlyList<ChildTemplate> templates, bool wholePeer)
    {
        foreach (var template in templates)
        {
            record.HeldDown.Add(template.Name);
            record.Wishes.Remove(template.Name);
        }

        foreach (var sa in step.Machine.Of(record.Peer.Name))
        {
            if (wholePeer) sa.Close(step, "the operator took it down");
            else foreach (var child in sa.Children.Where(c => c.IsCurrent && templates.Any(t => t.Name == c.Sa.Tunnel)).ToArray()) sa.Start(step, new Exchanges.DeleteChild(sa, child, "the operator took it down"));
        }

        step.Actions.Add(new AnswerOperator(asked.Request, null));
    }

    private static void Rekey(Step step, PeerRecord record, OperatorAsked asked, IReadOnlyList<ChildTemplate> templates, bool wholePeer)
    {
        var sas = step.Machine.Of(record.Peer.Name).Where(s => s.State == IkeSaState.Established).ToArray();
        foreach (var sa in sas)
        {
            foreach (var child in sa.Children.Where(c => c.IsCurrent && templates.Any(t => t.Name == c.Sa.Tunnel)).ToArray()) ChildEvents.Rekey(step, sa, child);
            if (wholePeer) step.SetTimer(sa, TimerKind.RekeyIke, 0);
        }

        step.Actions.Add(new AnswerOperator(asked.Request, sas.Length == 0 ? $"{record.Peer.Name} has no IKE SA" : null));
    }

    private (PeerRecord Record, ChildTemplate Template)? FindTunnel(string name)
    {
        foreach (var record in records.Values)
            if (record.Peer.Children.FirstOrDefault(c => c.Name == name) is { } template) return (record, template);
        return null;
    }

    private static (string Tunnel, uint? Instance) Split(string name) =>
        name.LastIndexOf('/') is > 0 and var at && uint.TryParse(name.AsSpan(at + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? (name[..at], number) : (name, null);
}
