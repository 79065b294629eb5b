using System.Net;

namespace Appliance.Bgp;

/// <summary>Whose a connection is, and who may connect.</summary>
internal static class Neighbors
{
    /// <summary>A connection is there.</summary>
    public static void Opened(BgpStep step, ConnectionOpened opened)
    {
        if (opened.Neighbor is { } asked)
        {
            if (step.Machine.Sessions.Find(asked) is { } asking) asking.Connected(step, opened);
            else step.Actions.Add(new CloseConnection(opened.Connection));
            return;
        }

        var remote = Plain(opened.Remote.Address);
        var session = step.Machine.IsStopped ? null : Configured(step, remote, Plain(opened.Local.Address)) ?? Dynamic(step, remote);
        if (session is null) Session.SendAlone(step, opened.Connection, new NotificationMessage(NotificationCode.Cease, CeaseReason.ConnectionRejected));
        else session.Accepted(step, opened);
    }

    /// <summary>Tells the host who may connect, and how.</summary>
    public static ListenFor Listen(BgpConfiguration configuration) => new(configuration.ListenPort,
    [
        .. configuration.Neighbors.Where(n => !n.Disabled).Select(n => (Single(n.Address), Transports.Of(n, configuration))),
        .. configuration.Dynamic.Where(d => !d.Template.Disabled).Select(d => (d.Range, Transports.Of(d.Template, configuration))),
    ]);

    private static Session? Configured(BgpStep step, IPAddress remote, IPAddress local)
    {
        Session? found = null;
        foreach (var session in step.Machine.Sessions.All)
        {
            if (!Same(session.Configuration.Address, remote)) continue;
            // Two VRFs may have neighbours with the same address: our own tells them apart.
            if (session.Configuration.Transport.Local is { } bound && Same(bound, local)) return session;
            if (session.Configuration.Transport.Local is null) found ??= session;
        }

        return found ?? step.Machine.Sessions.All.FirstOrDefault(s => Same(s.Configuration.Address, remote));
    }

    private static Session? Dynamic(BgpStep step, IPAddress remote)
    {
        // The longest range that holds the address counts.
        var range = step.Configuration.Dynamic.Where(d => d.Range.Contains(remote)).MaxBy(d => d.Range.PrefixLength);
        if (range is null || range.Template.Disabled) return null;
        var name = $"{range.Template.Name}-{remote}";
        if (step.Machine.Sessions.Find(name) is not null) return null;
        if (step.Machine.Sessions.All.Count(s => s.Range == range) >= range.Maximum)
        {
            if (step.Machine.Selection.RangeNotices.Admits(step.Now, out _))
                step.Actions.Add(new BgpNotice(range.Template.Name, true, $"{remote} was refused: {range.Maximum} neighbors of {range.Range} are connected, which is the maximum"));
            return null;
        }

        var session = step.Machine.Sessions.Add(step, range.Template with { Name = name, Address = remote }, range);
        session.Start(step, "a dynamic neighbor");
        return session;
    }

    /// <summary>An IPv4 address that came as an IPv6 one, and a link-local one without its interface.</summary>
    private static IPAddress Plain(IPAddress address) => address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;

    private static bool Same(IPAddress a, IPAddress b) =>
        a.Equals(b) || (a.IsIPv6LinkLocal && b.IsIPv6LinkLocal && (a.ScopeId == 0 || b.ScopeId == 0) && a.GetAddressBytes().AsSpan().SequenceEqual(b.GetAddressBytes()));

    private static IPNetwork Single(IPAddress address)
    {
        var plain = address.IsIPv6LinkLocal ? new IPAddress(address.GetAddressBytes()) : address;
        return new IPNetwork(plain, plain.GetAddressBytes().Length * 8);
    }
}
