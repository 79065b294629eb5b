using System.Buffers.Binary;
using System.Diagnostics;
using Appliance.Bgp;
using Appliance.Machine;
using Appliance.SlowPath.Serving;
using Microsoft.Extensions.Logging;

namespace Appliance.SlowPath.Bgp;

/// <summary>
/// Steps the machine of BGP, on the loop and nowhere else. In each turn: what was raised, then news of connections in their order, then the time, as long as <see cref="TurnMilliseconds"/> and not longer,
/// so that IKE and the API are answered while a million routes come in. Messages are given to the machine a few at a time, whatever a connection handed over at once.
/// </summary>
internal sealed class BgpHost
{
    /// <summary>How long a turn may take.</summary>
    internal const int TurnMilliseconds = 5;

    /// <summary>Octets of messages in one step, unless a single message is longer.</summary>
    private const int StepOctets = 8 << 10;

    private const int LengthOffset = 16;
    private readonly MachineStepper<BgpEvent, BgpAction> stepper;
    private readonly BgpInbox inbox;
    private readonly BgpTransport transport;
    private readonly Action wake;
    private readonly Queue<BgpEvent> raised = [];
    private BgpNews batch;
    private int taken;

    /// <summary>A host for a machine. <paramref name="wake"/> makes the loop call <see cref="Turn"/>.</summary>
    public BgpHost(IMachine<BgpEvent, BgpAction> machine, BgpInbox inbox, BgpTransport transport, Action wake, Action<BgpAction> execute, ILogger log)
    {
        stepper = new MachineStepper<BgpEvent, BgpAction>("BGP", machine, execute, log);
        this.inbox = inbox;
        this.transport = transport;
        this.wake = wake;
    }

    /// <summary>Says something to the machine in the next turn. Loop.</summary>
    public void Raise(BgpEvent e)
    {
        raised.Enqueue(e);
        wake();
    }

    /// <summary>One event now; not from within an action.</summary>
    public void Step(BgpEvent e) => stepper.Step(e);

    /// <summary>Takes what waits, bounded. Says when it wants to be called next (<see cref="Environment.TickCount64"/>).</summary>
    public long Turn()
    {
        var until = Stopwatch.GetTimestamp() + TurnMilliseconds * Stopwatch.Frequency / 1000;
        do
        {
            var more = true;
            while (more && Stopwatch.GetTimestamp() < until) more = StepOne();
            if (stepper.NextDue.Milliseconds <= Environment.TickCount64) stepper.Step(BgpTimePassed.Event);
            else if (!more) return stepper.NextDue.Milliseconds;
        }
        while (Stopwatch.GetTimestamp() < until);
        return 0;
    }

    private bool StepOne()
    {
        if (raised.TryDequeue(out var e))
        {
            stepper.Step(e);
            return true;
        }

        if (batch.Connection is not null) return StepMessages();
        if (!inbox.TryTake(out var news)) return false;
        if (news.Kind == BgpNewsKind.Received) (batch, taken) = (news, 0);
        else if (transport.Take(news) is { } said) stepper.Step(said);
        return true;
    }

    private bool StepMessages()
    {
        var connection = batch.Connection!;
        if (transport.IsOpen(connection))
        {
            var length = Some(batch.Octets.AsSpan(taken, batch.Length - taken));
            stepper.Step(new MessagesReceived(connection.Id, batch.Octets.AsMemory(taken, length)));
            taken += length;
            if (taken < batch.Length) return true;
        }

        connection.Taken(batch.Octets!);
        batch = default;
        return true;
    }

    /// <summary>How many octets of whole messages make a step: the connection has cut them, and where one cannot be, it is the rest.</summary>
    private static int Some(ReadOnlySpan<byte> messages)
    {
        var at = 0;
        while (at < StepOctets && messages.Length - at >= MessageHeader.Size)
        {
            var length = BinaryPrimitives.ReadUInt16BigEndian(messages[(at + LengthOffset)..]);
            if (length < MessageHeader.Size || length > messages.Length - at) return messages.Length;
            at += length;
        }

        return at == 0 || messages.Length - at < MessageHeader.Size ? messages.Length : at;
    }
}
