using Appliance.Bgp;

namespace Appliance.SlowPath.Bgp;

/// <summary>Does what the machine of BGP wants done, each action at once and in its order. Loop.</summary>
internal sealed class BgpActions(BgpTransport transport, BgpNextHops hops, BgpNextHops ends, BfdWatch bfd, BestRoutes routes, BgpLog lines, SessionTimes times)
{
    /// <summary>Does one thing.</summary>
    public void Execute(BgpAction action)
    {
        switch (action)
        {
            case SendOctets send:
                transport.Send(send);
                break;
            case BestRoutesChanged changed:
                routes.Apply(changed);
                break;
            case WatchNextHops watch:
                hops.Watch(watch.Added, watch.Removed);
                break;
            case WatchEgress watch:
                ends.Watch(watch.Added, watch.Removed);
                break;
            case OpenConnection open:
                transport.Open(open);
                break;
            case CancelConnection cancel:
                transport.Cancel(cancel.Neighbor);
                break;
            case CloseConnection close:
                transport.Close(close.Connection);
                break;
            case ListenFor listen:
                transport.Listen(listen);
                break;
            case WatchBfd watch:
                bfd.Watch(watch);
                break;
            case RoutesComplete complete:
                routes.Complete(complete);
                break;
            case SessionChanged changed:
                times.Note(changed, Environment.TickCount64);
                lines.Write(changed, Environment.TickCount64);
                break;
            case BgpNotice notice:
                lines.Write(notice, Environment.TickCount64);
                break;
            default:
                throw new InvalidOperationException($"nobody does {action.GetType().Name}");
        }
    }
}
