using System.Globalization;
using Appliance.Ike.Machine;

namespace Appliance.Ike.Children;

/// <summary>A negotiated child from its parts: addresses of the IKE SA, limits of the template.</summary>
internal static class ChildBuilder
{
    public static ChildSa Build(IkeSa sa, ChildTemplate template, ChosenProposal chosen, uint inboundSpi, uint outboundSpi, SelectorPair selectors, bool transport) => new()
    {
        Tunnel = template.Name,
        Instance = template.IsTemplate ? string.Create(CultureInfo.InvariantCulture, $"{template.Name}/{sa.InstanceNumber}") : template.Name,
        InboundSpi = inboundSpi,
        OutboundSpi = outboundSpi,
        Mode = template.Mode,
        PeerTunnels = template.Mode == ChildMode.IipTran && !transport,
        Encryption = chosen.Encryption,
        Integrity = chosen.Integrity,
        Esn = chosen.Esn,
        Local = sa.Local,
        Remote = sa.Remote,
        UdpEncapsulation = sa.UdpEncapsulation,
        LocalSelectors = selectors.Local,
        RemoteSelectors = selectors.Remote,
        ReplayWindow = template.ReplayWindow,
        LifetimeMilliseconds = ChildLifetimes.Hard(template),
        SoftBytes = template.RekeyBytes,
        HardBytes = template.RekeyBytes + (template.RekeyBytes / 8),
        SoftPackets = template.RekeyPackets,
    };
}
