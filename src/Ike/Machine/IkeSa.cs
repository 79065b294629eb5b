using System.Net;
using Appliance.Ike.Children;
using Appliance.Machine;

namespace Appliance.Ike.Machine;

/// <summary>
/// An IKE SA: who, where, with what. Its other parts: the exchanges that we begin (<c>IkeSaRequests</c>), those that the peer begins (<c>IkeSaResponses</c>),
/// messages as they come in (<c>IkeSaReceiving</c>).
/// </summary>
internal sealed partial class IkeSa(ulong localSpi, bool isInitiator, IPEndPoint local, IPEndPoint remote)
{
    private readonly List<ChildState> children = [];

    /// <summary>SPI that we chose; names the IKE SA in the machine's tables and timers.</summary>
    public ulong LocalSpi { get; } = localSpi;

    /// <summary>SPI that the peer chose; 0 while we do not know it.</summary>
    public ulong RemoteSpi { get; set; }

    /// <summary>We are the original initiator (RFC 7296 §2.2): says the I flag and which SK_* are ours.</summary>
    public bool IsInitiator { get; } = isInitiator;

    /// <summary>SPI of the original initiator.</summary>
    public ulong InitiatorSpi => IsInitiator ? LocalSpi : RemoteSpi;

    /// <summary>SPI of the original responder.</summary>
    public ulong ResponderSpi => IsInitiator ? RemoteSpi : LocalSpi;

    /// <summary>Our address and port.</summary>
    public IPEndPoint Local { get; set; } = local;

    /// <summary>The peer's address and port.</summary>
    public IPEndPoint Remote { get; set; } = remote;

    /// <summary>State.</summary>
    public IkeSaState State { get; set; }

    /// <summary>PAD entry; a responder knows it only when the peer has said who it is.</summary>
    public IkePeer? Peer { get; set; }

    /// <summary>Name for logs: the PAD entry's, or the address of somebody unknown.</summary>
    public string PeerName => Peer?.Name ?? Remote.Address.ToString();

    /// <summary>Who the peer proved to be.</summary>
    public Identity? RemoteIdentity { get; set; }

    /// <summary>When it was established.</summary>
    public Instant EstablishedAt { get; set; }

    /// <summary>Its children; <see cref="AddChild"/> and <see cref="RemoveChild"/> change them.</summary>
    public IReadOnlyList<ChildState> Children => children;

    /// <summary>Takes a child in; the machine then finds it by its inbound SPI.</summary>
    public void AddChild(Step step, ChildState child)
    {
        children.Add(child);
        step.Machine.Register(child, this);
    }

    /// <summary>Lets a child go, to another IKE SA or for good. What the host shall do is the caller's to say.</summary>
    public void RemoveChild(Step step, ChildState child)
    {
        children.Remove(child);
        step.Machine.Forget(child);
        step.StopTimer(this, TimerKind.RekeyChild, child.InboundSpi);
        step.StopTimer(this, TimerKind.ExpireChild, child.InboundSpi);
    }
}
