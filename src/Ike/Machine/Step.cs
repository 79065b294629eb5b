using Appliance.Crypto;
using Appliance.Ike.Exchanges;
using Appliance.Ike.Groups;
using Appliance.Machine;

namespace Appliance.Ike.Machine;

/// <summary>One step of the machine: what came in with the event, and where what shall be done goes.</summary>
internal sealed class Step(IkeMachine machine, in StepContext context, ICollection<IkeAction> actions)
{
    /// <summary>The machine.</summary>
    public IkeMachine Machine { get; } = machine;

    /// <summary>The host's clock.</summary>
    public Instant Now { get; } = context.Now;

    /// <summary>Fresh randomness.</summary>
    public Entropy Entropy { get; } = context.Entropy;

    /// <summary>IKE SAs whose kept state is no longer true.</summary>
    public HashSet<IkeSa> Changed { get; } = [];

    /// <summary>Groups whose kept state is no longer true.</summary>
    public HashSet<IGroupContext> ChangedGroups { get; } = [];

    /// <summary>What shall be done, in order.</summary>
    public ICollection<IkeAction> Actions { get; } = actions;

    /// <summary>The configuration in force.</summary>
    public IkeConfiguration Configuration => Machine.Configuration;

    /// <summary>A token for a <see cref="WorkAction"/>; the result goes to the exchange.</summary>
    public ulong NewToken(Exchange exchange) => Machine.NewToken(exchange);

    /// <summary>The state of a group is kept with this step: before that of IKE SAs, and before anything is done.</summary>
    public void Keep(IGroupContext group) => ChangedGroups.Add(group);

    /// <summary>A token for a <see cref="MakeGroupKey"/>; <paramref name="done"/> gets the key, or null when the host had no time for it.</summary>
    public ulong NewGroupToken(Action<Step, Secret?> done) => Machine.NewGroupToken(done);

    /// <summary>A token for an <see cref="InstallGroupSa"/>; <paramref name="done"/> gets the result, which says why also when the host had no time for it.</summary>
    public ulong NewGroupToken(Action<Step, GroupInstalled> done) => Machine.NewGroupToken(done);

    /// <summary>Starts or moves a timer of an IKE SA.</summary>
    public void SetTimer(IkeSa sa, TimerKind kind, long milliseconds, uint child = 0) =>
        Machine.Timers.Set(new TimerKey(sa.LocalSpi, kind, child), Now.Plus(milliseconds));

    /// <summary>Stops a timer of an IKE SA.</summary>
    public void StopTimer(IkeSa sa, TimerKind kind, uint child = 0) => Machine.Timers.Stop(new TimerKey(sa.LocalSpi, kind, child));

    /// <summary>An SPI for an IKE SA of ours that no other has; the numbers of 32 bits name contexts of groups.</summary>
    public ulong NewIkeSpi()
    {
        while (true)
            if (Entropy.NextUInt64() is > uint.MaxValue and var spi && Machine.Find(spi) is null) return spi;
    }

    /// <summary>An inbound SPI for a child that no other child and no group of ours has; the numbers up to 255 are reserved (RFC 4303 §2.1).</summary>
    public uint NewChildSpi()
    {
        while (true)
            if (Entropy.NextUInt32() is > 255 and var spi && Machine.FindChild(spi) is null && !Machine.Servers.HasSpi(spi) && Machine.Members.FindSpi(spi) is null) return spi;
    }

    /// <summary>A line for the log about an IKE SA; its SPIs and the peer's address are added.</summary>
    public void Log(IkeLogLevel level, IkeSa sa, string key, string text) =>
        Actions.Add(new WriteLog(level, sa.PeerName, key, $"{text} ({sa.Remote}, SPIs {sa.InitiatorSpi:x16} {sa.ResponderSpi:x16})"));

    /// <summary>A line for the log about something that belongs to no IKE SA.</summary>
    public void Log(IkeLogLevel level, string peer, string key, string text) => Actions.Add(new WriteLog(level, peer, key, text));
}
