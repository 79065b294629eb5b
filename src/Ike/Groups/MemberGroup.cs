using Appliance.Ike.Machine;
using Appliance.Machine;

namespace Appliance.Ike.Groups;

/// <summary>
/// A group that we are member of. What a gateway hands out is taken in at once, sent by after ROLL1, and ends what that gateway handed out before after ROLL2 (draft-yamaya-ipsecme-mpsa-04 §3.3.3).
/// Packets go out by the first gateway's newest SA whose ROLL1 is over; before its lifetime ends, or when its IVs are used up, by what else there is.
/// </summary>
internal sealed class MemberGroup(string name)
{
    /// <summary>Its name.</summary>
    public string Name { get; } = name;

    /// <summary>Its configuration; null for one that a successor found, until there is a configuration.</summary>
    public IkeGroup? Group { get; set; }

    /// <summary>Its gateways, the preferred first.</summary>
    public List<MemberGateway> Gateways { get; private set; } = [];

    /// <summary>The SA that we send by; null: none.</summary>
    public MemberSa? Sending { get; set; }

    /// <summary>Why the last MPSA_PUT was not taken; empty when it was.</summary>
    public string Problem { get; set; } = "";

    /// <summary>All SAs.</summary>
    public IEnumerable<MemberSa> All => Gateways.SelectMany(g => g.Sas);

    /// <summary>The gateway's SA with an SPI.</summary>
    public (MemberGateway Gateway, MemberSa Sa)? Find(uint spi)
    {
        foreach (var gateway in Gateways)
            if (gateway.Sas.Find(s => s.Sa.Spi == spi) is { } sa) return (gateway, sa);
        return null;
    }

    /// <summary>The gateways in the order of the configuration; those that went take their SAs along.</summary>
    public void Take(Step step, IkeGroup group)
    {
        Group = group;
        var before = Gateways;
        Gateways = [.. group.Gateways.Select(name => before.Find(g => g.Name == name) ?? new MemberGateway(Name, name, step.Machine.GroupContexts.Take()))];
        foreach (var gone in before.Where(g => !Gateways.Contains(g))) End(step, gone, $"{gone.Name} is no longer its gateway");
    }

    /// <summary>What is over ends; packets go out by what is best now.</summary>
    public void Update(Step step)
    {
        var best = Choose(step.Now);
        if (best is not null && best != Sending) Send(step, best);
        foreach (var gateway in Gateways)
            foreach (var over in gateway.Sas.Where(s => s.IsOver(step.Now)).ToArray())
                End(step, gateway, over, over.ExpiresAt <= step.Now ? "its lifetime is over" : "a newer one has taken its place");
    }

    /// <summary>When <see cref="Update"/> has something to do.</summary>
    public Instant DueAfter(Instant now)
    {
        var due = Instant.Never;
        foreach (var sa in All)
        {
            foreach (var at in (ReadOnlySpan<Instant>)[sa.ActivatesAt, sa.EndsAt, sa.ExpiresAt.Plus(-Tuning.GroupFallback), sa.ExpiresAt])
                if (at > now && at < due) due = at;
        }

        return due;
    }

    /// <summary>An SA ends.</summary>
    public void End(Step step, MemberGateway gateway, MemberSa sa, string why)
    {
        gateway.Sas.Remove(sa);
        step.Machine.Members.Ended.Add(sa);
        if (Sending == sa) Sending = null;
        step.Actions.Add(new RemoveGroupSa(Name, sa.Sa.Spi, why));
        step.Log(IkeLogLevel.Information, gateway.Name, "group-ended", $"group {Name}: {sa} ended: {why}{(All.Any(s => s.IsUsable(step.Now)) ? "" : "; no other is left, nothing can be sent to the group")}");
        Keep(step, gateway);
    }

    /// <summary>All SAs of a gateway end.</summary>
    public void End(Step step, MemberGateway gateway, string why)
    {
        foreach (var sa in gateway.Sas.ToArray()) End(step, gateway, sa, why);
        step.Machine.GroupContexts.Give(gateway.ContextId);
    }

    /// <summary>What we know of a gateway's SAs is kept, or forgotten when there are none.</summary>
    public static void Keep(Step step, MemberGateway gateway)
    {
        if (gateway.Sas.Count > 0) step.Keep(gateway);
        else if (gateway.IsKept) step.Actions.Add(new ForgetContext(gateway.ContextId));
        gateway.IsKept &= gateway.Sas.Count > 0;
    }

    private void Send(Step step, MemberSa sa)
    {
        Sending = sa;
        step.Actions.Add(new ActivateGroupSa(Name, sa.Sa.Spi));
        step.Log(IkeLogLevel.Information, sa.Sa.Gateway, "group-activated", $"group {Name}: packets go out by {sa} of {sa.Sa.Gateway}, which lives for {(sa.ExpiresAt - step.Now) / 1000} s");
    }

    private MemberSa? Choose(Instant now)
    {
        MemberSa? last = null, next = null;
        foreach (var gateway in Gateways)
        {
            if (gateway.Sas.FindLast(s => s.IsUsable(now) && s.ActivatesAt <= now) is { } active)
            {
                if (active.ExpiresAt - now > Tuning.GroupFallback) return active;
                if (last is null || active.ExpiresAt > last.ExpiresAt) last = active;
            }

            // ROLL1 means nothing where there is no other SA.
            next ??= gateway.Sas.Find(s => s.IsUsable(now));
        }

        return last ?? next;
    }
}
