using System.Buffers.Binary;
using System.Reflection;
using Appliance.Cli;
using Appliance.Cli.Labs;
using Appliance.Fuzz.Engine;
using Appliance.PacketIo;
using Appliance.PacketIo.Bpf;
using Appliance.PacketIo.Pcap;

namespace Appliance.Fuzz.Targets;

/// <summary>Files that a port or a loader reads.</summary>
internal static class FileTargets
{
    public static IReadOnlyList<FuzzTarget> List { get; } =
    [
        new("pcap", Pcap) { MaximumLength = 4096, AllocationLimit = 1024 },
        new("lab-capture", Capture) { MaximumLength = 4096, AllocationLimit = 1 << 19 },
        new("elf", Elf) { MaximumLength = 1 << 16, AllocationLimit = 1 << 20, MoreSeeds = Programs },
    ];

    private static void Pcap(Span<byte> octets)
    {
        if (!PcapFormat.TryReadHeader(octets, out var format, out var problem))
        {
            Claim.That(problem.Length > 0, "a problem in words");
            return;
        }

        ReadOnlySpan<byte> rest = octets[PcapFormat.HeaderSize..];
        while (format.TryReadRecord(rest, out var packet, out var used))
        {
            Claim.That(used == PcapFormat.RecordHeaderSize + packet.Length && used <= rest.Length, "record");
            rest = rest[used..];
        }
    }

    /// <summary>What tcpdump gives to the labs' judge.</summary>
    private static void Capture(Span<byte> octets)
    {
        var reader = new PcapReader(new MemoryStream(octets.ToArray()));
        try
        {
            while (reader.TryNext(out _, out var frame))
            {
                if (!OuterPacket.TryParse(frame, out var packet)) continue;
                Claim.That(packet.IsIke || packet.Esp.Length is >= 16 and var length && length <= frame.Length && BinaryPrimitives.ReadUInt64BigEndian(packet.Esp[8..]) == packet.Iv, "ESP has its header and IV");
            }
        }
        catch (Failure failure)
        {
            Claim.That(failure.Text.Length > 0, "a failure in words");
        }

        if (OuterPacket.TryParse(octets, out var outer)) Claim.That(outer.Source.AddressFamily == outer.Destination.AddressFamily, "both ends are of one family");
    }

    private static void Elf(Span<byte> octets)
    {
        foreach (var name in Names)
        {
            if (ElfObject.TryReadFunction(octets, name, out var function, out var problem))
            {
                Claim.That(function.Instructions.Length % 8 == 0 && function.Instructions.Length <= octets.Length, "instructions");
                foreach (var (offset, map) in function.MapReferences) Claim.That(offset >= 0 && offset + 16 <= function.Instructions.Length && map.Length > 0, "map reference");
            }
            else
            {
                Claim.That(problem.Length > 0, "a problem in words");
            }
        }
    }

    private static readonly string[] Names = ["steer", "pass", "xdp_steer", "xdp_pass"];

    // The programs that the build compiles and embeds.
    private static IEnumerable<byte[]> Programs()
    {
        var assembly = Assembly.GetAssembly(typeof(PortQueue))!;
        foreach (var name in assembly.GetManifestResourceNames())
        {
            using var stream = assembly.GetManifestResourceStream(name)!;
            var octets = new byte[stream.Length];
            stream.ReadExactly(octets);
            yield return octets;
        }
    }
}
