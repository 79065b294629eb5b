using Appliance.Ike.Groups;

namespace Appliance.Ike.Machine;

/// <summary>An IKE SA whose peer is a member of groups that this node is gateway of.</summary>
internal sealed partial class IkeSa
{
    private List<GroupRegistration>? earlierRegistrations;

    /// <summary>Its registrations, one for each group.</summary>
    public IReadOnlyList<ServedMember> Served { get; private set; } = [];

    /// <summary>It is a registration.</summary>
    public void Join(ServedMember member) => Served = [.. Served, member];

    /// <summary>It is none any more.</summary>
    public void Leave(ServedMember member) => Served = Served.Count == 1 ? [] : [.. Served.Where(m => m != member)];

    /// <summary>Registrations that a context has, until there is a configuration.</summary>
    public void Remember(GroupRegistration registration) => (earlierRegistrations ??= []).Add(registration);

    /// <summary>The registration that its context had for a group; it is the caller's from now on.</summary>
    public GroupRegistration? TakeRegistration(string group)
    {
        if (earlierRegistrations?.Find(r => r.Group == group) is not { } found) return null;
        earlierRegistrations.Remove(found);
        if (earlierRegistrations.Count == 0) earlierRegistrations = null;
        return found;
    }
}
