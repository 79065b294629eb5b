using Appliance.Crypto;
using Appliance.Shared;

namespace Appliance.DataPlane.Tests;

/// <summary>
/// A member of a group, in the test's hands: hosts 10.N/16 and fd00:N::/48 behind it, ESP addresses 203.0.113.N and 2001:db8:N::N, tunnels mesh.v4 and mesh.v6 of group 7, an outbound SA for each worker and
/// family, one inbound SA for both. Routes to the other members are added one by one.
/// </summary>
internal sealed class Member : IDisposable
{
    public const uint Group = 7, Spi = 0x4000_0001;
    public const byte Bits = 20;
    private readonly SaShape shape;
    private uint nextSender;

    public Member(byte number, int workers = 1, SaShape? shape = null, uint firstSender = 0, AesGcmTier? tier = null, RegionSizes? sizes = null)
    {
        Number = number;
        this.shape = shape ?? new SaShape();
        nextSender = firstSender == 0 ? number * 16u : firstSender;
        Gateway = new Gateway(workers, sizes, tier);
        Lan = Gateway.AddAdjacency(Gateway.Lan, mac: 5);
        Wan = Gateway.AddAdjacency(Gateway.Wan, mac: 6);
        Tunnels = [AddTunnel(EspV4(number)), AddTunnel(EspV6(number))];
        var inside = Gateway.AddNextHop(NextHopKind.Adjacent, Lan);
        var here = Gateway.AddNextHop(NextHopKind.Local);
        var outside = Gateway.AddNextHop(NextHopKind.Adjacent, Wan);
        Gateway.Route(NetV4(number), inside);
        Gateway.Route(NetV6(number), inside);
        Gateway.Route("203.0.113.0/24", outside);
        Gateway.Route("2001:db8::/32", outside);
        Gateway.Route(EspV4(number) + "/32", here);
        Gateway.Route(EspV6(number) + "/128", here);
        Gateway.Region.LocalAddress(0) = Ip.Address(EspV4(number));
        Gateway.Region.LocalAddress(1) = Ip.Address($"10.{number}.0.1");
        Gateway.Region.Port(Gateway.Lan).AddressV4 = Ip.Address($"10.{number}.0.1");
        Gateway.SetSpd(Ip.Rule(SpdAction.Protect));
        SendUnder(Spi, this.shape);
        Inbound = Gateway.AddGroupInbound(Tunnels[0], Spi, this.shape, Bits, EspV4(number), EspV6(number));
    }

    public byte Number { get; }

    public Gateway Gateway { get; }

    public Region Region => Gateway.Region;

    public uint Lan { get; }

    public uint Wan { get; }

    /// <summary>mesh.v4 and mesh.v6.</summary>
    public uint[] Tunnels { get; }

    public uint Inbound { get; }

    /// <summary>By family and worker.</summary>
    public Dictionary<(bool IsV6, int Worker), uint> Outbound { get; } = [];

    /// <summary>Next hop towards each member, by ESP address.</summary>
    public Dictionary<string, uint> Hops { get; } = [];

    public static string EspV4(int number) => $"203.0.113.{number}";

    public static string EspV6(int number) => $"2001:db8:{number}::{number}";

    public static string NetV4(int number) => $"10.{number}.0.0/16";

    public static string NetV6(int number) => $"fd00:{number}::/48";

    public static string Host(int number) => $"10.{number}.0.5";

    public static string HostV6(int number) => $"fd00:{number}::5";

    /// <summary>Fresh Sender-IDs under an SPI for every worker and family; its tunnels' workers are switched to them.</summary>
    public void SendUnder(uint spi, SaShape of)
    {
        foreach (var isV6 in new[] { false, true })
        {
            for (byte worker = 0; worker < Gateway.Workers; worker++)
                Outbound[(isV6, worker)] = Gateway.AddGroupOutbound(Tunnels[isV6 ? 1 : 0], spi, of with { Worker = worker }, Bits, ++nextSender);
        }
    }

    /// <summary>Routes to the networks behind a member, by its ESP address of one family.</summary>
    public void Learn(int number, bool overV6 = false)
    {
        var address = overV6 ? EspV6(number) : EspV4(number);
        var hop = Gateway.AddNextHop(NextHopKind.Tunnel, Wan, Tunnels[overV6 ? 1 : 0], isProtected: true);
        Region.NextHop(hop).Address = Ip.Address(address);
        Hops[address] = hop;
        Gateway.Route(NetV4(number), hop);
        Gateway.Route(NetV6(number), Gateway.AddGroup(hop));
    }

    /// <summary>Packets from hosts inside; what is sent outside then, with link headers.</summary>
    public List<byte[]> Send(IEnumerable<byte[]> packets, int worker = 0)
    {
        foreach (var packet in packets) Gateway.Port(Gateway.Lan, worker).Put(Ip.Frame(packet));
        Gateway.Run();
        return Take(Gateway.Wan);
    }

    /// <summary>Frames from outside; what hosts inside get then, without link headers.</summary>
    public List<byte[]> Receive(IEnumerable<byte[]> frames, int worker = 0)
    {
        foreach (var frame in frames) Gateway.Port(Gateway.Wan, worker).Put(frame);
        Gateway.Run();
        return [.. Take(Gateway.Lan).Select(Ip.Unframe)];
    }

    public List<byte[]> Take(int port)
    {
        var all = new List<byte[]>();
        for (var worker = 0; worker < Gateway.Workers; worker++)
        {
            all.AddRange(Gateway.Port(port, worker).Sent);
            Gateway.Port(port, worker).Sent.Clear();
        }

        return all;
    }

    public void Dispose() => Gateway.Dispose();

    private uint AddTunnel(string local)
    {
        var slot = Gateway.AddTunnel(local, "::");
        Region.Tunnel(slot).Group = Group;
        return slot;
    }
}
