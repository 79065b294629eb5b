using System.Net;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Appliance.Crypto;
using Appliance.Ike;
using Appliance.Ike.Machine;
using Appliance.Machine;

namespace Appliance.LineRate.Group;

/// <summary>An IKE machine with a host that does what it says at once, and knows how much CPU time the machine itself took.</summary>
internal sealed partial class GroupNode(IPAddress address, bool keepsContexts, Queue<SendDatagram> wire)
{
    private const int ThreadCpuTime = 3;
    private readonly List<IkeAction> actions = [];
    private readonly Entropy entropy = new(RandomNumberGenerator.GetBytes(Entropy.SeedLength));
    private readonly byte[] seed = new byte[Entropy.SeedLength];

    /// <summary>The machine.</summary>
    public IkeMachine Machine { get; } = new(new IkeMachineOptions());

    /// <summary>CPU time of the machine's steps in nanoseconds: neither of its host nor of others.</summary>
    public long CpuNanoseconds { get; private set; }

    /// <summary>What a successor would find, in place of the region.</summary>
    public Dictionary<ulong, byte[]> Contexts { get; } = [];

    /// <summary>Multi-point SAs that were installed.</summary>
    public int Installed { get; private set; }

    /// <summary>Lines of the log that say that something is wrong; the last one.</summary>
    public string Trouble { get; private set; } = "";

    /// <summary>Its addresses, then its configuration.</summary>
    public void Start(Instant now, IkeConfiguration configuration)
    {
        Do(now, new AddressesChanged([address]));
        Do(now, new ConfigurationChanged(configuration));
    }

    public void Do(Instant now, IkeEvent e)
    {
        RandomNumberGenerator.Fill(seed);
        entropy.Reseed(seed);
        var first = actions.Count;
        var before = CpuNow();
        Machine.Step(new StepContext(now, entropy), e, actions);
        CpuNanoseconds += CpuNow() - before;
        // A result may be another step, whose actions stand behind these.
        for (var at = first; at < actions.Count; at++) Take(now, actions[at]);
        actions.RemoveRange(first, actions.Count - first);
    }

    private static long CpuNow()
    {
        _ = ClockGetTime(ThreadCpuTime, out var time);
        return (time.Seconds * 1_000_000_000) + time.Nanoseconds;
    }

    [LibraryImport("libc", EntryPoint = "clock_gettime")]
    private static partial int ClockGetTime(int clock, out TimeSpec time);

    private void Take(Instant now, IkeAction action)
    {
        switch (action)
        {
            case SendDatagram send:
                wire.Enqueue(send);
                break;
            case SaveContext save:
                if (keepsContexts) Contexts[save.Id] = save.Context;
                break;
            case ForgetContext forget:
                Contexts.Remove(forget.Id);
                break;
            case WriteLog { Level: >= IkeLogLevel.Warning } log:
                Trouble = log.Text;
                break;
            case WorkAction work:
                Do(now, Result(work));
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
            case InstallChild install:
                install.InboundKey.Dispose();
                install.OutboundKey.Dispose();
                return new ChildInstalled(install.Token, null);
            case InstallGroupSa install:
                install.Key.Dispose();
                Installed++;
                return new GroupInstalled(install.Token, null);
            case MakeGroupKey make:
                var skD = new Secret(make.Length);
                RandomNumberGenerator.Fill(skD.Octets);
                return new GroupKeyMade(make.Token, skD);
            default:
                return new WorkRefused(work.Token);
        }
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct TimeSpec
    {
        public long Seconds;
        public long Nanoseconds;
    }
}
