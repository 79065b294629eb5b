using System.Buffers.Binary;

namespace Appliance.Bgp;

/// <summary>Our OPEN, what is wrong with the neighbour's, and what follows from both.</summary>
internal static class Opens
{
    /// <summary>The OPEN that we send.</summary>
    public static OpenMessage Ours(BgpStep step, Session session)
    {
        var neighbor = session.Configuration;
        var capabilities = new Capabilities
        {
            Families = [.. neighbor.Families.Select(f => f.Family)],
            RouteRefresh = true,
            EnhancedRouteRefresh = true,
            ExtendedMessage = neighbor.ExtendedMessages,
            FourOctetAs = session.LocalAs(step.Configuration),
            ExtendedNextHop = [.. neighbor.Families.Where(f => f.ExtendedNextHop && f.Family.Afi == 1).Select(f => new NextHopEncoding(f.Family, 2))],
            AddPath = [.. neighbor.Families.Select(f => new AddPathFamily(f.Family, ModeOf(f))).Where(f => f.Mode != AddPathMode.None)],
            GracefulRestart = Restart(step, session),
        };
        return new OpenMessage(session.LocalAs(step.Configuration), (ushort)Math.Clamp(neighbor.HoldSeconds, 0, ushort.MaxValue), step.Configuration.RouterId, capabilities);
    }

    /// <summary>What the neighbour's OPEN, right in itself, has that is not acceptable of this neighbour (RFC 4271 §6.2, RFC 6286 §2.2, RFC 5492 §5), or null.</summary>
    public static (NotificationMessage Message, string Why)? Check(BgpStep step, Session session, OpenMessage open)
    {
        if (session.Configuration.RemoteAs != 0 && open.As != session.Configuration.RemoteAs)
            return (new NotificationMessage(NotificationCode.OpenMessage, OpenError.BadPeerAs), $"the neighbor says AS {open.As}, AS {session.Configuration.RemoteAs} is configured");
        if (open.As == session.LocalAs(step.Configuration) && open.Identifier == step.Configuration.RouterId)
            return (new NotificationMessage(NotificationCode.OpenMessage, OpenError.BadIdentifier), "the neighbor has our BGP Identifier: give one of the two another router id");
        var spoken = open.Capabilities.SpokenFamilies;
        if (session.Families.Count > 0 && !session.Families.Any(f => spoken.Contains(f.Family)))
        {
            return (new NotificationMessage(NotificationCode.OpenMessage, OpenError.UnsupportedCapability, WantedFamilies(session)),
                $"no family in common: the neighbor speaks {spoken}, we speak {string.Join(' ', session.Families.Select(f => f.Family))}");
        }

        return null;
    }

    /// <summary>What holds after both OPENs.</summary>
    public static Negotiated Negotiate(BgpStep step, Session session, OpenMessage open)
    {
        var theirs = open.Capabilities;
        var neighbor = session.Configuration;
        var spoken = theirs.SpokenFamilies;
        return new Negotiated
        {
            RemoteAs = open.As,
            RemoteId = open.Identifier,
            HoldSeconds = Math.Min(neighbor.HoldSeconds, open.HoldSeconds),
            FourOctetAs = theirs.FourOctetAs is not null,
            ExtendedMessages = neighbor.ExtendedMessages && theirs.ExtendedMessage,
            RouteRefresh = theirs.RouteRefresh,
            EnhancedRefresh = theirs.EnhancedRouteRefresh,
            Restart = Restart(step, session) is null ? null : theirs.GracefulRestart,
            NotificationKeeps = neighbor.GracefulRestart && theirs.GracefulRestart is { Notification: true },
            Families = [.. neighbor.Families.Where(f => spoken.Contains(f.Family)).Select(f => Family(f, theirs))],
            RemoteWords = Words(theirs),
        };
    }

