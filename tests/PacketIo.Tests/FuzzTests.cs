using Appliance.PacketIo.Bpf;
using Appliance.PacketIo.Pcap;
using FsCheck;
using FsCheck.Fluent;

namespace Appliance.PacketIo.Tests;

/// <summary>Parsers get octets that nobody meant: they answer, and never throw.</summary>
public sealed class FuzzTests
{
    private const int Cases = 3000;

    [Fact]
    public void Elf_reader_answers_for_any_damage_to_a_sound_file()
    {
        var sound = BuiltIn("steer");
        Assert.True(ElfObject.TryReadFunction(sound, "steer", out var function, out var problem), problem);
        Assert.Equal(["groups4", "groups6", "local4", "local6", "mac", "xsk"], function.MapReferences.Select(r => r.Map).Distinct().Order());
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(Cases), Prop.ForAll(Damage(sound), damages =>
        {
            var file = sound.ToArray();
            foreach (var (at, value) in damages) file[at] = value;
            return ElfObject.TryReadFunction(file, "steer", out var read, out var why) ? read.Instructions.Length % 8 == 0 : why.Length > 0;
        }));
    }

    [Fact]
    public void Elf_reader_answers_for_every_truncation()
    {
        var sound = BuiltIn("pass");
        for (var length = 0; length < sound.Length; length++) Assert.False(ElfObject.TryReadFunction(sound.AsSpan(0, length), "pass", out _, out var problem) && problem.Length > 0);
        Assert.False(ElfObject.TryReadFunction(sound, "absent", out _, out var absent));
        Assert.Contains("absent", absent, StringComparison.Ordinal);
    }

    [Fact]
    public void Elf_reader_answers_for_any_octets() =>
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(Cases), Prop.ForAll<byte[]>(octets => !ElfObject.TryReadFunction(octets, "steer", out _, out _)));

    [Fact]
    public void Pcap_reader_answers_for_any_octets() => Check.One(Config.QuickThrowOnFailure.WithMaxTest(Cases), Prop.ForAll<byte[], bool, bool>((octets, big, sound) =>
    {
        if (sound)
        {
            var header = new byte[PcapFormat.HeaderSize];
            PcapFormat.WriteHeader(header, PcapLink.Raw);
            octets = [.. header, .. octets];
        }

        if (!PcapFormat.TryReadHeader(octets, out var format, out var problem)) return problem.Length > 0 && !sound;
        format = format with { BigEndian = big };
        var at = PcapFormat.HeaderSize;
        while (format.TryReadRecord(octets.AsSpan(at), out var packet, out var used))
        {
            if (used < PcapFormat.RecordHeaderSize || packet.Length > octets.Length) return false;
            at += used;
        }

        return at <= octets.Length;
    }));

    private static byte[] BuiltIn(string name)
    {
        using var resource = typeof(XdpProgram).Assembly.GetManifestResourceStream(name + ".bpf.o")!;
        var file = new byte[resource.Length];
        resource.ReadExactly(file);
        return file;
    }

    private static Arbitrary<(int At, byte Value)[]> Damage(byte[] file)
    {
        // Half of the damage hits the places that are read: the file's header, section headers, symbols.
        var headers = (int)BitConverter.ToInt64(file, 0x28);
        var place = Gen.OneOf(Gen.Choose(0, file.Length - 1), Gen.Choose(6, 63), Gen.Choose(headers, file.Length - 1));
        var damage = place.Zip(Gen.Choose(0, 255)).Select(d => (d.Item1, (byte)d.Item2));
        return damage.ArrayOf().Where(d => d.Length > 0).ToArbitrary();
    }
}
