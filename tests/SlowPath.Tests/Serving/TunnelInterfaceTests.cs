using Appliance.Bfd;
using Appliance.Policy;
using Appliance.SlowPath.Bfd;
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

    [Fact]
    public void Rfc5882_4_2_WhereBfdFailsItIsDownAndTriedAgain()
    {
        hasSa = true;
        Assert.True(Settle());
        Heard(isUp: true);
        Assert.True(Settle());
        Heard(isUp: false);
        Assert.False(Settle());

        // Down for three seconds, then six in which BFD may come up, and so on.
        bool At(long milliseconds) => Settle(milliseconds);
        Assert.Equal([false, true, true, false, false, true], new[] { At(2999), At(1), At(5999), At(1), At(2999), At(1) });
        Heard(isUp: true);
        Assert.True(At(60_000));
    }

    [Fact]
    public void Rfc5882_4_2_WhatWasToldToBeDownIsNoFailureAndANewSaIsANewBeginning()
    {
        hasSa = true;
        Settle();
        Heard(isUp: false, isAdministrative: true);
        Assert.True(Settle());
        Heard(isUp: false);
        Assert.False(Settle());
        hasSa = false;
        Settle();
        hasSa = true;
        Assert.True(Settle(2000));
    }

    private void Heard(bool isUp, bool isAdministrative = false) => interfaces.Heard(new BfdNotice("tunnel t", isUp, BfdDiagnostic.None, isAdministrative), now);

    private bool Settle(long after)
    {
        now += after;
        return Settle();
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
