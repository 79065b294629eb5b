using System.Net;

namespace Appliance.Cli.Labs;

/// <summary>ESP packets that are kept for somebody to try keys on: those that were not sent by some addresses; so many at most, the first ones.</summary>
internal sealed class EspSample(IReadOnlyList<IPAddress> notFrom, int limit = 20000)
{
    private readonly List<(IPAddress Source, IPAddress Destination, byte[] Esp)> packets = [];

    /// <summary>What was kept; read it after <see cref="EspCapture.EndSample"/>.</summary>
    public IReadOnlyList<(IPAddress Source, IPAddress Destination, byte[] Esp)> Packets => packets;

    /// <summary>Takes a packet.</summary>
    public void Take(OuterPacket packet)
    {
        if (packets.Count < limit && !notFrom.Contains(packet.Source)) packets.Add((packet.Source, packet.Destination, packet.Esp.ToArray()));
    }
}