    /// <summary>
    /// How UPDATEs are read and written. The leftmost AS of a path is not compared with the neighbour's: route servers do not put theirs there (RFC 7947 §2.2.2), and who lies about the rest of
    /// a path can add it as well.
    /// </summary>
    public static (UpdateOptions Reading, WriteOptions Writing) Codec(Negotiated negotiated, uint localAs) => (
        new UpdateOptions
        {
            FourOctetAs = negotiated.FourOctetAs,
            IsExternal = negotiated.RemoteAs != localAs,
            Families = FamilySet.Of(negotiated.Families.Select(f => f.Family)),
            AddPath = FamilySet.Of(negotiated.Families.Where(f => f.AddPathReceive).Select(f => f.Family)),
            ExtendedNextHop = FamilySet.Of(negotiated.Families.Where(f => f.ExtendedNextHop).Select(f => f.Family)),
        },
        new WriteOptions
        {
            FourOctetAs = negotiated.FourOctetAs,
            MaximumLength = negotiated.MessageMost,
            AddPath = FamilySet.Of(negotiated.Families.Where(f => f.AddPathSend).Select(f => f.Family)),
        });

    /// <summary>Capabilities as words.</summary>
    public static IReadOnlyList<string> Words(Capabilities capabilities)
    {
        var words = new List<string>(capabilities.Families.Select(f => $"multiprotocol {f}"));
        if (capabilities.RouteRefresh) words.Add("route-refresh");
        if (capabilities.EnhancedRouteRefresh) words.Add("enhanced-refresh");
        if (capabilities.ExtendedMessage) words.Add("extended-message");
        if (capabilities.FourOctetAs is not null) words.Add("4-octet-as");
        words.AddRange(capabilities.ExtendedNextHop.Select(e => $"extended-next-hop {e.Family}"));
        words.AddRange(capabilities.AddPath.Select(a => $"add-path {a.Family} {(a.Mode == AddPathMode.Both ? "both" : a.Mode == AddPathMode.Send ? "send" : "receive")}"));
        if (capabilities.GracefulRestart is { } restart)
            words.Add($"graceful-restart {restart.Seconds} s{(restart.Restarted ? " restarted" : "")}{(restart.Notification ? " notification" : "")}");
        words.AddRange(capabilities.Unknown.Select(u => $"unknown {u.Code}"));
        return words;
    }

    private static NegotiatedFamily Family(FamilyConfiguration family, Capabilities theirs)
    {
        var (ours, other) = (ModeOf(family), theirs.AddPathOf(family.Family));
        return new NegotiatedFamily(family.Family, (ours & AddPathMode.Send) != 0 && (other & AddPathMode.Receive) != 0, (ours & AddPathMode.Receive) != 0 && (other & AddPathMode.Send) != 0,
            family.ExtendedNextHop && theirs.Ipv6NextHops.Contains(family.Family));
    }

    private static AddPathMode ModeOf(FamilyConfiguration family) =>
        (family.AddPathSend > 0 ? AddPathMode.Send : AddPathMode.None) | (family.AddPathReceive ? AddPathMode.Receive : AddPathMode.None);

    /// <summary>
    /// F is set where what we forward stayed in place: after a restart that found it, and at every later session of this process, since routes are no process's own. R is set while routes
    /// are waited for. Without a restart time of our own the capability says that we keep the neighbour's routes (RFC 4724 §3: no families).
    /// </summary>
    private static GracefulRestart? Restart(BgpStep step, Session session)
    {
        var seconds = Math.Clamp(step.Configuration.RestartSeconds, 0, 4095);
        if (seconds == 0 && !session.Configuration.GracefulRestart) return null;
        var kept = step.Machine.Deferral.Restarted || session.TimesEstablished > 0;
        return new GracefulRestart(step.Machine.Deferral.IsActive, session.Configuration.GracefulRestart, seconds,
            seconds == 0 ? [] : [.. session.Configuration.Families.Select(f => new RestartFamily(f.Family, kept))]);
    }

    private static byte[] WantedFamilies(Session session)
    {
        var data = new byte[6 * session.Families.Count];
        for (var i = 0; i < session.Families.Count; i++)
        {
            var at = data.AsSpan(6 * i);
            (at[0], at[1], at[5]) = (CapabilityCode.Multiprotocol, 4, session.Families[i].Family.Safi);
            BinaryPrimitives.WriteUInt16BigEndian(at[2..], session.Families[i].Family.Afi);
        }

        return data;
    }
}
