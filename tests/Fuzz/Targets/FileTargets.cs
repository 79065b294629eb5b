using System.Reflection;
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
