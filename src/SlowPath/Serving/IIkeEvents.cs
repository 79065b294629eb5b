using Appliance.Ike;

namespace Appliance.SlowPath.Serving;

/// <summary>Where the gateway tells IKE what happened.</summary>
internal interface IIkeEvents
{
    /// <summary>Takes an event; the machine steps later in the loop's same round, never inside of this call. On the loop.</summary>
    void Raise(IkeEvent e);
}
