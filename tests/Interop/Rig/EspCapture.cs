using System.Buffers.Binary;
using System.Diagnostics;
using Appliance.Cli.Labs;
using Appliance.Shared;

namespace Appliance.Interop.Rig;

/// <summary>An ESP packet as it stood on the wire: when, its SPI, sequence number and the eight octets of its explicit IV (RFC 4303 §2, RFC 4106 §3.1).</summary>
internal readonly record struct EspOnWire(double Time, uint Spi, uint Sequence, ulong Iv);

/// <summary>tcpdump on the router writes what crosses the wan to a file; this reads it back without any code of the product.</summary>
internal sealed class EspCapture : IDisposable
{
    private readonly Process process;
    private readonly string file;

    public EspCapture(RigLab rig, string node, string device)
    {
        file = Path.Combine(rig.State.Directory, $"esp-{device}.pcap");
        process = Tool.Start("setsid", ["ip", .. Topology.Inside(rig.Space(node), "tcpdump", "-i", device, "-n", "-p", "-s", "128", "-B", "65536", "-Z", "root", "-w", file, "ip proto 50")]);
        while (process.StandardError.ReadLine() is { } line && !line.Contains("listening on", StringComparison.Ordinal))
        {
        }

        Assert.False(process.HasExited, "tcpdump does not run");
    }

    /// <summary>Stops and reads; fails when tcpdump lost a packet, since then nothing is proven.</summary>
    public List<EspOnWire> Stop()
    {
        LinuxProcess.Signal(process.Id, LinuxProcess.Interrupt);
        var words = process.StandardError.ReadToEnd();
        process.WaitForExit();
        Assert.Contains("\n0 packets dropped by kernel", words, StringComparison.Ordinal);
        return Read(File.ReadAllBytes(file));
    }

    public void Dispose()
    {
        if (!process.HasExited) process.Kill();
        process.Dispose();
    }

    /// <summary>Reads a capture file of Ethernet frames (the format's magic number a1b2c3d4, microseconds, this machine's byte order).</summary>
    internal static List<EspOnWire> Read(ReadOnlySpan<byte> octets)
    {
        Assert.Equal(0xa1b2c3d4u, BinaryPrimitives.ReadUInt32LittleEndian(octets));
        var found = new List<EspOnWire>();
        for (var at = 24; at + 16 <= octets.Length;)
        {
            var time = BinaryPrimitives.ReadUInt32LittleEndian(octets[at..]) + BinaryPrimitives.ReadUInt32LittleEndian(octets[(at + 4)..]) / 1e6;
            var length = (int)BinaryPrimitives.ReadUInt32LittleEndian(octets[(at + 8)..]);
            var frame = octets.Slice(at + 16, length);
            at += 16 + length;
            var esp = frame[(14 + (frame[14] & 15) * 4)..];
            found.Add(new EspOnWire(time, BinaryPrimitives.ReadUInt32BigEndian(esp), BinaryPrimitives.ReadUInt32BigEndian(esp[4..]), BinaryPrimitives.ReadUInt64BigEndian(esp[8..])));
        }

        return found;
    }
}
