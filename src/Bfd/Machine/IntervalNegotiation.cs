namespace Appliance.Bfd;

/// <summary>
/// The intervals of one session and the Poll Sequences that change them (RFC 5880 §6.5, §6.8.2 to §6.8.4). What is advertised comes into use at once, but when the session is up a
/// longer transmit interval and a shorter receive interval wait for the Final. Microseconds, as on the wire.
/// </summary>
internal sealed class IntervalNegotiation
{
    private const uint Slowest = 1_000_000;
    private BfdIntervals wanted;
    private bool isUp;
    private uint usedTransmit, usedReceive;
    private PollState poll;

    /// <summary>A session that is down: transmission is slow (§6.8.3).</summary>
    public IntervalNegotiation(BfdIntervals wanted)
    {
        this.wanted = wanted;
        usedTransmit = DesiredMinTxInterval = WantedTransmit;
        usedReceive = RequiredMinRxInterval = WantedReceive;
    }

    private enum PollState
    {
        Idle,
        Polling,

        // The Final came; the next sequence may begin after a packet without one (§6.8.3, third choice).
        AwaitsClear,
    }

    /// <summary>bfd.DesiredMinTxInterval, as advertised.</summary>
    public uint DesiredMinTxInterval { get; private set; }

    /// <summary>bfd.RequiredMinRxInterval, as advertised.</summary>
    public uint RequiredMinRxInterval { get; private set; }

    /// <summary>bfd.DetectMult.</summary>
    public byte DetectMult => (byte)wanted.Multiplier;

    /// <summary>A Poll Sequence is under way: packets that go out periodically have the P bit.</summary>
    public bool IsPolling => poll == PollState.Polling;

    /// <summary>bfd.RemoteMinRxInterval; 1 before anything is heard (§6.8.1).</summary>
    public uint RemoteMinRxInterval { get; private set; } = 1;

    /// <summary>Desired Min TX Interval of the last packet.</summary>
    public uint RemoteDesiredMinTxInterval { get; private set; }

    /// <summary>Detect Mult of the last packet; zero before the first.</summary>
    public byte RemoteDetectMult { get; private set; }

    /// <summary>Milliseconds between two of our packets before jitter, or 0 when the other side wants none (§6.8.7).</summary>
    public long TransmitMilliseconds => RemoteMinRxInterval == 0 ? 0 : Milliseconds(Math.Max(usedTransmit, RemoteMinRxInterval));

    /// <summary>Milliseconds without a packet after which the other side is taken for dead (§6.8.4).</summary>
    public long DetectionMilliseconds => Milliseconds((long)RemoteDetectMult * Math.Max(usedReceive, RemoteDesiredMinTxInterval));

    /// <summary>Milliseconds after which the other side, when it hears nothing, takes us for dead.</summary>
    public long RemoteDetectionMilliseconds => Milliseconds((long)DetectMult * Math.Max(DesiredMinTxInterval, RemoteMinRxInterval));

    private uint WantedTransmit => Math.Max((uint)wanted.TransmitMilliseconds * 1000, isUp ? 0 : Slowest);

    private uint WantedReceive => (uint)wanted.ReceiveMilliseconds * 1000;

    /// <summary>Other intervals are wanted.</summary>
    public void Want(BfdIntervals intervals)
    {
        wanted = intervals;
        Advertise();
    }

    /// <summary>The session came up, or is so no longer. Then transmission is slow at once, whatever a Poll Sequence waits for.</summary>
    public void SetUp(bool up)
    {
        if (isUp == up) return;
        isUp = up;
        if (!up) poll = PollState.Idle;
        Advertise();
    }

    /// <summary>A packet that was not discarded.</summary>
    public void Heard(in ControlPacket packet)
    {
        (RemoteMinRxInterval, RemoteDesiredMinTxInterval, RemoteDetectMult) = (packet.RequiredMinRxInterval, packet.DesiredMinTxInterval, packet.DetectMult);
        if (packet.IsFinal && poll == PollState.Polling)
        {
            poll = PollState.AwaitsClear;
            (usedTransmit, usedReceive) = (DesiredMinTxInterval, RequiredMinRxInterval);
        }
        else if (!packet.IsFinal && poll == PollState.AwaitsClear)
        {
            poll = PollState.Idle;
            Advertise();
        }
    }

    // One change at a time, so that it is clear which one a Final answers.
    private void Advertise()
    {
        if (poll != PollState.Idle || (DesiredMinTxInterval == WantedTransmit && RequiredMinRxInterval == WantedReceive)) return;
        var (longerTransmit, shorterReceive) = (WantedTransmit > DesiredMinTxInterval, WantedReceive < RequiredMinRxInterval);
        (DesiredMinTxInterval, RequiredMinRxInterval) = (WantedTransmit, WantedReceive);
        if (!isUp || !longerTransmit) usedTransmit = DesiredMinTxInterval;
        if (!isUp || !shorterReceive) usedReceive = RequiredMinRxInterval;
        poll = PollState.Polling;
    }

    private static long Milliseconds(long microseconds) => (microseconds + 999) / 1000;
}
