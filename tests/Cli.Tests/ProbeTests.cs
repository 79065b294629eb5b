using Appliance.Cli;
using Appliance.Cli.Labs;

namespace Appliance.CliTests;

public sealed class ProbeTests
{
    [Fact]
    public void Ping_CountsLossAndLeavesOutWhatIsUnderWay()
    {
        var reader = new PingReader();
        foreach (var line in new[]
                 {
                     "PING 10.2.0.2 (10.2.0.2) 56(84) bytes of data.",
                     "[1700000000.100000] 64 bytes from 10.2.0.2: icmp_seq=1 ttl=62 time=0.500 ms",
                     "[1700000000.300000] no answer yet for icmp_seq=2",
                     "[1700000000.500000] 64 bytes from 10.2.0.2: icmp_seq=3 ttl=62 time=1.50 ms",
                     "64 bytes from 10.2.0.2: icmp_seq=3 ttl=62 time=1.60 ms (DUP!)",
                     "no answer yet for icmp_seq=4",
                     "64 bytes from 10.2.0.2: icmp_seq=4 ttl=62 time=220 ms",
                 })
        {
            reader.Take(line);
        }

        Assert.Equal(new PingFigures(4, 3, 74, 0.4), reader.Figures);
        Assert.Equal(25, reader.Figures.LossPercent);
    }

    [Fact]
    public void Ping_WithoutAnyAnswer_IsAllLost() => Assert.Equal(100, new PingReader().Figures.LossPercent);

    [Fact]
    public void Ping_UnreachableCountsAsLost()
    {
        var reader = new PingReader();
        reader.Take("From 10.1.0.1 icmp_seq=1 Destination Net Unreachable");
        Assert.Equal(new PingFigures(1, 0, 0), reader.Figures);
    }

    [Fact]
    public void Tcp_TakesTheReceiversSummary()
    {
        var reader = new TcpReader();
        Assert.False(reader.Started);
        reader.Take("[  5]   0.00-1.00   sec   114 MBytes   957 Mbits/sec    1    489 KBytes       ");
        Assert.True(reader.Started);
        reader.Take("[  5]   1.00-2.00   sec   120 MBytes   1001 Mbits/sec    0    489 KBytes       ");
        Assert.Equal(new TcpFigures(1001, 979, null), reader.Figures);
        reader.Take("[  5]   2.00-2.04   sec   1.2 MBytes   201 Mbits/sec    0    489 KBytes       ");
        reader.Take("[  5]   0.00-2.04   sec   234 MBytes   979 Mbits/sec    1             sender");
        reader.Take("[  5]   0.00-2.05   sec   230 MBytes   961 Mbits/sec                  receiver");
        reader.End("");
        Assert.Equal(new TcpFigures(1001, 961, null), reader.Figures);
    }

    [Fact]
    public void Tcp_Interrupted_KeepsWhatItMeasured()
    {
        var reader = new TcpReader();
        reader.Take("[  5]   0.00-1.00   sec   114 MBytes   957 Mbits/sec    1    489 KBytes       ");
        reader.Take("[  5]   0.00-1.50   sec  0.00 Bytes  0.00 Mbits/sec                  receiver");
        reader.End("iperf3: interrupt - the client has terminated");
        Assert.Equal(new TcpFigures(957, 957, null), reader.Figures);
    }

    [Fact]
    public void Tcp_ThatCannotConnect_SaysSo()
    {
        var reader = new TcpReader();
        reader.End("iperf3: error - unable to connect to server: Connection refused");
        Assert.Contains("Connection refused", reader.Figures.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Wan_CountsWhatPassedTheFilter()
    {
        Assert.Equal(12345, WanWatch.Count("12000 packets captured\n12345 packets received by filter\n345 packets dropped by kernel\n"));
        Assert.Throws<Failure>(() => WanWatch.Count("tcpdump: wan0: No such device exists"));
    }
}
