using System.Net;
using System.Text;
using Appliance.Bgp;
using Appliance.Policy;
using Appliance.Shared;
using Appliance.SlowPath.Bgp;
using Appliance.SlowPath.Netlink;
using Microsoft.Extensions.Logging.Abstractions;
using MessageType = Appliance.SlowPath.Netlink.MessageType;
using RouteChange = Appliance.Bgp.RouteChange;

namespace Appliance.SlowPath.Tests.Bgp;

public sealed class VrfRoutesTests : IDisposable
{
    private readonly Kernel kernel = new();
    private readonly VrfRoutes routes;

    public VrfRoutesTests() => routes = new VrfRoutes(kernel, NullLogger.Instance);

    public void Dispose() => kernel.Dispose();

    [Fact]
    public void RoutesGoToTheTableOfTheDevice()
    {
        kernel.Devices["red0"] = 10;
        Use("red0");
        Learn("10.1.0.0/16", "192.0.2.1", "192.0.2.2");
        Turn();
        Assert.Equal("192.0.2.1 192.0.2.2", kernel[10, "10.1.0.0/16"]);
        Learn("10.1.0.0/16", "192.0.2.2");
        Learn("10.2.0.0/16");
        Turn();
        Assert.Equal("192.0.2.2", kernel[10, "10.1.0.0/16"]);
        Learn("10.1.0.0/16");
        Turn();
        Assert.Empty(kernel.Routes);
        Assert.Empty(routes.Problems);
    }

    [Fact]
    public void WithoutTheDeviceItIsSaidAndMadeUpForLater()
    {
        Use("red0");
        Learn("10.1.0.0/16", "192.0.2.1");
        Turn();
        Assert.Contains("no VRF device 'red0'", routes.Problems.Single(), StringComparison.Ordinal);
        kernel.Devices["red0"] = 10;
        routes.Retry();
        Turn();
        Assert.Equal("192.0.2.1", kernel[10, "10.1.0.0/16"]);
        Assert.Empty(routes.Problems);
    }

    [Fact]
    public void WhatAnEarlierProcessLeftStandsUntilItsFamilyIsComplete()
    {
        kernel.Devices["red0"] = 10;
        kernel[10, "10.9.0.0/16"] = "192.0.2.9";
        kernel[10, "10.1.0.0/16"] = "192.0.2.1";
        kernel[10, "fd00::/16"] = "2001:db8::9";
        kernel[11, "10.9.0.0/16"] = "192.0.2.9";
        Use("red0");
        Learn("10.1.0.0/16", "192.0.2.1");
        Turn();
        Assert.Equal(4, kernel.Routes.Count);
        routes.Complete(new RoutesComplete("red", Family.Ipv4Unicast));
        Turn();
        Assert.Equal(["(10, 10.1.0.0/16)", "(10, fd00::/16)", "(11, 10.9.0.0/16)"], kernel.Routes.Keys.Select(k => k.ToString()).Order());
    }

    [Fact]
    public void ARouteThatIsRefusedIsTriedAgain()
    {
        kernel.Devices["red0"] = 10;
        kernel.Refuses = true;
        Use("red0");
        Learn("10.1.0.0/16", "192.0.2.1");
        Turn();
        Assert.Contains("10.1.0.0/16", routes.Problems.Single(), StringComparison.Ordinal);
        kernel.Refuses = false;
        for (var second = 0; second < 10; second++) routes.Retry();
        Turn();
        Assert.Empty(routes.Problems);
        Assert.Single(kernel.Routes);
    }

    [Fact]
    public void RoutesOfAVrfThatWentAreRemoved()
    {
        kernel.Devices["red0"] = 10;
        Use("red0");
        Learn("10.1.0.0/16", "192.0.2.1");
        Turn();
        routes.Use([]);
        Assert.Empty(kernel.Routes);
    }

    [Theory]
    [InlineData("vrf", 77u)]
    [InlineData("bridge", null)]
    public void TheTableIsReadFromTheLinksMessage(string kind, uint? expected)
    {
        Span<byte> buffer = new byte[256];
        var data = Part(1, BitConverter.GetBytes(77u));
        byte[] info = [.. Part(1, Encoding.ASCII.GetBytes(kind + "\0")), .. Part(2, data)];
        var writer = new NetlinkWriter(buffer, MessageType.NewLink, 0, 1, new byte[16]);
        writer.Add(3, "red0\0"u8);
        writer.Add(18, info);
        var reader = new NetlinkReader(writer.Finish());
        Assert.True(reader.TryNext(out var message));
        Assert.Equal(expected is not null, VrfClient.TryParse(message, out var name, out var table));
        Assert.Equal("red0", name);
        if (expected is not null) Assert.Equal(expected, table);
    }

    private static byte[] Part(ushort type, byte[] value) =>
        [.. BitConverter.GetBytes((ushort)(4 + value.Length)), .. BitConverter.GetBytes(type), .. value, .. new byte[(4 - value.Length % 4) % 4]];

    private void Turn()
    {
        while (routes.Turn())
        {
        }
    }

    private void Use(string device) => routes.Use([new VrfConfiguration { Name = "red", Device = device }]);

    private void Learn(string prefix, params string[] hops)
    {
        Assert.True(Prefix.TryParse(prefix, out var parsed));
        var paths = hops.Length == 0 ? null : new BestPaths([.. hops.Select(h => new BestPath(new PathAttributes { NextHop = IPAddress.Parse(h) }, "n", false, true))]);
        routes.Apply(new BestRoutesChanged("red", Family.Ipv4Unicast, [new RouteChange(parsed, paths)]));
    }

    private sealed class Kernel : IVrfKernel
    {
        public Dictionary<string, uint> Devices { get; } = [];

        public SortedDictionary<(uint Table, string Prefix), string> Routes { get; } = [];

        public bool Refuses { get; set; }

        public string this[uint table, string prefix]
        {
            get => Routes[(table, prefix)];
            set => Routes[(table, prefix)] = value;
        }

        public uint? TableOf(string device) => Devices.TryGetValue(device, out var table) ? table : null;

        public IReadOnlyCollection<IpPrefix> OwnRoutes(uint table) => [.. Routes.Keys.Where(k => k.Table == table).Select(k => IpPrefix.TryParse(k.Prefix, false, out var p, out _, out _) ? p : default)];

        public string? Write(uint table, IpPrefix prefix, IReadOnlyList<IpAddress> nextHops)
        {
            if (Refuses) return "Network is unreachable";
            if (nextHops.Count == 0) Routes.Remove((table, prefix.ToString()));
            else Routes[(table, prefix.ToString())] = string.Join(' ', nextHops);
            return null;
        }

        public void Dispose()
        {
        }
    }
}
