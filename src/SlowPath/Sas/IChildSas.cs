using System.Net;
using Appliance.Crypto;
using Appliance.Ike;

namespace Appliance.SlowPath.Sas;

/// <summary>How IKE's children become SAs of the data plane. Everything here is called on the loop.</summary>
internal interface IChildSas
{
    /// <summary>
    /// Installs both directions of a child, inbound first; outbound packets take it at once when <paramref name="activateOutbound"/>, else from <see cref="Activate"/> on. The keys are
    /// copied and stay the caller's to wipe. Null when all is done, else why nothing was changed.
    /// </summary>
    Task<string?> InstallAsync(ChildSa child, Secret inboundKey, Secret outboundKey, bool activateOutbound);

    /// <summary>Outbound packets take this child from now on; the tunnel's earlier one sends no more, without a gap between the two.</summary>
    void Activate(uint outboundSpi);

    /// <summary>Takes a child out of use: outbound at once, inbound after so many milliseconds. Either SPI may be unknown (0 included).</summary>
    void Remove(uint inboundSpi, uint outboundSpi, int lingerMilliseconds, string reason);

    /// <summary>New outer addresses, ports and encapsulation for children that go on with their keys (RFC 4555, RFC 7296 §2.23); sequence numbers and IVs go on too.</summary>
    void Move(IReadOnlyList<(uint InboundSpi, uint OutboundSpi)> children, IPEndPoint local, IPEndPoint remote, bool udp);

    /// <summary>Milliseconds since the last packet of any of these came in; null when none ever did.</summary>
    long? Silent(IReadOnlyList<uint> inboundSpis);

    /// <summary>
    /// Whether both directions of a child are there; one that an earlier process installed is thereby claimed. Adopted children that nobody claims within
    /// a minute after the start end.
    /// </summary>
    bool Exists(uint inboundSpi, uint outboundSpi);
}
