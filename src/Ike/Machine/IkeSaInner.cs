using Appliance.Ike.Children;

namespace Appliance.Ike.Machine;

/// <summary>What the configuration payload gave out (RFC 7296 §3.15).</summary>
internal sealed partial class IkeSa
{
    /// <summary>Inner addresses, ours and the peer's.</summary>
    public InnerAddresses Inner { get; set; } = InnerAddresses.None;
}
