using Appliance.Policy;

namespace Appliance.SlowPath.Serving;

/// <summary>Takes the best routes of the global table as a routing protocol chose them, and makes forwarding of them. On the loop.</summary>
internal interface IRouteIntake
{
    /// <summary>Best paths changed, in this order.</summary>
    void Learn(IReadOnlyList<RoutedPrefix> batch);

    /// <summary>Everything that was waited for after a start is there, of both families: what an earlier process left and nobody said again goes.</summary>
    void Complete();
}
