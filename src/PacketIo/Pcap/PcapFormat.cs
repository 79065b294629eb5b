using System.Buffers.Binary;

namespace Appliance.PacketIo.Pcap;

/// <summary>What stands at the start of each packet of a capture.</summary>
public enum PcapLink : uint
{
    /// <summary>An Ethernet header.</summary>
    Ethernet = 1,

    /// <summary>An IP header.</summary>
    Raw = 101,
}

/// <summary>The classic capture file (draft-ietf-opsawg-pcap): either byte order, micro- or nanoseconds. Parsers never throw and never trust a length.</summary>
/// <param name="BigEndian">Numbers are in network order.</param>
/// <param name="Nanoseconds">Fractions of seconds are nanoseconds.</param>
/// <param name="Link">Link type.</param>
public readonly record struct PcapFormat(bool BigEndian, bool Nanoseconds, PcapLink Link)
{
    /// <summary>Octets of the file's header.</summary>
    public const int HeaderSize = 24;

    /// <summary>Octets in front of each packet.</summary>
    public const int RecordHeaderSize = 16;

    private const uint Microsecond = 0xa1b2c3d4, Nanosecond = 0xa1b23c4d;
    private const int SnapLength = 65535;
    private const uint RawOpenBsd = 14, RawOld = 12, Ipv4 = 228, Ipv6 = 229;

    /// <summary>Reads the file's header; false with the problem in words.</summary>
    public static bool TryReadHeader(ReadOnlySpan<byte> file, out PcapFormat format, out string problem)
    {
        format = default;
        problem = "shorter than a capture file's header";
        if (file.Length < HeaderSize) return false;
        var magic = BinaryPrimitives.ReadUInt32LittleEndian(file);
        var reversed = BinaryPrimitives.ReverseEndianness(magic);
        problem = magic == 0x0a0d0d0a ? "a pcapng file: convert it with `editcap -F pcap`" : "not a capture file";
        var big = reversed is Microsecond or Nanosecond;
        if (!big && magic is not (Microsecond or Nanosecond)) return false;
        var nanoseconds = (big ? reversed : magic) == Nanosecond;
        var version = ReadUInt16(file[4..], big);
        problem = $"version {version}: only 2 is known";
        if (version != 2) return false;
        var link = ReadUInt32(file[20..], big) & 0x0fff_ffff;
        problem = $"link type {link}: only Ethernet (1) and raw IP (101) are known";
        if (link is not ((uint)PcapLink.Ethernet or (uint)PcapLink.Raw or RawOpenBsd or RawOld or Ipv4 or Ipv6)) return false;
        format = new PcapFormat(big, nanoseconds, link == (uint)PcapLink.Ethernet ? PcapLink.Ethernet : PcapLink.Raw);
        problem = "";
        return true;
    }

    /// <summary>Reads the packet that starts at <paramref name="rest"/>; <paramref name="used"/> octets further the next one does. False at the end, and where the file is torn.</summary>
    public bool TryReadRecord(ReadOnlySpan<byte> rest, out ReadOnlySpan<byte> packet, out int used)
    {
        packet = default;
        used = 0;
        if (rest.Length < RecordHeaderSize) return false;
        var length = ReadUInt32(rest[8..], BigEndian);
        if (length > (uint)(rest.Length - RecordHeaderSize)) return false;
        packet = rest.Slice(RecordHeaderSize, (int)length);
        used = RecordHeaderSize + (int)length;
        return true;
    }

    /// <summary>Writes a file's header (little-endian, nanoseconds).</summary>
    public static void WriteHeader(Span<byte> to, PcapLink link)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(to, Nanosecond);
        BinaryPrimitives.WriteUInt16LittleEndian(to[4..], 2);
        BinaryPrimitives.WriteUInt16LittleEndian(to[6..], 4);
        BinaryPrimitives.WriteUInt64LittleEndian(to[8..], 0);
        BinaryPrimitives.WriteInt32LittleEndian(to[16..], SnapLength);
        BinaryPrimitives.WriteUInt32LittleEndian(to[20..], (uint)link);
    }

    /// <summary>Writes what stands in front of a packet of <paramref name="length"/> octets, now.</summary>
    public static void WriteRecordHeader(Span<byte> to, int length)
    {
        var ticks = DateTime.UtcNow.Ticks - DateTime.UnixEpoch.Ticks;
        BinaryPrimitives.WriteUInt32LittleEndian(to, (uint)(ticks / TimeSpan.TicksPerSecond));
        BinaryPrimitives.WriteUInt32LittleEndian(to[4..], (uint)(ticks % TimeSpan.TicksPerSecond * 100));
        BinaryPrimitives.WriteInt32LittleEndian(to[8..], length);
        BinaryPrimitives.WriteInt32LittleEndian(to[12..], length);
    }

    private static uint ReadUInt32(ReadOnlySpan<byte> from, bool big) => big ? BinaryPrimitives.ReadUInt32BigEndian(from) : BinaryPrimitives.ReadUInt32LittleEndian(from);

    private static ushort ReadUInt16(ReadOnlySpan<byte> from, bool big) => big ? BinaryPrimitives.ReadUInt16BigEndian(from) : BinaryPrimitives.ReadUInt16LittleEndian(from);
}
