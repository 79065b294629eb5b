using System.Net;
using System.Security.Cryptography;
using Appliance.Ike.Machine;
using Appliance.Machine;

namespace Appliance.Ike.Recording;

/// <summary>A recorded machine with a host that does at once what it says, by stand-ins. A machine's life is one recording; its successor's is the next.</summary>
internal sealed class ScenarioGateway
{
    private readonly StandInPool pool;
    private Recorder<IkeEvent, IkeAction> recorder = null!;
    private ulong seeds;

    public ScenarioGateway(string name, IPAddress address, Agreements agreements)
    {
        (Name, Address) = (name, address);
        pool = new StandInPool(agreements, Format.Secret);
        NewMachine();
    }

    public string Name { get; }

    public IPAddress Address { get; }

    public IkeRecordingFormat Format { get; } = new();

    public IkeMachine Machine { get; private set; } = null!;

    /// <summary>The lives of its machines, in lines.</summary>
    public List<List<string>> Recordings { get; } = [];

    public List<WriteLog> Log { get; } = [];

    public Queue<SendDatagram> Outbox { get; } = new();

    public Dictionary<ulong, byte[]> Contexts { get; } = [];

    /// <summary>Inbound SPIs that the data plane has.</summary>
    public HashSet<uint> Installed { get; } = [];

    public IkeSa Sa => Assert.Single(Machine.All, s => s is { State: IkeSaState.Established, Successor: null });

    public void Step(Instant now, IkeEvent e)
    {
        var actions = new List<IkeAction>();
        recorder.Step(now, SHA256.HashData([(byte)Name[0], .. BitConverter.GetBytes(++seeds)]), e, actions);
        foreach (var action in actions) Take(now, action);
    }

    /// <summary>Another process takes over what was kept.</summary>
    public void Restart(Instant now, IkeConfiguration configuration)
    {
        NewMachine();
        Step(now, new AddressesChanged([Address]));
        foreach (var (id, context) in Contexts.ToArray()) Step(now, new ContextRestored(id, context));
        Step(now, new ConfigurationChanged(configuration));
    }

    private void NewMachine()
    {
        var lines = new List<string>();
        Recordings.Add(lines);
        Machine = new IkeMachine(new IkeMachineOptions());
        recorder = new Recorder<IkeEvent, IkeAction>(Machine, Format, lines.Add);
    }

    private void Take(Instant now, IkeAction action)
    {
        switch (action)
        {
            case SendDatagram send:
                Outbox.Enqueue(send);
                break;
            case InstallChild install:
                Installed.Add(install.Child.InboundSpi);
                Step(now, pool.Result(install));
                break;
            case WorkAction work:
                Step(now, pool.Result(work));
                break;
            case RemoveChild remove:
                Installed.Remove(remove.InboundSpi);
                break;
            case SaveContext save:
                Contexts[save.Id] = save.Context;
                break;
            case ForgetContext forget:
                Contexts.Remove(forget.Id);
                break;
            case ReadTraffic read:
                Step(now, new TrafficRead(read.IkeSpi, null) { Child = read.Child });
                break;
            case WriteLog log:
                Log.Add(log);
                break;
        }
    }
}
