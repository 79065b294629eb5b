using Appliance.Machine;

namespace Appliance.Bfd.Tests.Rig;

/// <summary>Two machines and the link between them, in virtual time.</summary>
internal sealed class Pair
{
    private readonly PriorityQueue<(Node To, BfdPacketReceived Packet), long> link = new();
    private long now;

    public Pair()
    {
        A.Out = s => Carry(A, B, s);
        B.Out = s => Carry(B, A, s);
    }

    public Node A { get; } = new("A", 1);

    public Node B { get; } = new("B", 2);

    public long Now => now;

    public int Delay { get; set; } = 1;

    public byte Ttl { get; set; } = 255;

    /// <summary>Whether the packet gets lost: from whom, and what.</summary>
    public Func<Node, ControlPacket, bool> Loses { get; set; } = (_, _) => false;

    /// <summary>Both want the session and a second passes: it is up.</summary>
    public static Pair Up(int milliseconds = 50, int multiplier = 3)
    {
        var pair = new Pair();
        pair.A.Want(Node.Path(true), milliseconds, multiplier);
        pair.B.Want(Node.Path(false), milliseconds, multiplier);
        pair.Run(3000);
        Assert.Equal((BfdState.Up, BfdState.Up), (pair.A.Session.State, pair.B.Session.State));
        return pair;
    }

    /// <summary>So many milliseconds pass.</summary>
    public void Run(long milliseconds)
    {
        var end = now + milliseconds;
        while (true)
        {
            var next = Math.Min(A.Machine.NextDue.Milliseconds, B.Machine.NextDue.Milliseconds);
            if (link.TryPeek(out _, out var arrives)) next = Math.Min(next, arrives);
            if (next > end) break;
            now = A.Now = B.Now = Math.Max(now, next);
            while (link.TryPeek(out var carried, out var at) && at <= now)
            {
                link.Dequeue();
                carried.To.Step(carried.Packet);
            }

            if (A.Machine.NextDue <= new Instant(now)) A.Step(BfdTimePassed.Event);
            if (B.Machine.NextDue <= new Instant(now)) B.Step(BfdTimePassed.Event);
        }

        now = A.Now = B.Now = end;
    }

    private void Carry(Node from, Node to, BfdSend send)
    {
        ControlPacket.TryRead(send.Octets, out var packet);
        if (Loses(from, packet)) return;
        var path = new BfdPath(send.Path.Remote, send.Path.Local, send.Path.IsMultihop);
        link.Enqueue((to, new BfdPacketReceived(path, Ttl, send.Octets)), now + Delay);
    }
}
