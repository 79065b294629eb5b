namespace Appliance.Bgp;

/// <summary>UPDATEs of neighbours on their way into the RIB (RFC 4271 §9, RFC 7606).</summary>
internal sealed class RouteIntake(Rib rib)
{
    /// <summary>What stands behind the header of an UPDATE.</summary>
    public void Update(BgpStep step, Session session, Connection connection, ReadOnlySpan<byte> body)
    {
        if (!UpdateReader.TryRead(body, connection.Reading, out var view))
        {
            session.Counters.Malformed++;
            if (session.UpdateNotices.Admits(step.Now, out var before)) step.Say(session, true, $"an UPDATE ends the session: {view.Why}; {view.Evidence}", before);
            session.Drop(step, connection, view.Notification, $"UpdateMsgErr: {view.Why}", Loss.ErrorHere);
            return;
        }

        if (view.Error != UpdateError.None)
        {
            session.Counters.Malformed++;
            if (session.UpdateNotices.Admits(step.Now, out var left)) step.Say(session, true, $"an UPDATE with an error was taken as RFC 7606 says: {view.Why}; {view.Evidence}", left);
        }

        if (view.IgnoredFamily != default && session.UpdateNotices.Admits(step.Now, out var more))
            step.Say(session, true, $"routes of {view.IgnoredFamily}, which is not spoken with it, were ignored", more);
        if (view.IsEndOfRib(out var family))
        {
            session.TakeEndOfRib(step, family);
            return;
        }

        foreach (var nlri in view.WithdrawnNlri) rib.Withdraw(session.Id, Family.Ipv4Unicast, nlri);
        if (view.HasUnreach)
            foreach (var nlri in view.UnreachedNlri) rib.Withdraw(session.Id, view.UnreachFamily, nlri);
        if (view.HasReach) Announce(step, session, connection, view, view.ReachFamily, isMultiprotocol: true);
        if (!view.Announced.IsEmpty && session.Established == connection) Announce(step, session, connection, view, Family.Ipv4Unicast, isMultiprotocol: false);
    }

    /// <summary>How many prefixes a family may have (RFC 4486 §4): near the limit the operator hears of it, beyond it the session ends, or the operator hears of it again.</summary>
    public void CheckMaximum(BgpStep step, Session session, FamilyState state)
    {
        var most = state.Configuration.MaximumPrefixes;
        if (most == 0) return;
        var count = rib.Counts(session.Id, state.Family).Received;
        if (count > most && !state.Configuration.MaximumWarnsOnly)
        {
            session.EndBeyondMaximum(step, state.Configuration, count);
        }
        else if (count > most && !state.WarnedBeyond)
        {
            state.WarnedBeyond = true;
            step.Notice(session, true, $"it sent {count} {state.Family} prefixes, more than the {most} that are expected");
        }
        else if (count * 100L >= most * (long)BgpTuning.MaximumWarnPercent && !state.WarnedNear)
        {
            state.WarnedNear = true;
            step.Notice(session, true, $"it sent {count} {state.Family} prefixes: {most} are the maximum");
        }
    }

    private void Announce(BgpStep step, Session session, Connection connection, in UpdateView view, Family family, bool isMultiprotocol)
    {
        var routes = isMultiprotocol ? view.ReachedNlri : view.AnnouncedNlri;
        if (view.Error == UpdateError.TreatAsWithdraw)
        {
            foreach (var nlri in routes) rib.Withdraw(session.Id, family, nlri);
            return;
        }

        if (session.Of(family) is not { Negotiated: not null } state) return;
        var set = connection.Attributes.Read(view, isMultiprotocol);
        var isKept = true;
        foreach (var nlri in routes) isKept &= rib.Update(session.Id, family, nlri, set);
        if (!isKept) step.Notice(session, true, $"it sent more than {Rib.MostPathsOfAPeer} paths of a {family} prefix (or {Rib.MostMulticastPathsOfAPeer} of a multicast one): the last ones are not kept");
        CheckMaximum(step, session, state);
    }
}
