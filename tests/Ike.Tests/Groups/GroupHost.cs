using System.Net;
using Appliance.Crypto;
using Appliance.Ike.Machine;
using Appliance.Ike.Recording;
using Appliance.Machine;

namespace Appliance.Ike.Groups;

/// <summary>A machine of a group with what a host does for it. It may die in the middle of what it was told to do, and another process takes over what was kept.</summary>
internal sealed class GroupHost(string name, IPAddress address, StandInPool pool, Entropy entropy, Ledger ledger)
{
    public string Name { get; } = name;

    public IPAddress Address { get; } = address;

    public IkeMachine Machine { get; private set; } = new(new IkeMachineOptions());

    public IkeConfiguration Configuration { get; set; } = new();

    public Instant Now { get; set; }

    public Dictionary<ulong, byte[]> Contexts { get; } = [];

    /// <summary>Multi-point SAs in the data plane, which outlives the process.</summary>
    public Dictionary<(string Group, uint Spi), GroupSa> Installed { get; } = [];

    /// <summary>The SA that a group's packets go out by.</summary>
    public Dictionary<string, uint> Sending { get; } = [];

    public List<IkeAction> Actions { get; } = [];

    public Queue<SendDatagram> Outbox { get; } = new();

    public string? InstallProblem { get; set; }

    /// <summary>So many actions are still done before the process dies; null: it lives.</summary>
    public int? DiesAfter { get; set; }

    public bool IsDead { get; private set; }

    public IEnumerable<string> Texts => Actions.OfType<WriteLog>().Select(l => l.Text);

    public GroupStatus Status(string group = "mesh") => Machine.Groups.Single(g => g.Name == group);

    public IkeSa? Sa => Machine.All.SingleOrDefault(s => s.State == IkeSaState.Established && s.Successor is null);

    public void Configure(IkeConfiguration configuration) => Do(new ConfigurationChanged(Configuration = configuration));

    public void Do(IkeEvent e)
    {
        if (IsDead) return;
        var actions = new List<IkeAction>();
        Machine.Step(new StepContext(Now, entropy), e, actions);
        foreach (var action in actions) Take(action);
    }

    public void Restart(bool keepsRegion = true)
    {
        (Machine, IsDead, DiesAfter) = (new IkeMachine(new IkeMachineOptions()), false, null);
        Outbox.Clear();
        if (!keepsRegion)
        {
            Contexts.Clear();
            Installed.Clear();
            Sending.Clear();
        }

        Do(new AddressesChanged([Address]));
        foreach (var (id, context) in Contexts.ToArray()) Do(new ContextRestored(id, [.. context]));
        Configure(Configuration);
    }

    private void Take(IkeAction action)
    {
        if (IsDead) return;
        if (DiesAfter is { } left && --left is var rest)
        {
            DiesAfter = rest;
            IsDead = rest < 0;
            if (IsDead) return;
        }

        Actions.Add(action);
        switch (action)
        {
            case SendDatagram send:
                ledger.Sent(this, send);
                Outbox.Enqueue(send);
                break;
            case SaveContext save:
                Contexts[save.Id] = [.. save.Context];
                break;
            case ForgetContext forget:
                Contexts.Remove(forget.Id);
                break;
            case InstallGroupSa install:
                if (InstallProblem is null)
                {
                    ledger.Installed(this, install, Installed.GetValueOrDefault((install.Sa.Group, install.Sa.Spi)));
                    Installed[(install.Sa.Group, install.Sa.Spi)] = install.Sa;
                }

                install.Key.Dispose();
                Do(new GroupInstalled(install.Token, InstallProblem));
                break;
            case ActivateGroupSa activate:
                Assert.Contains((activate.Group, activate.Spi), Installed.Keys);
                Sending[activate.Group] = activate.Spi;
                break;
            case RemoveGroupSa remove:
                Installed.Remove((remove.Group, remove.Spi));
                if (Sending.GetValueOrDefault(remove.Group) == remove.Spi) Sending.Remove(remove.Group);
                break;
            case ReadTraffic read:
                Do(new TrafficRead(read.IkeSpi, null) { Child = read.Child });
                break;
            case MakeGroupKey make:
                var skD = new Secret(make.Length);
                entropy.Fill(skD.Octets);
                Do(new GroupKeyMade(make.Token, skD));
                break;
            case WorkAction work:
                Do(pool.Result(work));
                break;
        }
    }
}
