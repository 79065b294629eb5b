using System.Buffers;
using System.Net;
using Appliance.Machine;

namespace Appliance.Bgp;

/// <summary>
/// One TCP connection with a neighbour. There may be two until OPENs were exchanged (RFC 4271 §6.8), each with a state of its own from OpenSent on. Octets are gathered here
/// during a step and handed over at its end.
/// </summary>
internal sealed class Connection(Session session, ulong id, bool isOutgoing, IPEndPoint local, IPEndPoint remote, Instant opened)
{
    private const int FirstBuffer = 4096;
    private const int BulkBuffer = 128 * 1024;
    private AttributeCache? attributes;
    private byte[]? buffer;
    private int length;

    /// <summary>Whose it is.</summary>
    public Session Session { get; } = session;

    /// <summary>The host's number of it.</summary>
    public ulong Id { get; } = id;

    /// <summary>We connected.</summary>
    public bool IsOutgoing { get; } = isOutgoing;

    /// <summary>Our end.</summary>
    public IPEndPoint Local { get; } = local;

    /// <summary>The neighbour's end.</summary>
    public IPEndPoint Remote { get; } = remote;

    /// <summary>Since when.</summary>
    public Instant Opened { get; } = opened;

    /// <summary>OpenSent, OpenConfirm, Established; Idle once it is closed.</summary>
    public SessionState State { get; set; } = SessionState.OpenSent;

    /// <summary>What both sides said, once the neighbour's OPEN was taken.</summary>
    public Negotiated Negotiated { get; set; } = Negotiated.Nothing;

    /// <summary>How UPDATEs that come are read.</summary>
    public UpdateOptions Reading { get; set; }

    /// <summary>Attributes by the octets that they were read from.</summary>
    public AttributeCache Attributes => attributes ??= new AttributeCache(BgpTuning.AttributesRemembered);

    /// <summary>How UPDATEs that go out are written.</summary>
    public WriteOptions Writing { get; set; }

    /// <summary>HoldTimer in force, in milliseconds; 0 for none.</summary>
    public long Hold { get; set; } = BgpTuning.OpenHold;

    /// <summary>When the neighbour was last heard (KEEPALIVE, UPDATE; before that: when the connection was made).</summary>
    public Instant Heard { get; set; } = opened;

    /// <summary>When we last handed over a message.</summary>
    public Instant Spoke { get; set; } = opened;

    /// <summary>Octets that were handed over and that the socket did not take yet.</summary>
    public int Unsent { get; private set; }

    /// <summary>Octets that wait, those of this step too.</summary>
    public int Waiting => Unsent + length;

    /// <summary>Room for a message of at most so many octets, or for several; <see cref="Advance"/> says how many octets were written.</summary>
    public Span<byte> Room(BgpStep step, int octets, bool isBulk = false)
    {
        if (buffer is not null && buffer.Length - length < octets) HandOver(step);
        if (buffer is null)
        {
            buffer = ArrayPool<byte>.Shared.Rent(Math.Max(octets, isBulk ? BulkBuffer : FirstBuffer));
            step.Machine.Unflushed.Add(this);
        }

        return buffer.AsSpan(length);
    }

    /// <summary>Octets were written into <see cref="Room"/>.</summary>
    public void Advance(BgpStep step, int octets)
    {
        length += octets;
        Spoke = step.Now;
    }

    /// <summary>Hands over what was gathered.</summary>
    public void HandOver(BgpStep step)
    {
        if (buffer is null) return;
        if (length == 0)
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
        else
        {
            if (Unsent == 0) step.SetTimer(Session, SessionTimer.SendHold, Math.Max(BgpTuning.SendHold, 2 * Hold), this);
            Unsent += length;
            step.Actions.Add(new SendOctets(Id, buffer, length));
        }

        (buffer, length) = (null, 0);
    }

    /// <summary>Nothing more is handed over.</summary>
    public void Abandon()
    {
        if (buffer is not null) ArrayPool<byte>.Shared.Return(buffer);
        (buffer, length) = (null, 0);
    }

    /// <summary>The socket took octets: the neighbour reads.</summary>
    public void Sent(BgpStep step, int octets)
    {
        Unsent = Math.Max(0, Unsent - Math.Max(0, octets));
        if (Unsent == 0) step.StopTimer(Session, SessionTimer.SendHold, this);
        else step.SetTimer(Session, SessionTimer.SendHold, Math.Max(BgpTuning.SendHold, 2 * Hold), this);
    }
}
