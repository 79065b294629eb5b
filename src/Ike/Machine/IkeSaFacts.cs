using Appliance.Ike.Keys;
using Appliance.Machine;

namespace Appliance.Ike.Machine;

/// <summary>What IKE_SA_INIT and IKE_AUTH found out.</summary>
internal sealed partial class IkeSa
{
    /// <summary>Algorithms.</summary>
    public IkeSuite? Suite { get; set; }

    /// <summary>Keys; null until IKE_SA_INIT is through. Wiped with the IKE SA.</summary>
    public IkeKeys? Keys { get; set; }

    /// <summary>NATs on the way.</summary>
    public NatState Nat { get; set; }

    /// <summary>ESP of its children goes in UDP: there is a NAT, or we want it so.</summary>
    public bool UdpEncapsulation { get; set; }

    /// <summary>Names its tunnels' instances where many peers share a template: a number that no other IKE SA of this node has, kept over rekeying.</summary>
    public uint InstanceNumber { get; set; }

    /// <summary>When the peer last proved that it is there.</summary>
    public Instant HeardAt { get; set; }
}
