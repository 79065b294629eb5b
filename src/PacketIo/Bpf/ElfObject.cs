using System.Buffers.Binary;
using System.Text;

namespace Appliance.PacketIo.Bpf;

/// <summary>A BPF function out of an object file: its instructions, and where they name maps.</summary>
/// <param name="Instructions">8 octets an instruction.</param>
/// <param name="MapReferences">Offset of the load instruction in <paramref name="Instructions"/>, and the map's symbol.</param>
public sealed record BpfFunction(byte[] Instructions, IReadOnlyList<(int Offset, string Map)> MapReferences);

/// <summary>
/// Reads what a loader needs out of a relocatable ELF64 object for BPF: one function's code and its relocations against maps. Every offset is checked
/// against the file; a malformed file gives a sentence, never an exception.
/// </summary>
public static class ElfObject
{
    private const int HeaderSize = 64, SectionSize = 64, SymbolSize = 24, RelocationSize = 16, InstructionSize = 8;
    private const uint SymbolTable = 2, RelocationTable = 9;
    private const int FunctionSymbol = 2, RelocateLoad64 = 1;
    private const ushort MachineBpf = 247;
    private const byte LoadImmediate64 = 0x18;

    private static ReadOnlySpan<byte> Magic => [0x7f, (byte)'E', (byte)'L', (byte)'F', 2, 1];

    /// <summary>Reads function <paramref name="name"/>; false with the <paramref name="problem"/> in words when the file is not sound.</summary>
    public static bool TryReadFunction(ReadOnlySpan<byte> file, string name, out BpfFunction function, out string problem)
    {
        function = new BpfFunction([], []);
        if (!TryReadSections(file, out var sections, out problem)) return false;
        var symbolTable = sections.FindIndex(s => s.Type == SymbolTable);
        if (symbolTable < 0) return Fail("no symbol table", out problem);
        if (!TryContent(file, sections[symbolTable], out var symbols)) return Fail("symbol table outside of the file", out problem);
        if (sections[symbolTable].Link >= sections.Count || !TryContent(file, sections[(int)sections[symbolTable].Link], out var strings))
            return Fail("no string table", out problem);
        if (!TryFindFunction(symbols, strings, name, out var place)) return Fail($"no function '{name}'", out problem);
        if (place.Section >= sections.Count || !TryContent(file, sections[place.Section], out var code)) return Fail($"'{name}' is in no section", out problem);
        if (place.Offset > (ulong)code.Length || place.Size > (ulong)code.Length - place.Offset || place.Size == 0 || place.Size % InstructionSize != 0)
            return Fail($"'{name}' reaches outside of its section", out problem);
        var instructions = code.Slice((int)place.Offset, (int)place.Size).ToArray();
        var references = new List<(int, string)>();
        foreach (var section in sections)
        {
            if (section.Type != RelocationTable || section.Info != place.Section) continue;
            if (!TryContent(file, section, out var relocations)) return Fail("relocations outside of the file", out problem);
            if (!TryReadRelocations(relocations, symbols, strings, place, instructions, references, out problem)) return false;
        }

        function = new BpfFunction(instructions, references);
        return true;
    }

