using System.Text.Json;

namespace Appliance.Shared.Tests.Processes;

public sealed class LaunchPlanTests
{
    private static readonly LaunchPlan Plan = new()
    {
        Instance = "gw-a",
        Runtime = "/dev/shm/appliance/gw-a",
        Workers = [2, 3],
        Region = new RegionSizes { InboundSas = 100 },
        Ports =
        [
            new PortPlan { Index = 0, Name = "vpn0", Kind = PortKind.Tun, Device = "vpn0" },
            new PortPlan { Index = 1, Name = "wan", Kind = PortKind.AfXdp, Device = "wan0", Side = PortSide.Unprotected, Mode = PortModeWanted.Generic },
        ],
        Vpn = new VpnPlan { Device = "vpn0", Addresses = ["10.1.255.1/32"] },
    };

    [Fact]
    public void PlanIsTheSameAfterJson()
    {
        var again = LaunchPlan.FromJson(Plan.ToJson());
        Assert.Equal(Plan.ToJson(), again.ToJson());
        Assert.Equal(100, again.Region.InboundSas);
        Assert.Equal(PortKind.AfXdp, again.Ports[1].Kind);
        Assert.Equal(PortModeWanted.Generic, again.Ports[1].Mode);
        Assert.Equal([2, 3], again.Workers);
    }

    [Fact]
    public void NamesAreSnakeCase()
    {
        var json = Plan.ToJson();
        Assert.Contains("\"frames_per_worker\":8192", json, StringComparison.Ordinal);
        Assert.Contains("\"kind\":\"af_xdp\"", json, StringComparison.Ordinal);
        Assert.Contains("\"side\":\"unprotected\"", json, StringComparison.Ordinal);
        Assert.Contains("\"inbound_sas\":100", json, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("{\"instance\":\"a\",\"runtime\":\"b\",\"workers\":[],\"ports\":[],\"unknown\":1}")]
    [InlineData("{\"instance\":null,\"runtime\":\"b\",\"workers\":[],\"ports\":[]}")]
    [InlineData("{\"instance\":\"a\",\"runtime\":\"b\",\"workers\":[],\"ports\":[{\"index\":0,\"name\":\"x\",\"kind\":1}]}")]
    public void WhatIsNoPlanIsRefused(string json) => Assert.Throws<JsonException>(() => LaunchPlan.FromJson(json));

    [Theory]
    [InlineData("gw-a", true)]
    [InlineData("a_b.c", true)]
    [InlineData("", false)]
    [InlineData("..", false)]
    [InlineData("a/b", false)]
    [InlineData("ä", false)]
    public void InstanceNamesAreDirectoryNames(string name, bool good)
    {
        Assert.Equal(good, RuntimePaths.IsName(name));
        if (!good) Assert.Throws<ArgumentException>(() => RuntimePaths.For(name));
        else Assert.EndsWith($"/{name}/region", RuntimePaths.For(name).Region, StringComparison.Ordinal);
    }

    [Fact]
    public void MissingProgramNamesThePlaces()
    {
        var error = Assert.Throws<FileNotFoundException>(() => Programs.Find("Appliance.Nothing"));
        Assert.Contains("/Nothing/", error.Message, StringComparison.Ordinal);
    }
}
