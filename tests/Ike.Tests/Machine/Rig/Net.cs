using System.Net;
using Appliance.Machine;

namespace Appliance.Ike.Machine.Rig;

/// <summary>A datagram on its way, as the receiver sees it.</summary>
internal sealed record Flight(Node To, IPEndPoint Local, IPEndPoint Remote, byte[] Octets);

/// <summary>Two nodes, one clock, and a network between them that loses, repeats, reorders and changes what the test says.</summary>
internal sealed class Net
{
    private readonly Entropy entropy;

    public Net(int seed = 1, bool exportKeys = false)
    {
        entropy = new Entropy([.. Enumerable.Repeat((byte)seed, Entropy.SeedLength)]);
        (A, B) = (new Node("a", entropy, exportKeys), new Node("b", entropy, exportKeys));
    }

    public Node A { get; }

    public Node B { get; }

    public Instant Now { get; private set; } = new(1_000_000);

    public List<Flight> Seen { get; } = [];

    /// <summary>What becomes of a datagram: none, one or several.</summary>
    public Func<Flight, IEnumerable<Flight>> Path { get; set; } = f => [f];

    /// <summary>Starts both: addresses and configuration.</summary>
    public Net Start(IkeConfiguration a, IkeConfiguration b)
    {
        (A.Now, B.Now) = (Now, Now);
        A.Do(new AddressesChanged([Samples.AddressA]));
        B.Do(new AddressesChanged([Samples.AddressB]));
        B.Do(new ConfigurationChanged(b));
        A.Do(new ConfigurationChanged(a));
        return this;
    }

    /// <summary>Delivers one datagram. False: none is under way.</summary>
    public bool One()
    {
        var (from, to) = A.Outbox.Count > 0 ? (A, B) : (B, A);
        if (!from.Outbox.TryDequeue(out var sent)) return false;
        foreach (var flight in Path(new Flight(to, sent.Remote, sent.Local, sent.Octets)))
        {
            Seen.Add(flight);
            flight.To.Do(new DatagramReceived(flight.Local, flight.Remote, flight.Octets));
        }

        return true;
    }

    /// <summary>Delivers all that is under way and what follows from it.</summary>
    public Net Run()
    {
        for (var count = 0; One(); count++) Assert.True(count < 10_000, "they never stop to talk");
        return this;
    }

    /// <summary>Lets time pass; timers fire when they are due.</summary>
    public Net Pass(long milliseconds)
    {
        Run();
        var end = Now.Plus(milliseconds);
        for (var count = 0; count < 10_000; count++)
        {
            var due = A.Machine.NextDue <= B.Machine.NextDue ? A.Machine.NextDue : B.Machine.NextDue;
            if (due > end) break;
            Set(due > Now ? due : Now);
            A.Do(TimePassed.Event);
            B.Do(TimePassed.Event);
            Run();
        }

        Set(end);
        return this;
    }

    private void Set(Instant now) => (Now, A.Now, B.Now) = (now, now, now);
}
