namespace Appliance.Bgp;

/// <summary>Applies a configuration: the difference to the one before, with the least disturbance.</summary>
internal static class Configurator
{
    /// <summary>A configuration, or another one, is there.</summary>
    public static void Apply(BgpStep step, BgpConfigured configured)
    {
        var machine = step.Machine;
        var (before, after) = (machine.Configuration, configured.Configuration);
        machine.Configuration = after;
        var speakerChanged = before.LocalAs != after.LocalAs || before.RouterId != after.RouterId || before.ClusterId != after.ClusterId;
        step.Actions.Add(Neighbors.Listen(after));
        // Sessions of VRFs that go end before the VRFs do; new ones begin behind.
        foreach (var session in machine.Sessions.All.ToArray()) Follow(step, session, speakerChanged);
        machine.Rib.Configure(after);
        machine.Deferral.Begin(step, configured.Restarted);
        foreach (var vrf in after.Vrfs)
            if (!before.Vrfs.Any(v => v.Name == vrf.Name)) machine.Deferral.Added(step, vrf.Name);
        foreach (var neighbor in after.Neighbors)
        {
            if (machine.Sessions.Find(neighbor.Name) is not null) continue;
            machine.Sessions.Add(step, neighbor).Start(step, "AutomaticStart: the neighbor is configured");
        }

        machine.Deferral.Check(step);
    }

    private static void Follow(BgpStep step, Session session, bool speakerChanged)
    {
        if (session.Range is { } range)
        {
            var found = step.Configuration.Dynamic.FirstOrDefault(d => d.Range.Equals(range.Range) && d.Template.Name == range.Template.Name);
            session.Range = found ?? range;
            if (found is not null) session.Reconfigure(step, found.Template with { Name = session.Name, Address = session.Configuration.Address }, speakerChanged);
            else Remove(step, session);
            return;
        }

        if (step.Configuration.Neighbors.FirstOrDefault(n => n.Name == session.Name) is { } next) session.Reconfigure(step, next, speakerChanged);
        else Remove(step, session);
    }

    private static void Remove(BgpStep step, Session session)
    {
        session.Stop(step, new NotificationMessage(NotificationCode.Cease, CeaseReason.PeerDeconfigured), "ManualStop: the neighbor is configured no longer", final: true);
        step.Machine.Sessions.Remove(step, session);
    }
}
