using System.Buffers;
using System.Net;
using Appliance.Machine;

namespace Appliance.Bgp.Tests.Machine.Rig;

/// <summary>One end of a connection.</summary>
internal sealed class End(Speaker? speaker, ulong id)
{
    public Speaker? Speaker { get; } = speaker;

    public ulong Id { get; } = id;

    public End Other { get; set; } = null!;

    public IPEndPoint Local { get; set; } = null!;

    /// <summary>What came and was not read.</summary>
    public MemoryStream Inbox { get; } = new();

    /// <summary>It does not read: octets stay where they are.</summary>
    public bool IsStuck { get; set; }

    public bool IsClosed { get; set; }

    /// <summary>What a hand-driven end got, message by message.</summary>
    public List<byte[]> Messages { get; } = [];
}

/// <summary>Speakers, one clock, and TCP between them without loss or delay: what is sent is queued and delivered in order.</summary>
internal sealed class Net
{
    private readonly Queue<Action> queue = new();
    private readonly Dictionary<(Speaker, ulong), End> ends = [];
    private readonly Dictionary<(Speaker, string), int> attempts = [];
    private readonly List<Speaker> speakers = [];
    private ulong lastId;
    private int lastAttempt;
    private int lastPort = 40000;

    public Net(int seed = 1) => Entropy = new Entropy([.. Enumerable.Repeat((byte)seed, Entropy.SeedLength)]);

    public Entropy Entropy { get; }

    public Instant Now { get; private set; } = new(1_000_000);

    /// <summary>What becomes of an attempt to connect: null for success, else why not. A host that does not answer: <see cref="NoAnswer"/>.</summary>
    public Func<Speaker, OpenConnection, string?> Connects { get; set; } = (_, _) => null;

    public const string NoAnswer = "no answer";

    /// <summary>Called with every connection that was made.</summary>
    public Action<End> Made { get; set; } = _ => { };

    public IReadOnlyCollection<End> Ends => ends.Values;

    public Speaker Add(string name, string address, IRecordingFormat<BgpEvent, BgpAction>? format = null)
    {
        var speaker = new Speaker(this, name, address, format);
        speakers.Add(speaker);
        return speaker;
    }

    public void Later(Action action) => queue.Enqueue(action);

    /// <summary>Delivers all that is under way and what follows from it.</summary>
    public Net Run()
    {
        for (var count = 0; ; count++)
        {
            Assert.True(count < 1_000_000, "they never stop to talk");
            if (queue.TryDequeue(out var action)) action();
            else if (speakers.Find(s => s.IsAlive && s.Machine.NextDue <= Now) is { } busy) busy.Do(BgpTimePassed.Event);
            else return this;
        }
    }

    /// <summary>One delivery. False: nothing is under way.</summary>
    public bool One()
    {
        if (!queue.TryDequeue(out var action)) return false;
        action();
        return true;
    }

    /// <summary>Lets time pass; timers fire when they are due.</summary>
    public Net Pass(long milliseconds)
    {
        Run();
        var end = Now.Plus(milliseconds);
        for (var count = 0; ; count++)
        {
            Assert.True(count < 1_000_000, "time does not pass");
            var due = speakers.Where(s => s.IsAlive).Select(s => s.Machine.NextDue).DefaultIfEmpty(Instant.Never).Min();
            if (due > end) break;
            if (due > Now) Now = due;
            Run();
        }

        Now = end;
        return Run();
    }

    public void Open(Speaker from, OpenConnection open)
    {
        var attempt = ++lastAttempt;
        attempts[(from, open.Neighbor)] = attempt;
        Later(() =>
        {
            if (attempts.GetValueOrDefault((from, open.Neighbor)) != attempt) return;
            var why = Connects(from, open);
            if (why == NoAnswer) return;
            var to = speakers.Find(s => s.Address.Equals(open.Remote.Address) && s.IsAlive);
            if (why is null && (to?.Listens is not { } listens || !listens.Peers.Any(p => p.Peers.Contains(from.Address)))) why = "connection refused";
            attempts.Remove((from, open.Neighbor));
            if (why is not null)
            {
                from.Do(new ConnectionFailed(open.Neighbor, why));
                return;
            }

            var (a, b) = Join(from, to);
            (a.Local, b.Local) = (new IPEndPoint(from.Address, ++lastPort), new IPEndPoint(to!.Address, 179));
            Made(a);
            Later(() => to.Do(new ConnectionOpened(b.Id, b.Local, a.Local, null)));
            from.Do(new ConnectionOpened(a.Id, a.Local, b.Local, open.Neighbor));
        });
    }

