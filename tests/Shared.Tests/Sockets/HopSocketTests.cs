using System.Net;
using System.Net.Sockets;

namespace Appliance.Shared.Tests.Sockets;

public sealed class HopSocketTests
{
    [Theory]
    [InlineData("127.0.0.1", "127.0.0.3", 255)]
    [InlineData("127.0.0.1", "127.0.0.3", 1)]
    [InlineData("::1", "::1", 255)]
    [InlineData("::1", "::1", 7)]
    public void ADatagramComesWithItsAddressesAndItsHops(string from, string to, int hops)
    {
        var v6 = from.Contains(':', StringComparison.Ordinal);
        var port = FreePort(v6);
        using var receiver = HopSocket.Open(v6, port, 1 << 16, out var problem);
        Assert.True(receiver is not null, problem);
        using var sender = UdpSocket.Open(new IPEndPoint(IPAddress.Parse(from), 0), 0, 1 << 16, out problem);
        Assert.True(sender is not null, problem);
        Assert.True(sender.SetHops(hops, 0xc0));
        Assert.True(sender.Send(new IPEndPoint(IPAddress.Parse(to), port), [1, 2], [3]));
        var poll = new ReadPoll();
        poll.Watch([receiver.Descriptor]);
        Assert.True(poll.Wait(5000));
        var buffer = new byte[16];
        Assert.Equal(3, receiver.Receive(buffer, out var local, out var remote, out var ttl));
        Assert.Equal((to, from, hops), (local.ToString(), remote.ToString(), ttl));
        Assert.Equal([1, 2, 3], buffer[..3]);
        Assert.Equal(HopSocket.Nothing, receiver.Receive(buffer, out _, out _, out _));
    }

    [Fact]
    public void APortThatIsTakenIsSaid()
    {
        using var taken = new UdpClient(0, AddressFamily.InterNetwork);
        Assert.Null(HopSocket.Open(v6: false, ((IPEndPoint)taken.Client.LocalEndPoint!).Port, 1 << 16, out var problem));
        Assert.NotEmpty(problem);
    }

    private static int FreePort(bool v6)
    {
        using var one = new UdpClient(0, v6 ? AddressFamily.InterNetworkV6 : AddressFamily.InterNetwork);
        return ((IPEndPoint)one.Client.LocalEndPoint!).Port;
    }
}
