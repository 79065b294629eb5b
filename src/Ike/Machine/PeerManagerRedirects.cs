using System.Net;
using Appliance.Ike.Children;
using Appliance.Ike.Messages;

namespace Appliance.Ike.Machine;

/// <summary>
/// A gateway sends us to another one (RFC 5685). Only where the next IKE SA begins changes: the PAD entry stays, and the new gateway has to prove what it asks for. When the new
/// gateway does not answer or goes away, the addresses of the configuration count again.
/// </summary>
internal sealed partial class PeerManager
{
    /// <summary>This node goes out of service: it begins nothing by itself.</summary>
    public bool IsDraining { get; set; }

    /// <summary>Begins an IKE SA with the gateway that the peer of <paramref name="sa"/> sends us to. False: we do not go, and why.</summary>
    public bool Follow(Step step, IkeSa sa, GatewayIdentity gateway, out string why)
    {
        why = "its peer is no longer in the configuration";
        if (sa.Peer is not { } peer || Find(peer.Name) is not { } record) return false;
        why = Obstacle(step, sa, record, gateway, out var local) ?? "";
        if (why.Length > 0) return false;
        Go(step, sa, record, gateway.Address!, local!);
        return true;
    }

    /// <summary>A gateway that has proven who it is asks us to leave: what we have there stays in use until it is with the other one (make before break).</summary>
    public void Leave(Step step, IkeSa sa, NotifyPayload redirect)
    {
        while (sa.Successor is { } successor) sa = successor;
        var why = "it names no gateway";
        if (!sa.Extensions.HasFlag(Extensions.BeganFirst)) why = "only who answered the first IKE SA may do that (RFC 5685 §10)";
        else if (sa.MovesTo is not null) return;
        else if (GatewayIdentity.TryRead(redirect.Data, out var gateway) && Follow(step, sa, gateway, out why)) return;
        step.Log(IkeLogLevel.Warning, sa, "redirect", $"the peer wants us to go to another gateway, we stay: {why}");
    }

    /// <summary>Every peer is looked at again.</summary>
    public void LookAtAll(Step step)
    {
        foreach (var record in records.Values) Look(step, record);
    }

    private static string? Obstacle(Step step, IkeSa sa, PeerRecord record, GatewayIdentity gateway, out IPAddress? local)
    {
        local = null;
        if (step.Machine.Manager.IsShutDown) return "this node stops";
        if (gateway.Address is not { } address) return $"{gateway} is a name, and names are not looked up here: configure the address at the gateway";
        if (address.Equals(sa.Remote.Address) || IPAddress.IsLoopback(address) || address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any) || IsGroup(address)) return $"{address} is no other gateway";
        while (record.Redirects.TryPeek(out var at) && step.Now - at >= Tuning.RedirectPeriod) record.Redirects.Dequeue();
        if (record.Redirects.Count >= Tuning.MostRedirects) return $"{Tuning.MostRedirects} redirects within {Tuning.RedirectPeriod / 60_000} minutes look like a loop (RFC 5685 §7); this one leads to {address}";
        local = record.Peer.Local.Concat(step.Machine.Addresses).FirstOrDefault(a => a.IsV4() == address.IsV4());
        return local is null ? $"this machine has no address to reach {address} from" : step.Machine.Addresses.Contains(address) ? $"{address} is this machine" : null;
    }

    private void Go(Step step, IkeSa sa, PeerRecord record, IPAddress address, IPAddress local)
    {
        record.Redirects.Enqueue(step.Now);
        record.Attempts++;
        // What is in use here is wanted there.
        foreach (var child in sa.Children.Where(c => c.IsCurrent && c.Sa.Worker is null))
            if (record.Peer.Children.FirstOrDefault(t => t.Name == child.Sa.Tunnel && !t.IsTemplate) is { } template) record.Wishes.TryAdd(template.Name, new ChildWish(record.Peer, template));
        if (sa.Establishment is null && sa.Children.Count == 0) record.WantsIkeSa = true;
        sa.MovesTo = address;
        step.Log(IkeLogLevel.Information, sa, "redirect", $"the peer sends us to {address}");
        Begin(step, record, local, address, sa.Remote.Address);
    }

    /// <summary>There is an IKE SA: those that their gateways sent away go in a moment.</summary>
    private static void Moved(Step step, string peer)
    {
        var present = step.Machine.Of(peer).Where(s => s.State is IkeSaState.Established or IkeSaState.Rekeying && s.Successor is null).ToArray();
        if (present.Any(s => s.MovesTo is null)) foreach (var from in present.Where(s => s.MovesTo is not null)) from.CloseLater(step);
    }

    /// <summary>The other gateway does not want us: what we have stays.</summary>
    private static void NotMoved(Step step, string peer)
    {
        foreach (var sa in step.Machine.Of(peer).Where(s => s.State is IkeSaState.Established or IkeSaState.Rekeying)) sa.MovesTo = null;
    }

    private static bool IsGroup(IPAddress address) => address.IsV4() ? address.GetAddressBytes()[0] >= 224 : address.IsIPv6Multicast;
}
