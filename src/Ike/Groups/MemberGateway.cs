using Appliance.Ike.Machine;
using Appliance.Machine;

namespace Appliance.Ike.Groups;

/// <summary>A gateway of a group that we are member of, with the SAs that it handed out.</summary>
internal sealed class MemberGateway(string group, string name, uint contextId) : IGroupContext
{
    /// <summary>The group.</summary>
    public string Group { get; } = group;

    /// <summary>Its PAD entry.</summary>
    public string Name { get; } = name;

    /// <summary>Number of its context.</summary>
    public uint ContextId { get; } = contextId;

    /// <summary>Its SAs, the oldest first.</summary>
    public List<MemberSa> Sas { get; } = [];

    /// <summary>The newest that is in use; null: there is none.</summary>
    public MemberSa? Newest => Sas.FindLast(s => s.IsInstalled);

    /// <summary>It hands out SAs of the group, or should.</summary>
    public bool IsExpected { get; set; }

    /// <summary>When we register anew, if that is still needed then.</summary>
    public Instant RegisterAt { get; set; } = Instant.Never;

    /// <summary>Registrations that brought nothing, one after the other.</summary>
    public int Registrations { get; set; }

    /// <summary>A context of it is kept.</summary>
    public bool IsKept { get; set; }

    /// <inheritdoc/>
    public SaveContext? Context(Step step)
    {
        if (Sas.Count == 0) return null;
        IsKept = true;
        return new SaveContext(ContextId, MemberContext.Write(step, this));
    }
}
