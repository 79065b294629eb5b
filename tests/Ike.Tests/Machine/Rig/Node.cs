using System.Net;
using Appliance.Crypto;
using Appliance.Ike.Messages;
using Appliance.Machine;

namespace Appliance.Ike.Machine.Rig;

/// <summary>One machine with what a host would do for it, done at once: work, installation, kept contexts.</summary>
internal sealed class Node(string name, Entropy entropy, bool exportKeys = false)
{
    public string Name { get; } = name;

    public IkeMachine Machine { get; private set; } = new(new IkeMachineOptions { ExportKeys = exportKeys });

    public Instant Now { get; set; }

    public List<IkeAction> Actions { get; } = [];

    public Dictionary<ulong, byte[]> Contexts { get; } = [];

    public Dictionary<uint, (ChildSa Sa, byte[] In, byte[] Out)> Installed { get; } = [];

    public List<WriteLog> Log { get; } = [];

    public List<AnswerOperator> Answers { get; } = [];

    public Queue<SendDatagram> Outbox { get; } = new();

    /// <summary>Work that waits because the test wants to see what happens meanwhile.</summary>
    public Queue<WorkAction> Held { get; } = new();

    /// <summary>Work is held back while this is set.</summary>
    public bool HoldsWork { get; set; }

    /// <summary>What installing a child answers; null: it works.</summary>
    public string? InstallProblem { get; set; }

    /// <summary>Multi-point SAs in the data plane.</summary>
    public DataPlaneGroups Groups { get; } = new();

    /// <summary>Stands in for a credential: sign and verify by a key that both know.</summary>
    public Func<MakeSignature, byte[]?> Sign { get; set; } = m => [.. "signed by "u8, .. System.Text.Encoding.UTF8.GetBytes(m.Credential), .. System.Security.Cryptography.SHA256.HashData(m.Octets)];

    public Func<VerifySignature, string?> Verify { get; set; } = v =>
        v.Data.AsSpan().EndsWith(System.Security.Cryptography.SHA256.HashData(v.Octets)) ? null : "the signature is wrong";

    public IkeSa Sa => Machine.All.Single(s => s.State == IkeSaState.Established);

    public IEnumerable<string> Texts => Log.Select(l => l.Text);

    public void Do(IkeEvent e)
    {
        var actions = new List<IkeAction>();
        Machine.Step(new StepContext(Now, entropy), e, actions);
        foreach (var action in actions) Take(action);
    }

    /// <summary>The process dies and another one takes over what was kept.</summary>
    public void Restart(IkeConfiguration configuration, params IPAddress[] addresses)
    {
        Machine = new IkeMachine(new IkeMachineOptions());
        Outbox.Clear();
        Held.Clear();
        Do(new AddressesChanged(addresses));
        foreach (var (id, context) in Contexts.ToArray()) Do(new ContextRestored(id, context));
        Do(new ConfigurationChanged(configuration));
    }

    /// <summary>Does something that no event of a host leads to, as a peer that is not ours would.</summary>
    public void Act(Action<Step> act)
    {
        var actions = new List<IkeAction>();
        act(new Step(Machine, new StepContext(Now, entropy), actions));
        foreach (var action in actions) Take(action);
    }

    public void FinishWork()
    {
        while (Held.TryDequeue(out var work)) Do(Result(work));
    }

    private void Take(IkeAction action)
    {
        Actions.Add(action);
        switch (action)
        {
            case SendDatagram send:
                Outbox.Enqueue(send);
                break;
            case SaveContext save:
                Contexts[save.Id] = save.Context;
                break;
            case ForgetContext forget:
                Contexts.Remove(forget.Id);
                break;
            case RemoveChild remove:
                Installed.Remove(remove.InboundSpi);
                break;
            case ActivateGroupSa activate:
                Groups.Activate(activate);
                break;
            case RemoveGroupSa removed:
                Groups.Remove(removed);
                break;
            case WriteLog log:
                Log.Add(log);
                break;
            case AnswerOperator answer:
                Answers.Add(answer);
                break;
            case WorkAction work when HoldsWork:
                Held.Enqueue(work);
                break;
            case WorkAction work:
                Do(Result(work));
                break;
        }
    }

    private WorkDone Result(WorkAction work)
    {
        switch (work)
        {
            case BeginKeyExchange begin:
                return new KeyExchangeBegun(begin.Token, KeyExchanges.Begin(begin.Method));
            case AnswerKeyExchange answer:
                var secret = KeyExchanges.Answer(answer.Method, answer.PeerValue, out var value);
                return new SharedSecretComputed(answer.Token, value, secret);
            case CompleteKeyExchange complete:
                using (complete.Exchange) return new SharedSecretComputed(complete.Token, [], complete.Exchange.Complete(complete.PeerValue));
            case MakeSignature make:
                return new SignatureMade(make.Token, AuthenticationMethod.DigitalSignature, Sign(make));
            case VerifySignature verify:
                return new SignatureVerified(verify.Token, Verify(verify));
            case InstallChild install:
                if (InstallProblem is null) Installed[install.Child.InboundSpi] = (install.Child, install.InboundKey.Octets.ToArray(), install.OutboundKey.Octets.ToArray());
                return new ChildInstalled(install.Token, InstallProblem);
            case InstallGroupSa install:
                return new GroupInstalled(install.Token, Groups.Install(install));
            default:
                return new WorkRefused(work.Token);
        }
    }
}
