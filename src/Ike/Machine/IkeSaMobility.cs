using System.Net;
using Appliance.Ike.Messages;

namespace Appliance.Ike.Machine;

/// <summary>The IKE SA moves, its children with it or after it (RFC 4555 §3.5).</summary>
internal sealed partial class IkeSa
{
    /// <summary>Where the request that is handled came to.</summary>
    public IPEndPoint RequestLocal { get; set; } = local;

    /// <summary>Where the request that is handled came from.</summary>
    public IPEndPoint RequestRemote { get; set; } = remote;

    /// <summary>Children that are still between other addresses.</summary>
    public bool HasChildrenElsewhere => children.Any(c => !c.Sa.Local.Equals(Local) || !c.Sa.Remote.Equals(Remote) || c.Sa.UdpEncapsulation != UdpEncapsulation);

    /// <summary>IKE messages alone go between other addresses; the children follow with <see cref="MoveChildren"/>.</summary>
    public void MoveAlone(Step step, IPEndPoint local, IPEndPoint remote, string why)
    {
        if (Remote.Equals(remote) && Local.Equals(local)) return;
        step.Log(IkeLogLevel.Information, this, "moved", $"moves to {local} and {remote}: {why}");
        (Local, Remote) = (local, remote);
    }

    /// <summary>The children go where the IKE SA is.</summary>
    public void MoveChildren(Step step)
    {
        if (!HasChildrenElsewhere) return;
        foreach (var child in children) child.Sa = child.Sa with { Local = Local, Remote = Remote, UdpEncapsulation = UdpEncapsulation };
        step.Actions.Add(new MoveChildren([.. children.Select(c => (c.Sa.InboundSpi, c.Sa.OutboundSpi))], Local, Remote, UdpEncapsulation));
        StartKeepalive(step);
        Save(step);
    }

    /// <summary>NATs on the new path, from the hashes in a message of the peer; ESP goes in UDP or no longer does. We that moved take our children along at once.</summary>
    public void TakeNat(Step step, IReadOnlyList<Payload> payloads)
    {
        if (!NatDetection.IsIn(payloads)) return;
        Nat = NatDetection.Read(payloads, InitiatorSpi, ResponderSpi, Local, Remote);
        UdpEncapsulation = Nat != NatState.None || Peer?.ForceUdp == true;
        if (Extensions.HasFlag(Extensions.BeganFirst)) MoveChildren(step);
    }
}
