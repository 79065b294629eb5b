using Appliance.Ike.Machine;
using Appliance.Ike.Machine.Contexts;

namespace Appliance.Ike.Groups;

/// <summary>Contexts of groups: their numbers have 32 bits, which no IKE SA's SPI has; their first field says of what kind they are.</summary>
internal static class GroupContexts
{
    /// <summary>Whether it is a group's.</summary>
    public static bool Is(ContextRestored restored) => restored.Id <= uint.MaxValue;

    /// <summary>An earlier process kept it. What cannot be read is forgotten.</summary>
    public static void Restore(Step step, ContextRestored restored)
    {
        var (reader, id) = (ContextReader.Read(restored.Context), (uint)restored.Id);
        step.Machine.GroupContexts.Take(id);
        if (reader is not null && reader.Has(ContextField.GroupServer) && step.Machine.Servers.Restore(step, reader, id)) return;
        if (reader is not null && reader.Has(ContextField.GroupMember) && step.Machine.Members.Restore(step, reader, id)) return;
        step.Log(IkeLogLevel.Error, "", "context", $"the kept state {id} of a group cannot be read: it is forgotten; a gateway makes a new multi-point SA, a member gets it when it registers");
        step.Machine.GroupContexts.Give(id);
        step.Actions.Add(new ForgetContext(id));
    }
}
