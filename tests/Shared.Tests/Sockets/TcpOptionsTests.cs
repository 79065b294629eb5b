using System.Net;
using System.Net.Sockets;

namespace Appliance.Shared.Tests.Sockets;

/// <summary>What the kernel does with the options, on loopback.</summary>
public sealed class TcpOptionsTests
{
    private static readonly byte[] Key = "a secret of both"u8.ToArray(), Other = "another"u8.ToArray();
    private static readonly TimeSpan Soon = TimeSpan.FromMilliseconds(300), AtLast = TimeSpan.FromSeconds(20);

    public static TheoryData<string> Loopbacks => new("127.0.0.1", "::1");

    [Theory]
    [MemberData(nameof(Loopbacks))]
    public async Task Rfc2385_OnlyWhoHasTheKeyConnects(string text)
    {
        var address = IPAddress.Parse(text);
        var all = address.GetAddressBytes().Length * 8;
        using var listener = Listen(address);
        TcpOptions.SetMd5Key(listener, new IPNetwork(address, all), Key);
        Assert.True(await WillConnectAsync(listener, address, Key));
        Assert.False(await ConnectsAsync(listener, address, Other));
        Assert.False(await ConnectsAsync(listener, address, null));
        TcpOptions.SetMd5Key(listener, new IPNetwork(address, all), []);
        Assert.True(await WillConnectAsync(listener, address, null));
    }

    [Theory]
    [MemberData(nameof(Loopbacks))]
    public async Task AKeyCanBeThatOfAPrefix(string text)
    {
        var address = IPAddress.Parse(text);
        using var listener = Listen(address);
        TcpOptions.SetMd5Key(listener, new IPNetwork(address.AddressFamily == AddressFamily.InterNetwork ? IPAddress.Parse("127.0.0.0") : IPAddress.IPv6Any, 8), Key);
        Assert.True(await WillConnectAsync(listener, address, Key));
        Assert.False(await ConnectsAsync(listener, address, null));
    }

    [Fact]
    public async Task TheKeyOfTheLongestPrefixCounts()
    {
        using var listener = Listen(IPAddress.Loopback);
        TcpOptions.SetMd5Key(listener, IPNetwork.Parse("127.0.0.0/8"), Other);
        TcpOptions.SetMd5Key(listener, IPNetwork.Parse("127.0.0.1/32"), Key);
        Assert.True(await WillConnectAsync(listener, IPAddress.Loopback, Key));
        Assert.False(await ConnectsAsync(listener, IPAddress.Loopback, Other));
    }

    [Theory]
    [MemberData(nameof(Loopbacks))]
    public async Task Rfc5082_3_WhatWasForwardedIsDropped(string text)
    {
        var address = IPAddress.Parse(text);
        using var listener = Listen(address);
        TcpOptions.SetMinimumTtl(listener, TcpOptions.HighestTtl);
        Assert.True(await WillConnectAsync(listener, address, null, TcpOptions.HighestTtl));
        Assert.False(await ConnectsAsync(listener, address, null, TcpOptions.HighestTtl - 1));
    }

    [Fact]
    public void ADeviceThatIsNotThereIsRefused()
    {
        using var socket = TcpOptions.Open(AddressFamily.InterNetworkV6);
        Assert.Throws<SocketException>(() => TcpOptions.SetDevice(socket, "no-such-dev"));
        TcpOptions.SetDevice(socket, "lo");
        Assert.NotEqual(0u, TcpOptions.DeviceIndex("lo"));
        Assert.Equal(0u, TcpOptions.DeviceIndex("no-such-dev"));
    }

    private static Socket Listen(IPAddress address)
    {
        var socket = TcpOptions.Open(address.AddressFamily);
        TcpOptions.SetTtl(socket, TcpOptions.HighestTtl);
        socket.Bind(new IPEndPoint(address, 0));
        socket.Listen(8);
        return socket;
    }

    /// <summary>A busy machine may take its time.</summary>
    private static Task<bool> WillConnectAsync(Socket listener, IPAddress address, byte[]? key, int ttl = 64) => TryAsync(listener, address, key, ttl, AtLast);

    /// <summary>A segment that is dropped is not answered: nothing else says that it was.</summary>
    private static Task<bool> ConnectsAsync(Socket listener, IPAddress address, byte[]? key, int ttl = 64) => TryAsync(listener, address, key, ttl, Soon);

    private static async Task<bool> TryAsync(Socket listener, IPAddress address, byte[]? key, int ttl, TimeSpan patience)
    {
        using var socket = TcpOptions.Open(address.AddressFamily);
        TcpOptions.SetTtl(socket, ttl);
        if (key is not null) TcpOptions.SetMd5Key(socket, new IPNetwork(address, address.GetAddressBytes().Length * 8), key);
        using var limit = new CancellationTokenSource(patience);
        try
        {
            await socket.ConnectAsync(listener.LocalEndPoint!, limit.Token);
            return true;
        }
        catch (Exception exception) when (exception is SocketException or OperationCanceledException)
        {
            return false;
        }
    }
}
