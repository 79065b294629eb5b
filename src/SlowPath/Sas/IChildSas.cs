using System.Net;
using Appliance.Crypto;
using Appliance.Ike;

namespace Appliance.SlowPath.Sas;

/// <summary>What IKE asks of the SAD. Called on the loop.</summary>
internal interface IChildSas
{
    /// <summary>Installs both directions, inbound first. Null when they are there, else why not. The secrets stay with the caller, who wipes them when the task is done.</summary>
    Task<string?> InstallAsync(ChildSa child, Secret inboundKey, Secret outboundKey, bool activateOutbound);

    /// <summary>Sends by this SA from now on.</summary>
    void Activate(uint outboundSpi);

    /// <summary>Takes both directions out of use: outbound at once, inbound after the time given.</summary>
    void Remove(uint inboundSpi, uint outboundSpi, int lingerMilliseconds, string reason);

    /// <summary>Outer addresses and ports change; keys and numbers stay.</summary>
    void Move(IReadOnlyList<(uint InboundSpi, uint OutboundSpi)> children, IPEndPoint local, IPEndPoint remote, bool udp);

    /// <summary>Milliseconds since the last packet came in by any of them; null for never.</summary>
    long? Silent(IReadOnlyList<uint> inboundSpis);

    /// <summary>Whether both directions are there.</summary>
    bool Exists(uint inboundSpi, uint outboundSpi);
}
