using System.Net;
using Appliance.Ike.Children;
using Appliance.Ike.Keys;
using Appliance.Ike.Messages;
using Appliance.Machine;

namespace Appliance.Ike.Machine;

/// <summary>
/// An IKE SA: who, where, with what. Its other parts: the exchanges that we begin (<c>IkeSaRequests</c>), those that the peer begins (<c>IkeSaResponses</c>),
/// messages as they go out and come in (<c>IkeSaSending</c>, <c>IkeSaReceiving</c>), addresses (<c>IkeSaPath</c>), the end (<c>IkeSaEnd</c>).
/// </summary>
internal sealed partial class IkeSa(ulong localSpi, bool isInitiator, IPEndPoint local, IPEndPoint remote)
{
    private const int DefaultFragmentSize = 1232;
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

    /// <summary>Who we said we are.</summary>
    public Identity? LocalIdentity { get; set; }

    /// <summary>Algorithms.</summary>
    public IkeSuite? Suite { get; set; }

    /// <summary>Keys; null until IKE_SA_INIT is through. Wiped with the IKE SA.</summary>
    public IkeKeys? Keys { get; set; }

    /// <summary>What IKE_SA_INIT to IKE_AUTH need; null afterwards.</summary>
    public Establishment? Establishment { get; set; }

    /// <summary>NATs on the way.</summary>
    public NatState Nat { get; set; }

    /// <summary>ESP of its children goes in UDP: there is a NAT, or we want it so.</summary>
    public bool UdpEncapsulation { get; set; }

    /// <summary>Extensions in force.</summary>
    public Extensions Extensions { get; set; }

    /// <summary>Octets of a message from which on it is fragmented.</summary>
    public int FragmentSize => Peer?.FragmentSize is > 0 and var size ? size : DefaultFragmentSize;

    /// <summary>Vendor IDs of the peer.</summary>
    public IReadOnlyList<byte[]> VendorIds { get; set; } = [];

    /// <summary>Sender-IDs that the peer asked for with N(GROUP_SENDER); 0 when it did not.</summary>
    public int GroupSenders { get; set; }

    /// <summary>The message that is being handled, as IKE_INTERMEDIATE authenticates it (RFC 9242 §3.3.2): header, and the payloads inside SK.</summary>
    public (IkeHeader Header, PayloadType First, byte[] Payloads) Received { get; private set; }

    /// <summary>When the peer last proved that it is there.</summary>
    public Instant HeardAt { get; set; }

    /// <summary>When IKE_SA_INIT began: our request left, or the peer's came.</summary>
    public Instant BegunAt { get; set; }

    /// <summary>When it was established.</summary>
    public Instant EstablishedAt { get; set; }

    /// <summary>Names its tunnels' instances where many peers share a template: a number that no other IKE SA of this node has, kept over rekeying; given when the peer is known.</summary>
    public uint InstanceNumber { get; set; }

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
        step.StopTimer(this, TimerKind.ActivateChild, child.InboundSpi);
    }
}
