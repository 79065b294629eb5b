using Appliance.Shared;

namespace Appliance.DataPlane.Tests;

/// <summary>
/// Two sites: host A – gateway A – gateway B – host B. Inside 10.1/16 and fd00:1::/48 at A, 10.2/16 and fd00:2::/48 at B; outside 192.0.2.1 and 198.51.100.1,
/// or 2001:db8::1 and 2001:db8::2.
/// </summary>
internal sealed class Sites : IDisposable
{
    public const string HostA = "10.1.0.5", HostB = "10.2.0.5", HostA6 = "fd00:1::5", HostB6 = "fd00:2::5";

    public Sites(SaShape? shape = null, bool outerV6 = false, TunnelKind kind = TunnelKind.Tunnel, int workers = 1, bool interfaces = false)
    {
        Shape = shape ?? new SaShape();
        var (outerA, outerB) = outerV6 ? ("2001:db8::1", "2001:db8::2") : ("192.0.2.1", "198.51.100.1");
        A = new Side(this, outerA, outerB, "10.1.0.0/16", "fd00:1::/48", "10.1.0.1", "10.2.0.0/16", "fd00:2::/48", 0x1001, 0x2002, kind, workers, interfaces);
        B = new Side(this, outerB, outerA, "10.2.0.0/16", "fd00:2::/48", "10.2.0.1", "10.1.0.0/16", "fd00:1::/48", 0x2002, 0x1001, kind, workers, interfaces);
    }

    public SaShape Shape { get; }

    public Side A { get; }

    public Side B { get; }

    /// <summary>Host A sends; returns what host B gets (without link headers). What is on the way stays in order.</summary>
    public List<byte[]> FromA(params byte[][] packets) => Across(A, B, packets);

    public List<byte[]> FromB(params byte[][] packets) => Across(B, A, packets);

    public void Dispose()
    {
        A.Gateway.Dispose();
        B.Gateway.Dispose();
    }

    private static List<byte[]> Across(Side from, Side to, byte[][] packets)
    {
        foreach (var packet in packets) from.Gateway.Port(Gateway.Lan).Put(Ip.Frame(packet));
        from.Gateway.Run();
        foreach (var frame in from.TakeWire()) to.Gateway.Port(Gateway.Wan).Put(frame);
        to.Gateway.Run();
        return to.TakeLan();
    }

    internal sealed class Side
    {
        public Side(
            Sites sites, string local, string remote, string own4, string own6, string lanAddress, string far4, string far6, uint spiOut, uint spiIn, TunnelKind kind, int workers, bool isInterface)
        {
            Gateway = new Gateway(workers, doorIsInterface: isInterface);
            var lan = Gateway.AddAdjacency(Gateway.Lan, mac: 5);
            Wan = Gateway.AddAdjacency(Gateway.Wan, mac: 6);
            Tunnel = Gateway.AddTunnel(local, remote, kind);
            var inside = Gateway.AddNextHop(NextHopKind.Adjacent, lan);
            var through = Gateway.AddNextHop(NextHopKind.Tunnel, tunnel: Tunnel, isProtected: true);
            var here = Gateway.AddNextHop(NextHopKind.Local);
            Outside = Gateway.AddNextHop(NextHopKind.Adjacent, Wan);
            Gateway.Route(own4, inside);
            Gateway.Route(own6, inside);
            Gateway.Route(far4, through);
            Gateway.Route(far6, through);
            Gateway.Route(local.Contains(':') ? local + "/128" : local + "/32", here);
            Gateway.Route(lanAddress + "/32", here);
            Gateway.Route(local.Contains(':') ? "2001:db8::/32" : "192.0.0.0/8", Outside);
            Gateway.Route("198.51.100.0/24", Outside);
            Gateway.Region.LocalAddress(0) = Ip.Address(lanAddress);
            Gateway.Region.LocalAddress(1) = Ip.Address(local);
            Gateway.Region.LocalAddress(2) = Ip.Address(own6[..^3] + "1");
            Gateway.Region.Port(Gateway.Lan).AddressV4 = Ip.Address(lanAddress);
            Gateway.SetSpd(Ip.Rule(SpdAction.Protect, own4, far4), Ip.Rule(SpdAction.Protect, own6, far6));
            Out = Gateway.AddOutbound(Tunnel, spiOut, Wan, sites.Shape);
            In = Gateway.AddInbound(Tunnel, spiIn, sites.Shape);
            if (!isInterface) return;
            Gateway.Region.Port(Gateway.Door).Tunnel = Tunnel + 1;
            Gateway.Region.Tunnel(Tunnel).Interface = Gateway.Door + 1;
        }

        public Gateway Gateway { get; }

        public uint Tunnel { get; }

        public uint Wan { get; }

        public uint Outside { get; }

        public uint Out { get; }

        public uint In { get; }

        /// <summary>Frames on the wide-area side since the last time.</summary>
        public List<byte[]> TakeWire() => Take(Gateway.Wan);

        /// <summary>IP packets on the inside since the last time.</summary>
        public List<byte[]> TakeLan() => [.. Take(Gateway.Lan).Select(Ip.Unframe)];

        /// <summary>IP packets for the host itself since the last time.</summary>
        public List<byte[]> TakeHost() => Take(Gateway.Door);

        private List<byte[]> Take(int port)
        {
            var all = new List<byte[]>();
            for (var worker = 0; worker < Gateway.Workers; worker++)
            {
                all.AddRange(Gateway.Port(port, worker).Sent);
                Gateway.Port(port, worker).Sent.Clear();
            }

            return all;
        }
    }
}
