using System.Net;
using Appliance.Machine;

namespace Appliance.Bfd.Tests.Rig;

/// <summary>A machine with all that it did.</summary>
internal sealed class Node(string name, byte seed)
{
    private readonly Entropy entropy = new([.. Enumerable.Repeat(seed, Entropy.SeedLength)]);
    private readonly List<BfdAction> actions = [];

    public string Name { get; } = name;

    public BfdMachine Machine { get; private set; } = new();

    public List<(long At, ControlPacket Packet)> Sent { get; } = [];

    public List<(long At, BfdSessionChanged Change)> Changes { get; } = [];

    public List<BfdSessionRefused> Refusals { get; } = [];

    public int Ended { get; private set; }

    public Action<BfdSend> Out { get; set; } = _ => { };

    public long Now { get; set; }

    public BfdSessionStatus Session => Machine.Status(new Instant(Now)).Single();

    /// <summary>The process is started anew: nothing is known any more.</summary>
    public void Restart() => Machine = new BfdMachine();

    public void Step(BfdEvent e)
    {
        actions.Clear();
        Machine.Step(new StepContext(new Instant(Now), entropy), e, actions);
        foreach (var action in actions.ToList())
        {
            switch (action)
            {
                case BfdSend send:
                    Assert.Equal(PacketProblem.None, ControlPacket.TryRead(send.Octets, out var packet));
                    Sent.Add((Now, packet));
                    Out(send);
                    break;
                case BfdSessionChanged change:
                    Changes.Add((Now, change));
                    break;
                case BfdSessionRefused refused:
                    Refusals.Add(refused);
                    break;
                case BfdSessionEnded:
                    Ended++;
                    break;
            }
        }
    }

    public void Want(BfdPath path, int milliseconds = 50, int multiplier = 3, string key = "n") =>
        Step(new BfdSessionWanted(key, path, new BfdIntervals(milliseconds, milliseconds, multiplier)));

    public static BfdPath Path(bool fromA, bool multihop = false) =>
        new(IPAddress.Parse(fromA ? "192.0.2.1" : "192.0.2.2"), IPAddress.Parse(fromA ? "192.0.2.2" : "192.0.2.1"), multihop);
}
