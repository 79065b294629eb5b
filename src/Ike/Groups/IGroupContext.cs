using Appliance.Ike.Machine;

namespace Appliance.Ike.Groups;

/// <summary>State of a group that a successor of this process shall find.</summary>
internal interface IGroupContext
{
    /// <summary>The context as it is at the end of a step; null when there is nothing to go on with.</summary>
    SaveContext? Context(Step step);
}
