using Appliance.Ike.Children;
using Appliance.Ike.Groups;
using Appliance.Ike.Machine.Contexts;

namespace Appliance.Ike.Machine;

/// <summary>Which event goes where.</summary>
internal static class EventTable
{
    /// <summary>Takes an event that is no result of work.</summary>
    public static void Dispatch(Step step, IkeEvent e)
    {
        switch (e)
        {
            case DatagramReceived received:
                Datagrams.Receive(step, received);
                break;
            case ConfigurationChanged changed:
                step.Machine.Manager.Configure(step, changed.Configuration);
                step.Machine.Servers.Configure(step);
                step.Machine.Members.Configure(step);
                break;
            case AddressesChanged changed:
                step.Machine.Addresses = changed.Addresses;
                Mobility.AddressesChanged(step, changed.Addresses);
                break;
            case PacketWaits packet:
                step.Machine.Manager.PacketWaits(step, packet);
                break;
            case PeerMoved moved when step.Machine.FindChild(moved.InboundSpi) is { } found:
                found.Sa.FollowPeer(step, found.Sa.Local, moved.Remote);
                break;
            case OperatorAsked asked:
                step.Machine.Manager.OperatorAsked(step, asked);
                break;
            case ContextRestored restored when GroupContexts.Is(restored):
                GroupContexts.Restore(step, restored);
                break;
            case ContextRestored restored:
                SaContext.Restore(step, restored);
                break;
            case ShutdownAsked:
                step.Machine.Manager.IsShutDown = true;
                step.Machine.Servers.Close(step);
                step.Machine.Members.Close(step);
                foreach (var sa in step.Machine.All.ToArray()) sa.CloseNow(step, "this node stops");
                break;
            case DrainChanged changed:
                Draining.Changed(step, changed.Draining);
                break;
            case GroupExpires expires when step.Machine.Members.Find(expires.Group) is { } member:
                step.Machine.Members.Expires(step, member, expires);
                break;
            case GroupExpires expires:
                step.Machine.Servers.Expires(step, expires);
                break;
            case GroupRekeyAsked asked:
                step.Machine.Servers.RekeyAsked(step, asked);
                break;
            case ChildExpires expires:
                ChildEvents.Expires(step, expires);
                break;
            case UnknownSpiSeen seen:
                CrashHints.UnknownSpi(step, seen);
                break;
            case TrafficRead { Child: not 0 } read:
                ChildEvents.TrafficRead(step, read);
                break;
            case TrafficRead read:
                LivenessChecks.TrafficRead(step, read);
                break;
        }
    }
}
