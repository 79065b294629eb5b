using Appliance.Shared;
using Appliance.Wire;

namespace Appliance.Esp;

/// <summary>From what Wire says to what the product counts.</summary>
internal static class Reasons
{
    internal static DropReason Of(PacketError error) => error switch
    {
        PacketError.None => DropReason.None,
        PacketError.Truncated => DropReason.Truncated,
        PacketError.BadExtensionHeader => DropReason.BadExtensionHeader,
        _ => DropReason.BadIpHeader,
    };
}
