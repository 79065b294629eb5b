using Appliance.Ike;

namespace Appliance.SlowPath.Serving;

/// <summary>Where the gateway says what IKE should know: packets that wait, children that come to an end, peers that moved. On the loop.</summary>
internal interface IIkeEvents
{
    /// <summary>Something happened.</summary>
    void Raise(IkeEvent e);
}
