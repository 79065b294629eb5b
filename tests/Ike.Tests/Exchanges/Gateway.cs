using System.Net;
using System.Security.Cryptography;
using Appliance.Crypto;
using Appliance.Ike.Machine;
using Appliance.Machine;

namespace Appliance.Ike.Exchanges;

/// <summary>A machine with a host around it that does what it says at once: work, installations, messages. What it did is written down.</summary>
internal sealed class Gateway(string name, IPAddress address)
{
    private readonly List<IkeAction> actions = [];
    private ulong seed = (ulong)name[0] << 32;

    public string Name { get; } = name;

    public IPAddress Address { get; set; } = address;

    public IkeMachine Machine { get; } = new(new IkeMachineOptions());

    /// <summary>Children in the data plane, by inbound SPI.</summary>
    public Dictionary<uint, Installed> Children { get; } = [];

    /// <summary>Everything that was logged.</summary>
    public List<WriteLog> Log { get; } = [];

    /// <summary>Everything else that was asked for.</summary>
    public List<IkeAction> Done { get; } = [];

    /// <summary>Messages to be sent.</summary>
    public Queue<SendDatagram> Outbox { get; } = new();

    /// <summary>An installation fails with this.</summary>
    public string? InstallProblem { get; set; }

    /// <summary>Work and installations wait until <see cref="DoWork"/>.</summary>
    public bool HoldsWork { get; set; }

    /// <summary>Children that traffic came in by.</summary>
    public HashSet<uint> Used { get; } = [];

    /// <summary>Answer to ReadTraffic.</summary>
    public long? Silent { get; set; }

    private Queue<WorkAction> Work { get; } = new();

    public void Step(Instant now, IkeEvent e)
    {
        var entropy = new Entropy(SHA256.HashData(BitConverter.GetBytes(seed++)));
        var start = actions.Count;
        Machine.Step(new StepContext(now, entropy), e, actions);
        foreach (var action in actions[start..]) Take(now, action);
    }

    public void DoWork(Instant now)
    {
        while (Work.TryDequeue(out var work)) Step(now, Result(work));
    }

    private void Take(Instant now, IkeAction action)
    {
        switch (action)
        {
            case SendDatagram send:
                Outbox.Enqueue(send);
                break;
            case WorkAction work:
                Work.Enqueue(work);
                if (!HoldsWork) DoWork(now);
                break;
            case ActivateOutbound activate:
                Assert.Single(Children.Values, c => c.Child.OutboundSpi == activate.OutboundSpi && !c.Active).Active = true;
                break;
            case RemoveChild remove:
                Children.Remove(remove.InboundSpi);
                break;
            case MoveChildren move:
                foreach (var (inbound, _) in move.Children) Children[inbound].Child = Children[inbound].Child with { Local = move.Local, Remote = move.Remote, UdpEncapsulation = move.UdpEncapsulation };
                break;
            case ReadTraffic read:
                Step(now, new TrafficRead(read.IkeSpi, read.Child == 0 ? Silent : Used.Contains(read.Child) ? 10 : null) { Child = read.Child });
                break;
            case WriteLog log:
                Log.Add(log);
                break;
            default:
                Done.Add(action);
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
                var secret = KeyExchanges.Answer(answer.Method, answer.PeerValue, out var publicValue);
                return new SharedSecretComputed(answer.Token, publicValue, secret);
            case CompleteKeyExchange complete:
                using (complete.Exchange) return new SharedSecretComputed(complete.Token, [], complete.Exchange.Complete(complete.PeerValue));
            case InstallChild install:
                if (InstallProblem is null)
                    Children.Add(install.Child.InboundSpi, new(install.Child, Convert.ToHexString(install.InboundKey.Octets), Convert.ToHexString(install.OutboundKey.Octets)) { Active = install.ActivateOutbound });
                return new ChildInstalled(install.Token, InstallProblem);
            default:
                throw new InvalidOperationException($"no host for {work}");
        }
    }

    public sealed class Installed(ChildSa child, string inboundKey, string outboundKey)
    {
        public ChildSa Child { get; set; } = child;

        public string InboundKey { get; } = inboundKey;

        public string OutboundKey { get; } = outboundKey;

        public bool Active { get; set; }
    }
}
