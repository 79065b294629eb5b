using Appliance.Ike.Machine;
using Appliance.Ike.Machine.Contexts;
using Appliance.Ike.Messages;
using Appliance.Machine;

namespace Appliance.Ike.Groups;

/// <summary>The groups that this node is gateway of: what happens goes to the group, or the member's registration, that it is about.</summary>
internal sealed class GroupServers
{
    private readonly Dictionary<string, ServedGroup> groups = [];

    /// <summary>When one of them has something to do.</summary>
    public Instant NextDue
    {
        get
        {
            var due = Instant.Never;
            foreach (var group in groups.Values) if (group.NextDue is var its && its < due) due = its;
            return due;
        }
    }

    /// <summary>All of them.</summary>
    public IReadOnlyCollection<ServedGroup> Groups => groups.Values;

    /// <summary>One by its name, or null.</summary>
    public ServedGroup? Find(string name) => groups.GetValueOrDefault(name);

    /// <summary>Whether one of them has an SA with that SPI.</summary>
    public bool HasSpi(uint spi) => groups.Values.Any(g => g.Sas.Any(s => s.Spi == spi));

    /// <summary>There is a configuration; it is the machine's already.</summary>
    public void Configure(Step step)
    {
        var served = step.Configuration.Groups.Where(g => g.Server is not null).ToDictionary(g => g.Name);
        foreach (var gone in groups.Values.Where(g => !served.ContainsKey(g.Name)).ToArray())
        {
            groups.Remove(gone.Name);
            gone.Close(step, "this node is no gateway of the group any more");
        }

        foreach (var group in served.Values)
        {
            if (!groups.TryGetValue(group.Name, out var known)) groups.Add(group.Name, known = new ServedGroup(group.Name, step.Machine.GroupContexts.Take()));
            known.Configure(step, group);
        }
    }

    /// <summary>An IKE SA is in use.</summary>
    public void Established(Step step, IkeSa sa)
    {
        foreach (var group in groups.Values) group.Register(step, sa);
    }

    /// <summary>An IKE SA is gone.</summary>
    public static void Ended(Step step, IkeSa sa)
    {
        foreach (var member in sa.Served.ToArray())
        {
            sa.Leave(member);
            member.Group.Unregister(step, member);
        }
    }

    /// <summary>The peer deleted its IKE SA. When it has no other it leaves the group, else it only moves.</summary>
    public static void Departed(Step step, IkeSa sa)
    {
        if (sa.Successor is not null || step.Machine.Identities.Others(sa).Count > 0) return;
        foreach (var member in sa.Served.ToArray()) member.Group.Departed(step, member);
    }

    /// <summary>An IKE SA takes the place of another: the registrations are its own now (a rekey is no new registration).</summary>
    public static void Moved(Step step, IkeSa old, IkeSa successor)
    {
        foreach (var member in old.Served.ToArray())
        {
            old.Leave(member);
            member.Sa = successor;
            successor.Join(member);
            member.Group.Moved(step, member);
        }
    }

    /// <summary>A member does not take what it was told (MPSA_REFUSED). It stays in the group with pairwise SAs.</summary>
    public static void Refused(Step step, IkeSa sa, NotifyPayload notify)
    {
        var (spi, reason) = MpsaPutCodec.ReadRefusal(notify);
        foreach (var member in sa.Served.Where(m => spi == 0 || m.Group.Sas.Any(s => s.Spi == spi)).ToArray())
        {
            var why = Text(reason);
            step.Log(IkeLogLevel.Warning, sa, "group-refused", $"{sa.RemoteIdentity} refuses the multi-point SA {spi:x8} of group {member.Group.Name}: {why}");
            member.Group.Refused(step, member, spi, why);
        }
    }

    /// <summary>The IV space under a Sender-ID of ours is nearly used up.</summary>
    public void Expires(Step step, GroupExpires expires) => Find(expires.Group)?.Expires(step, expires.Spi);

    /// <summary>The operator wants a new SA.</summary>
    public void RekeyAsked(Step step, GroupRekeyAsked asked)
    {
        var group = Find(asked.Group);
        group?.Want(step, "operator", RekeyKind.Ordinary);
        step.Actions.Add(new AnswerOperator(asked.Request, group is not null ? null
            : step.Configuration.Groups.Any(g => g.Name == asked.Group) ? $"this node is a member of {asked.Group}: ask its gateway"
            : $"no group is named {asked.Group}; this node is gateway of {(groups.Count == 0 ? "none" : string.Join(", ", groups.Keys))}"));
    }

    /// <summary>
    /// An earlier process of this node kept a group. False: it cannot be read; then there is a new SA with a new key, under which no Sender-ID was given out.
    /// </summary>
    public bool Restore(Step step, ContextReader reader, uint id)
    {
        if (ServedGroupContext.Read(step, reader, id) is not { } group) return false;
        if (groups.TryAdd(group.Name, group)) return true;
        foreach (var sa in group.Sas) sa.Dispose();
        return false;
    }

    /// <summary>Time passed, or something happened.</summary>
    public void Fire(Step step)
    {
        foreach (var group in groups.Values) group.Fire(step);
    }

    /// <summary>This process stops for good.</summary>
    public void Close(Step step)
    {
        foreach (var group in groups.Values) group.Close(step, "this node stops");
        groups.Clear();
    }

    private static string Text(MpsaRefusal reason) => reason switch
    {
        MpsaRefusal.NoSenderIds => "a counter mode needs Sender-IDs, and it got none or too few",
        MpsaRefusal.NotSupported => "it does not support the cipher or the PRF",
        MpsaRefusal.Malformed => "MPSA_PUT looks malformed to it",
        MpsaRefusal.UnknownGroup => "it is in no group of that name: compare the names in both configurations",
        MpsaRefusal.NotAGateway => "it does not take us for a gateway of the group: see gateways in its configuration",
        MpsaRefusal.NoRoom => "it has no room for it",
        MpsaRefusal.SpiInUse => "another SA there has the SPI",
        MpsaRefusal.SenderIdsUsed => "it used these Sender-IDs under this key before",
        MpsaRefusal.Lifetime => "too little is left of its lifetime",
        _ => $"reason {(ushort)reason}",
    };
}
