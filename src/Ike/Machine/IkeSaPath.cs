using System.Net;
using Appliance.Ike.Messages;

namespace Appliance.Ike.Machine;

/// <summary>Where the IKE SA's messages go: addresses, ports, NATs (RFC 7296 §2.23).</summary>
internal sealed partial class IkeSa
{
    /// <summary>The port where IKE and ESP in UDP go together (RFC 3948).</summary>
    public const int EncapsulationPort = 4500;

    /// <summary>The port where IKE begins.</summary>
    public const int IkePort = 500;

    /// <summary>
    /// After the first message of the peer: NATs, and whether ESP goes in UDP. The initiator goes on at port 4500 when there is a NAT, when UDP is wanted, and with MOBIKE
    /// (RFC 4555 §3.3); the responder follows.
    /// </summary>
    public void TakePath(IReadOnlyList<Payload> payloads, IPEndPoint local, IPEndPoint remote, IkePeer? peer)
    {
        Local = local;
        Nat = NatDetection.Read(payloads, InitiatorSpi, IsInitiator ? ResponderSpi : 0, local, remote);
        UdpEncapsulation = Nat != NatState.None || peer?.ForceUdp == true;
        if (!IsInitiator || peer is null) return;
        if (!UdpEncapsulation && !(peer.Mobike && NatDetection.IsIn(payloads))) return;
        Local = new IPEndPoint(local.Address, local.Port == IkePort ? EncapsulationPort : local.Port);
        Remote = new IPEndPoint(Remote.Address, Remote.Port == IkePort ? EncapsulationPort : Remote.Port);
    }

    /// <summary>
    /// An authenticated, new request came from somewhere else. Before the IKE SA is established that is the float to port 4500. Afterwards a NAT gave the peer another mapping,
    /// which we follow unless MOBIKE says where the peer is (RFC 7296 §2.23, RFC 4555 §3.8); a peer without a NAT does not move unasked.
    /// </summary>
    public void FollowPeer(Step step, IPEndPoint local, IPEndPoint remote)
    {
        if (Remote.Equals(remote) && Local.Equals(local)) return;
        if (State == IkeSaState.Connecting)
        {
            (Local, Remote) = (local, remote);
            return;
        }

        if (!Nat.HasFlag(NatState.Remote) || Nat.HasFlag(NatState.Local) || Extensions.HasFlag(Extensions.Mobike)) return;
        Move(step, local, remote, "the peer's NAT gave it another address");
    }

    /// <summary>The IKE SA and its children go on between other addresses.</summary>
    public void Move(Step step, IPEndPoint local, IPEndPoint remote, string why)
    {
        if (Remote.Equals(remote) && Local.Equals(local)) return;
        step.Log(IkeLogLevel.Information, this, "moved", $"moves to {local} and {remote}: {why}");
        (Local, Remote) = (local, remote);
        foreach (var child in children) child.Sa = child.Sa with { Local = local, Remote = remote, UdpEncapsulation = UdpEncapsulation };
        if (children.Count > 0) step.Actions.Add(new MoveChildren([.. children.Select(c => (c.Sa.InboundSpi, c.Sa.OutboundSpi))], local, remote, UdpEncapsulation));
        StartKeepalive(step);
        Save(step);
    }

    /// <summary>We are behind a NAT and keep its mapping alive (RFC 7296 §2.23, RFC 3948 §4).</summary>
    public void StartKeepalive(Step step)
    {
        if (Nat.HasFlag(NatState.Local) && Peer is { KeepaliveSeconds: > 0 and var seconds }) step.SetTimer(this, TimerKind.NatKeepalive, seconds * 1000L);
        else step.StopTimer(this, TimerKind.NatKeepalive);
    }

    /// <summary>It is time for a keepalive.</summary>
    public void Keepalive(Step step)
    {
        step.Actions.Add(new SendKeepalive(Local, Remote));
        StartKeepalive(step);
    }
}
