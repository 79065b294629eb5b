using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Appliance.Shared;
using Appliance.Wire;

namespace Appliance.Esp;

/// <summary>What is known of a received ESP packet between the steps of a batch.</summary>
internal struct OpenedPacket
{
    /// <summary>Sequence number, 64 bits with ESN; of a sender of a multi-point SA the IV's counter.</summary>
    internal ulong Sequence;

    /// <summary>Offset of the ESP header from the start of the outer IP header.</summary>
    internal int EspAt;

    /// <summary>Octets of ciphertext: payload, padding, pad length and next header.</summary>
    internal int Length;

    /// <summary>Octets of the outer IP header with options or extension headers.</summary>
    internal int IpLength;

    /// <summary>Offset of the octet that names ESP or UDP.</summary>
    internal int NamedAt;

    /// <summary>DSCP and ECN of the outer header.</summary>
    internal byte OuterTrafficClass;

    /// <summary>4 or 6.</summary>
    internal byte Family;

    /// <summary>ESP came in UDP.</summary>
    internal bool IsUdp;

    /// <summary>Finds ESP behind the outer headers, and checks every length (RFC 4303 §3.4, RFC 3948 §2.1).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal DropReason TryLocate(ReadOnlySpan<byte> ip, in InboundSa sa)
    {
        if (ip.Length < Ipv4View.MinimumHeaderLength) return DropReason.Truncated;
        ref var start = ref MemoryMarshal.GetReference(ip);
        var first = Unsafe.ReadUnaligned<ulong>(ref start);
        byte protocol;
        int end;
        // The plain cases: no options, no fragment (neither MF nor an offset), no extension headers.
        if ((first & 0xff3f_0000_0000_00ff) == 0x45)
        {
            IpLength = Ipv4View.MinimumHeaderLength;
            NamedAt = 9;
            Family = 4;
            OuterTrafficClass = (byte)(first >> 8);
            end = BinaryPrimitives.ReverseEndianness((ushort)(first >> 16));
            protocol = Unsafe.Add(ref start, 9);
            if (end > ip.Length) return DropReason.Truncated;
        }
        else if ((first & 0xf0) == 0x60 && ip.Length >= Ipv6View.HeaderLength && (byte)(first >> 48) is IpProtocol.Esp or IpProtocol.Udp)
        {
            IpLength = Ipv6View.HeaderLength;
            NamedAt = 6;
            Family = 6;
            OuterTrafficClass = (byte)((first & 0xf) << 4 | (first >> 12 & 0xf));
            end = Ipv6View.HeaderLength + BinaryPrimitives.ReverseEndianness((ushort)(first >> 32));
            protocol = (byte)(first >> 48);
            if (end > ip.Length) return DropReason.Truncated;
        }
        else
        {
            var reason = LocateSlowly(ip, out protocol, out end);
            if (reason != DropReason.None) return reason;
        }

        EspAt = IpLength;
        IsUdp = protocol == IpProtocol.Udp;
        if (IsUdp != (sa.Encapsulation == EspEncapsulation.Udp) && (sa.Flags & SaFlags.AnyEncapsulation) == 0) return DropReason.WrongEncapsulation;
        if (IsUdp)
        {
            if (end - IpLength < UdpView.HeaderLength) return DropReason.EspMalformed;
            int datagram = BigEndian.U16(ref start, IpLength + 4);
            if (datagram > end - IpLength) return DropReason.EspMalformed;
            end = IpLength + datagram;
            EspAt += UdpView.HeaderLength;
        }
        else if (protocol != IpProtocol.Esp)
        {
            return DropReason.EspMalformed;
        }

        Length = end - EspAt - EspView.HeaderLength - sa.IvLength - sa.IcvLength;
        return Length < EspTrailer.Length || (Length & (sa.Alignment - 1)) != 0 ? DropReason.EspMalformed : DropReason.None;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private DropReason LocateSlowly(ReadOnlySpan<byte> ip, out byte protocol, out int end)
    {
        protocol = 0;
        end = 0;
        if (!PacketFields.TryRead(ip, out var fields)) return Reasons.Of(fields.Error);
        if (fields.IsFragment) return DropReason.BadFragment;
        IpLength = fields.HeaderLength;
        NamedAt = 9;
        Family = fields.Family;
        OuterTrafficClass = fields.TrafficClass;
        protocol = fields.Protocol;
        end = fields.TotalLength;
        if (Family == 4) return DropReason.None;
        if (!Ipv6Extensions.TryWalk(ip[..end], out var extensions)) return DropReason.BadExtensionHeader;
        NamedAt = extensions.UpperNamedAt;
        return DropReason.None;
    }
}