    /// <summary>A connection to a speaker from an address where nobody is: the test is the neighbour.</summary>
    public Hand Dial(Speaker to, string from)
    {
        var (a, b) = Join(null, to);
        (a.Local, b.Local) = (new IPEndPoint(IPAddress.Parse(from), ++lastPort), new IPEndPoint(to.Address, 179));
        to.Do(new ConnectionOpened(b.Id, b.Local, a.Local, null));
        Run();
        return new Hand(this, a);
    }

    /// <summary>The speaker's own connection reaches a test that is the neighbour.</summary>
    public Hand Answer(Speaker from, string neighbor)
    {
        var open = from.Actions.OfType<OpenConnection>().Last(o => o.Neighbor == neighbor);
        attempts.Remove((from, neighbor));
        var (a, b) = Join(null, from);
        (a.Local, b.Local) = (open.Remote, new IPEndPoint(from.Address, ++lastPort));
        from.Do(new ConnectionOpened(b.Id, b.Local, a.Local, neighbor));
        return new Hand(this, a);
    }

    public void Cancel(Speaker from, string neighbor) => attempts.Remove((from, neighbor));

    public void Send(Speaker from, ulong connection, byte[] octets)
    {
        if (ends.TryGetValue((from, connection), out var end)) Send(end, octets);
    }

    public void Send(End from, byte[] octets)
    {
        if (from.IsClosed) return;
        Later(() => Arrive(from.Other, octets));
    }

    public void Close(Speaker from, ulong connection)
    {
        if (ends.Remove((from, connection), out var end)) Close(end, "the other side closed the connection");
    }

    /// <summary>Both ends learn that the connection is broken.</summary>
    public void Break(End end, string why = "connection reset")
    {
        Close(end, why);
        Close(end.Other, why);
    }

    public void Close(End end, string why)
    {
        end.IsClosed = true;
        Later(() =>
        {
            var other = end.Other;
            if (other.IsClosed) return;
            other.IsClosed = true;
            if (other.Speaker is { } speaker && ends.Remove((speaker, other.Id))) speaker.Do(new ConnectionClosed(other.Id, why));
        });
    }

    /// <summary>Without a word to anybody: the process died, the kernel closes what it had.</summary>
    public void Kill(Speaker speaker)
    {
        speaker.IsAlive = false;
        foreach (var end in ends.Values.Where(e => e.Speaker == speaker).ToList())
        {
            ends.Remove((speaker, end.Id));
            Close(end, "connection reset by peer");
        }

        foreach (var key in attempts.Keys.Where(k => k.Item1 == speaker).ToList()) attempts.Remove(key);
    }

    /// <summary>It reads again.</summary>
    public void Unstick(End end)
    {
        end.IsStuck = false;
        Later(() => Read(end));
    }

    public End EndOf(Speaker speaker) => ends.Values.Last(e => e.Speaker == speaker);

    private (End A, End B) Join(Speaker? a, Speaker? b)
    {
        var (one, other) = (new End(a, ++lastId), new End(b, ++lastId));
        (one.Other, other.Other) = (other, one);
        if (a is not null) ends.Add((a, one.Id), one);
        if (b is not null) ends.Add((b, other.Id), other);
        return (one, other);
    }

    private static void Arrive(End to, byte[] octets)
    {
        if (to.IsClosed) return;
        to.Inbox.Write(octets);
        Read(to);
    }

    private static void Read(End to)
    {
        if (to.IsStuck || to.Inbox.Length == 0 || to.IsClosed) return;
        var octets = to.Inbox.ToArray();
        to.Inbox.SetLength(0);
        to.Other.Speaker?.Do(new OctetsSent(to.Other.Id, octets.Length));
        var whole = (int)MessageFramer.Cut(new ReadOnlySequence<byte>(octets), long.MaxValue, out _);
        to.Inbox.Write(octets.AsSpan(whole));
        if (whole == 0) return;
        if (to.Speaker is { } speaker)
        {
            speaker.Do(new MessagesReceived(to.Id, octets.AsMemory(0, whole)));
            return;
        }

        for (var at = 0; at + 19 <= whole;)
        {
            var length = octets[at + 16] << 8 | octets[at + 17];
            to.Messages.Add(octets[at..(at + length)]);
            at += length;
        }
    }
}
