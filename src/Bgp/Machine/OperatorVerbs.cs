namespace Appliance.Bgp;

/// <summary>What an operator asks of neighbours.</summary>
internal static class OperatorVerbs
{
    /// <summary>Does it.</summary>
    public static void Do(BgpStep step, BgpOperatorAsked asked)
    {
        var named = step.Machine.Sessions.Named(asked.Neighbor);
        if (named.Count == 0) step.Actions.Add(new BgpNotice(asked.Neighbor, true, "there is no such neighbor: nothing was done"));
        foreach (var session in named) Do(step, asked.Verb, session);
    }

    private static void Do(BgpStep step, BgpVerb verb, Session session)
    {
        switch (verb)
        {
            case BgpVerb.Clear:
                session.Stop(step, NotificationMessage.Shutdown(CeaseReason.AdministrativeReset, ""), "ManualStop: the operator cleared the session");
                session.StartSoon(step);
                break;
            case BgpVerb.Refresh:
                foreach (var state in session.Families)
                {
                    if (state.Negotiated is null) continue;
                    if (!session.AskForRoutes(step, state)) step.Notice(session, true, $"the neighbor cannot be asked for its {state.Family} routes: it does not know route refresh (RFC 2918); clear the session");
                    session.SendAgain(step, state);
                }

                break;
            case BgpVerb.Disable:
                session.Disable(step);
                break;
            case BgpVerb.Enable:
                session.Enable(step);
                break;
        }
    }
}
