using Appliance.Ike.Children;

namespace Appliance.Ike.Machine;

/// <summary>Which event goes where.</summary>
internal static class EventTable
{
    /// <summary>Takes an event that is no result of work.</summary>
    public static void Dispatch(Step step, IkeEvent e)
    {
        switch (e)
        {
            case TimePassed:
                break;
            case ConfigurationChanged changed:
                step.Machine.Configuration = changed.Configuration;
                break;
            case ChildExpires expires:
                ChildEvents.Expires(step, expires);
                break;
        }
    }
}