    private static bool TryReadSections(ReadOnlySpan<byte> file, out List<Section> sections, out string problem)
    {
        sections = [];
        if (file.Length < HeaderSize || !file.StartsWith(Magic)) return Fail("not a little-endian ELF64 file", out problem);
        if (BinaryPrimitives.ReadUInt16LittleEndian(file[18..]) != MachineBpf) return Fail("not for BPF", out problem);
        var start = BinaryPrimitives.ReadUInt64LittleEndian(file[0x28..]);
        var count = BinaryPrimitives.ReadUInt16LittleEndian(file[0x3c..]);
        if (BinaryPrimitives.ReadUInt16LittleEndian(file[0x3a..]) != SectionSize) return Fail("section headers of an unknown size", out problem);
        if (start > (ulong)file.Length || (ulong)count * SectionSize > (ulong)file.Length - start) return Fail("section headers outside of the file", out problem);
        for (var i = 0; i < count; i++)
        {
            var header = file.Slice((int)start + i * SectionSize, SectionSize);
            sections.Add(new Section(
                BinaryPrimitives.ReadUInt32LittleEndian(header[4..]),
                BinaryPrimitives.ReadUInt64LittleEndian(header[24..]),
                BinaryPrimitives.ReadUInt64LittleEndian(header[32..]),
                BinaryPrimitives.ReadUInt32LittleEndian(header[40..]),
                BinaryPrimitives.ReadUInt32LittleEndian(header[44..])));
        }

        problem = "";
        return true;
    }

    private static bool TryFindFunction(ReadOnlySpan<byte> symbols, ReadOnlySpan<byte> strings, string name, out Place place)
    {
        for (var at = 0; at + SymbolSize <= symbols.Length; at += SymbolSize)
        {
            var symbol = symbols.Slice(at, SymbolSize);
            if ((symbol[4] & 15) != FunctionSymbol || NameAt(strings, BinaryPrimitives.ReadUInt32LittleEndian(symbol)) != name) continue;
            place = new Place(BinaryPrimitives.ReadUInt16LittleEndian(symbol[6..]), BinaryPrimitives.ReadUInt64LittleEndian(symbol[8..]), BinaryPrimitives.ReadUInt64LittleEndian(symbol[16..]));
            return true;
        }

        place = default;
        return false;
    }

    private static bool TryReadRelocations(
        ReadOnlySpan<byte> relocations, ReadOnlySpan<byte> symbols, ReadOnlySpan<byte> strings, Place place, byte[] code, List<(int, string)> references, out string problem)
    {
        for (var at = 0; at + RelocationSize <= relocations.Length; at += RelocationSize)
        {
            var offset = BinaryPrimitives.ReadUInt64LittleEndian(relocations[at..]);
            var info = BinaryPrimitives.ReadUInt64LittleEndian(relocations[(at + 8)..]);
            if (offset < place.Offset || offset - place.Offset >= place.Size) continue;
            var inCode = (int)(offset - place.Offset);
            if ((uint)info != RelocateLoad64 || inCode % InstructionSize != 0 || inCode + 2 * InstructionSize > code.Length || code[inCode] != LoadImmediate64)
                return Fail($"a relocation at {offset} that is no load of a map", out problem);
            var symbol = (info >> 32) * SymbolSize;
            if (symbol + SymbolSize > (ulong)symbols.Length) return Fail($"the relocation at {offset} names no symbol", out problem);
            var map = NameAt(strings, BinaryPrimitives.ReadUInt32LittleEndian(symbols[(int)symbol..]));
            if (map.Length == 0) return Fail($"the relocation at {offset} names no map", out problem);
            references.Add((inCode, map));
        }

        problem = "";
        return true;
    }

    private static bool TryContent(ReadOnlySpan<byte> file, in Section section, out ReadOnlySpan<byte> content)
    {
        content = default;
        if (section.Offset > (ulong)file.Length || section.Size > (ulong)file.Length - section.Offset) return false;
        content = file.Slice((int)section.Offset, (int)section.Size);
        return true;
    }

    private static string NameAt(ReadOnlySpan<byte> strings, uint offset)
    {
        if (offset >= (uint)strings.Length) return "";
        var rest = strings[(int)offset..];
        var end = rest.IndexOf((byte)0);
        return end <= 0 ? "" : Encoding.ASCII.GetString(rest[..end]);
    }

    private static bool Fail(string what, out string problem)
    {
        problem = what;
        return false;
    }

    private readonly record struct Section(uint Type, ulong Offset, ulong Size, uint Link, uint Info);

    private readonly record struct Place(ushort Section, ulong Offset, ulong Size);
}
