using Appliance.Policy;
using Appliance.SlowPath.Netlink;
using Appliance.SlowPath.Serving;
using Microsoft.Extensions.Logging.Abstractions;

namespace Appliance.SlowPath.Tests.Serving;

public sealed class TunnelInterfaceTests : IDisposable
{
    private static readonly GatewayConfiguration Configuration = new() { Tunnels = [new TunnelConfiguration { Name = "t", Interface = new TunnelInterface("ipt1", [], 1400) }, new TunnelConfiguration { Name = "other" }] };
    private readonly FakeKernel kernel = new();
    private readonly TunnelInterfaces interfaces;
    private KernelMirror mirror = new();
    private bool hasSa;
    private long now = 1000;

    public TunnelInterfaceTests()
    {
        interfaces = new TunnelInterfaces(kernel, NullLogger.Instance);
        Device(7);
    }

    public void Dispose() => kernel.Dispose();

    [Fact]
    public void AnInterfaceIsUpWhileItsTunnelHasAnSa()
    {
        Assert.False(Settle());
        hasSa = true;
        Assert.True(Settle());
        hasSa = false;
        Assert.False(Settle());
        Assert.Equal((false, null), (interfaces.IsUp("t"), interfaces.IsUp("other")));
    }

    [Fact]
    public void WhatWentDownStaysSoForAMoment()
    {
        hasSa = true;
        Assert.True(Settle());
        hasSa = false;
        Assert.False(Settle());
        hasSa = true;
        now += 1999;
        Assert.False(Settle());
        now++;
        Assert.True(Settle());
    }

    [Fact]
    public void ADeviceThatWasMadeAnewIsToldAgain()
    {
        hasSa = true;
        Assert.True(Settle());
        Device(8);
        Settle();
        Assert.True(kernel.Carriers[8]);
    }

    private bool Settle()
    {
        interfaces.Settle(Configuration, mirror, t => t == "t" && hasSa, now);
        return kernel.Carriers[7];
    }

    private void Device(uint index)
    {
        mirror = new KernelMirror();
        mirror.Apply(new KernelChange { Kind = KernelChangeKind.Link, Link = new KernelLink(index, "ipt1", 1400, 0, true) });
    }
}
