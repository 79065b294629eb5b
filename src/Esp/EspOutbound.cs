using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Appliance.Crypto;
using Appliance.Shared;
using Appliance.Wire;

namespace Appliance.Esp;

/// <summary>
/// Encapsulates packets of one worker (RFC 4303 §3.3), in place: each grows to the front into the headroom and to the back into the rest of its frame.
/// <code>
/// 1 per packet   limits, sequence number, trailer, outer header, ESP header, IV, and a job for the kernel
/// 2 per batch    one kernel call for all AES-GCM jobs, one for all AES-GMAC jobs (other ciphers were sealed in step 1)
/// 3 per packet   UDP checksums, where the outer header is IPv6
/// </code>
/// Allocates nothing, throws nothing for any packet. <typeparamref name="TKernel"/> runs on this machine, or the tier is <see cref="AesGcmTier.Bcl"/>.
/// </summary>
public sealed class EspOutbound<TKernel> : IDisposable
    where TKernel : struct, IAesGcmKernel
{
    /// <summary>Packets that a batch holds at most.</summary>
    public const int MaximumBatch = 64;

    private readonly Region region;
    private readonly FrameMemory memory;
    private readonly CipherObjects objects;
    private readonly bool hasKernel;
    private readonly CbcIvSource ivSource = new();
    private readonly JobBatch gcm = new(MaximumBatch);
    private readonly JobBatch gmac = new(MaximumBatch);
    private readonly byte[] udpOverV6 = new byte[MaximumBatch];
    private readonly SaExpiry[] expiries = new SaExpiry[2 * MaximumBatch];
    private int udpOverV6Count;
    private int expiryCount;
    private ushort identification = (ushort)RandomNumberGenerator.GetInt32(1 << 16);

    /// <summary>For the worker whose packets lie in <paramref name="memory"/> and whose SAs lie in <paramref name="region"/>.</summary>
    public EspOutbound(Region region, FrameMemory memory, CipherObjects objects, AesGcmTier tier)
    {
        this.region = region;
        this.memory = memory;
        this.objects = objects;
        hasKernel = tier != AesGcmTier.Bcl;
    }

    // Padding 1, 2, 3, … of n octets and its length, as a little-endian number; the next header comes behind.
    private static ReadOnlySpan<ulong> Trailers => [0x00, 0x0101, 0x02_0201, 0x0303_0201];

    /// <summary>SAs that came to a limit in the last batch.</summary>
    public ReadOnlySpan<SaExpiry> Expiries => expiries.AsSpan(0, expiryCount);

    /// <summary>
    /// Encapsulates up to <see cref="MaximumBatch"/> packets. Each starts at its IP header and is as long as that says; <see cref="Packet.Tag"/> is the slot of an
    /// outbound SA that the caller saw live. On return a packet with <see cref="DropReason.None"/> starts at its outer IP header; any other is unchanged and stays the caller's.
    /// <paramref name="tick"/> is <see cref="Environment.TickCount64"/>. <paramref name="hops"/> are, row by row, slots of next hops: <see cref="NextHopRecord.Address"/> is where a packet of a
    /// multi-point SA goes; other SAs do not read them. Whether the outer packet fits the path is the caller's to see to before (<see cref="EspSize"/>).
    /// </summary>
    public void Encapsulate(Span<Packet> packets, Span<DropReason> reasons, long tick, ReadOnlySpan<uint> hops = default)
    {
        Start(packets.Length, reasons.Length);
        var previous = uint.MaxValue;
        for (var i = 0; i < packets.Length; i++)
        {
            if (i + Tuning.PrefetchDistance < packets.Length) region.PrefetchOutbound(packets[i + Tuning.PrefetchDistance].Tag);
            ref var packet = ref packets[i];
            ref var sa = ref region.OutboundSa(packet.Tag);
            if (packet.Tag != previous) Region.PrefetchKey(ref sa.Key, packet.Length);
            previous = packet.Tag;
            ref var state = ref region.OutboundState(packet.Tag);
            var reason = (sa.Flags & SaFlags.MultiPoint) != 0
                ? ToMember(ref packet, ref sa, ref state, i, i < hops.Length ? hops[i] : 0, tick)
                : sa.Mode == EspMode.Tunnel || (sa.Flags & SaFlags.IipTran) != 0
                ? TunnelMode(ref packet, ref sa, ref state, i, tick)
                : TransportMode(ref packet, ref sa, ref state, i, tick);
            reasons[i] = reason;
            if (reason != DropReason.None) state.Drops++;
        }

        Finish(packets);
    }

    /// <summary>
    /// Makes a dummy packet (RFC 4303 §2.6: next header 59) of what <paramref name="packet"/> covers: its octets are wiped and become the payload. SA, frame and result are as in
    /// <see cref="Encapsulate"/>.
    /// </summary>
    public DropReason EncapsulateDummy(ref Packet packet, long tick, uint hop = 0)
    {
        Start(1, 1);
        ref var sa = ref region.OutboundSa(packet.Tag);
        ref var state = ref region.OutboundState(packet.Tag);
        memory.Span(packet).Clear();
        var member = (sa.Flags & SaFlags.MultiPoint) != 0 ? MemberOf(sa, hop) : sa.Destination;
        var reason = member.IsAny ? DropReason.NoTunnelForPolicy : Build(ref packet, ref sa, ref state, 0, packet.Length, IpProtocol.NoNextHeader, 0, 0, tick);
        if (reason == DropReason.None && (sa.Flags & SaFlags.MultiPoint) != 0) OuterDestination.Set(ref memory.At(packet.Address), member);
        if (reason != DropReason.None) state.Drops++;
        Finish(new Span<Packet>(ref packet));
        return reason;
    }

    /// <inheritdoc/>
    public void Dispose() => ivSource.Dispose();

    private void Start(int packets, int reasons)
    {
        if (packets > MaximumBatch || reasons < packets) throw new ArgumentOutOfRangeException(nameof(packets));
        gcm.Clear();
        gmac.Clear();
        udpOverV6Count = 0;
        expiryCount = 0;
    }

    private void Finish(Span<Packet> packets)
    {
        if (gcm.Count != 0) TKernel.Encrypt(gcm.Jobs);
        if (gmac.Count != 0) TKernel.GmacSeal(gmac.Jobs);
        for (var i = 0; i < udpOverV6Count; i++)
        {
            // RFC 8200 8.1: over IPv6 a UDP checksum is not optional, and no RFC makes ESP in UDP an exception under RFC 6935.
            var ip = memory.Span(packets[udpOverV6[i]]);
            if (PacketFields.TryRead(ip, out var fields)) TransportChecksum.Complete(ip, fields);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private DropReason TunnelMode(ref Packet packet, ref OutboundSa sa, ref OutboundSaState state, int index, long tick)
    {
        if (packet.Length < Ipv4View.MinimumHeaderLength) return DropReason.Truncated;
        var start = Unsafe.ReadUnaligned<ulong>(ref memory.At(packet.Address));
        uint trafficClass, dontFragment;
        byte nextHeader;
        if ((start & 0xf0) == 0x40)
        {
            nextHeader = IpProtocol.Ipv4;
            trafficClass = (uint)(start >> 8) & 0xff;
            dontFragment = (uint)(start >> 48) & 0x40;
        }
        else if ((start & 0xf0) == 0x60)
        {
            if (packet.Length < Ipv6View.HeaderLength) return DropReason.Truncated;
            nextHeader = IpProtocol.Ipv6;
            trafficClass = (uint)((start & 0xf) << 4 | (start >> 12 & 0xf));
            dontFragment = 0x40;
        }
        else
        {
            return DropReason.BadIpHeader;
        }

        var payload = sa.TfcMultiple == 0 ? packet.Length : TfcPadding.PaddedLength(sa, packet.Length);
        return Build(ref packet, ref sa, ref state, index, payload, nextHeader, trafficClass, dontFragment, tick);
    }

    // From the payload (packet and TFC padding) to the outer packet.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private DropReason Build(
        ref Packet packet, ref OutboundSa sa, ref OutboundSaState state, int index, int payload, byte nextHeader, uint trafficClass, uint dontFragment, long tick)
    {
        int outer = sa.OuterHeaderLength;
        var front = outer + EspView.HeaderLength + sa.IvLength;
        var padded = (payload + EspTrailer.Length + sa.Alignment - 1) & -sa.Alignment;
        var total = front + padded + sa.IcvLength;
        if (!HasRoom(packet.Address, front, padded + sa.IcvLength)) return DropReason.NoRoom;
        var reason = Admit(packet.Tag, sa, ref state, total, out var sequence, out var aead);
        if (reason != DropReason.None) return reason;

        ref var start = ref memory.At(packet.Address - (uint)front);
        if ((sa.Flags & SaFlags.FixedDscp) != 0) trafficClass = (trafficClass & 3) | (uint)sa.Dscp << 2;
        if ((sa.Flags & SaFlags.SetDf) != 0) dontFragment = 0x40;
        OuterHeaderWriter.Write(ref start, ref sa, total, trafficClass, dontFragment, ++identification);
        if (payload != packet.Length) memory.Span(packet.Address + (uint)packet.Length, payload - packet.Length).Clear();
        WriteTrailer(ref Unsafe.Add(ref start, front + payload), padded - payload - EspTrailer.Length, nextHeader);
        Protect(ref Unsafe.Add(ref start, outer), ref sa, sequence, padded, aead);
        if (outer == 48) udpOverV6[udpOverV6Count++] = (byte)index;
        Count(packet.Tag, ref sa, ref state, sequence, packet.Length, tick);
        packet.Address -= (uint)front;
        packet.Length = total;
        return DropReason.None;
    }

    // Under a multi-point SA the packet goes where its route says; such SAs are of tunnel mode, and never in UDP.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private DropReason ToMember(ref Packet packet, ref OutboundSa sa, ref OutboundSaState state, int index, uint hop, long tick)
    {
        var member = MemberOf(sa, hop);
        if (member.IsAny || sa.Mode != EspMode.Tunnel) return DropReason.NoTunnelForPolicy;
        var reason = TunnelMode(ref packet, ref sa, ref state, index, tick);
        if (reason == DropReason.None) OuterDestination.Set(ref memory.At(packet.Address), member);
        return reason;
    }

    // The address of the member that a next hop names; any when it is not of the SA's family.
    private IpAddress MemberOf(in OutboundSa sa, uint hop)
    {
        if (hop >= (uint)region.Counts.NextHops) return IpAddress.Any;
        var address = region.NextHop(hop).Address;
        return address.IsV4 == sa.OuterHeaderLength < 40 ? address : IpAddress.Any;
    }

    // The packet's own IP header moves to the front; ESP goes in behind it (RFC 4303 3.1.1).
    [MethodImpl(MethodImplOptions.NoInlining)]
    private DropReason TransportMode(ref Packet packet, ref OutboundSa sa, ref OutboundSaState state, int index, long tick)
    {
        var reason = TransportHeader.TryFind(memory.Span(packet), out var header);
        if (reason != DropReason.None) return reason;
        var udp = sa.Encapsulation == EspEncapsulation.Udp ? UdpView.HeaderLength : 0;
        var inserted = udp + EspView.HeaderLength + sa.IvLength;
        var payload = header.PacketLength - header.Length;
        var padded = (payload + EspTrailer.Length + sa.Alignment - 1) & -sa.Alignment;
        var total = header.Length + inserted + padded + sa.IcvLength;
        if (!HasRoom(packet.Address, inserted, header.Length + padded + sa.IcvLength)) return DropReason.NoRoom;
        reason = Admit(packet.Tag, sa, ref state, total, out var sequence, out var aead);
        if (reason != DropReason.None) return reason;

        ref var start = ref memory.At(packet.Address - (uint)inserted);
        var nextHeader = header.Move(ref memory.At(packet.Address), ref start, udp == 0 ? IpProtocol.Esp : IpProtocol.Udp, total);
        if (udp != 0) OuterHeaderWriter.WriteUdp(ref Unsafe.Add(ref start, header.Length), ref sa, total - header.Length);
        WriteTrailer(ref Unsafe.Add(ref start, header.Length + inserted + payload), padded - payload - EspTrailer.Length, nextHeader);
        Protect(ref Unsafe.Add(ref start, header.Length + udp), ref sa, sequence, padded, aead);
        if (udp != 0 && header.IsV6) udpOverV6[udpOverV6Count++] = (byte)index;
        Count(packet.Tag, ref sa, ref state, sequence, header.PacketLength, tick);
        packet.Address -= (uint)inserted;
        packet.Length = total;
        return DropReason.None;
    }

    // Whether the SA may protect a packet now, by which sequence number, and through which object (null: an own kernel does it).
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private DropReason Admit(uint slot, in OutboundSa sa, ref OutboundSaState state, int total, out ulong sequence, out AeadObject? aead)
    {
        sequence = 0;
        aead = null;
        if (total > ushort.MaxValue) return DropReason.TooBig;
        if (!hasKernel || !CipherFacts.HasKernel((Cipher)sa.Cipher))
        {
            aead = objects.Outbound(slot, sa.Generation);
            if (aead is null) return DropReason.CipherUnavailable;
        }

        // A limit of 0 is none: minus one it is above all.
        if (state.Bytes > sa.BytesHardLimit - 1) return HardLimit(slot, ref state, DropReason.SaExpired);
        return SequenceBlock.TryTake(sa, ref state, out sequence) ? DropReason.None : HardLimit(slot, ref state, DropReason.SequenceExhausted);
    }

    // Writes SPI, sequence number and IV, and protects what follows: by a job for the kernel, or at once.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Protect(ref byte esp, ref OutboundSa sa, ulong sequence, int padded, AeadObject? aead)
    {
        ulong spi = BinaryPrimitives.ReverseEndianness(sa.Spi);
        var low = BinaryPrimitives.ReverseEndianness((uint)sequence);
        var aad = spi | (ulong)low << 32;
        Unsafe.WriteUnaligned(ref esp, aad);
        ref var iv = ref Unsafe.Add(ref esp, EspView.HeaderLength);
        byte aadLength = 8;
        if ((sa.Flags & SaFlags.Esn) != 0)
        {
            aad = spi | (ulong)BinaryPrimitives.ReverseEndianness((uint)(sequence >> 32)) << 32;
            aadLength = 12;
        }

        if (aead is not null)
        {
            Seal(aead, ref sa, ref iv, sequence, padded, aad, low, aadLength);
            return;
        }

        Unsafe.WriteUnaligned(ref iv, BinaryPrimitives.ReverseEndianness(sa.IvBase | sequence));
        ref var data = ref Unsafe.Add(ref iv, 8);
        ref var key = ref Unsafe.As<KeyOctets, byte>(ref sa.Key);
        if (sa.Cipher == (byte)Cipher.AesGcm)
            AeadJob.Set(ref gcm.Next(), ref key, ref iv, ref data, ref Unsafe.Add(ref data, padded), (uint)padded, aadLength, sa.KeyLength, 0, aad, low);
        else
            AeadJob.Set(ref gmac.Next(), ref key, ref iv, ref iv, ref Unsafe.Add(ref data, padded), (uint)padded + 8, aadLength, sa.KeyLength, 0, aad, low);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Seal(AeadObject aead, ref OutboundSa sa, ref byte iv, ulong sequence, int padded, ulong aad, uint low, byte aadLength)
    {
        Span<byte> associated = stackalloc byte[12];
        MemoryMarshal.Write(associated, aad);
        MemoryMarshal.Write(associated[8..], low);
        var rest = MemoryMarshal.CreateSpan(ref iv, sa.IvLength + padded + sa.IcvLength);
        if (CipherFacts.IsCbc(aead.Cipher)) ivSource.Next(rest[..sa.IvLength]);
        else BigEndian.Set64(ref iv, 0, sa.IvBase | sequence);
        aead.Seal(associated[..aadLength], rest[..sa.IvLength], rest.Slice(sa.IvLength, padded), rest[(sa.IvLength + padded)..]);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void WriteTrailer(ref byte at, int padLength, byte nextHeader)
    {
        // Eight octets at once where the ICV is sure to follow and to be written later; padding for CBC is up to 15.
        if (padLength < 4) Unsafe.WriteUnaligned(ref at, Trailers[padLength] | (ulong)nextHeader << (8 * padLength + 8));
        else EspTrailer.Write(ref at, padLength, nextHeader);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool HasRoom(uint address, int front, int back) =>
        address - memory.FrameOf(address) >= (uint)front && memory.Room(address) >= back;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Count(uint slot, ref OutboundSa sa, ref OutboundSaState state, ulong sequence, int octets, long tick)
    {
        var bytes = state.Bytes + (ulong)octets;
        state.Packets++;
        state.Bytes = bytes;
        state.LastUsed = tick;
        if (sequence - 1 >= sa.SequenceSoftLimit - 1 || bytes - 1 >= sa.BytesSoftLimit - 1) Raise(slot, ref state, false);
    }

    private DropReason HardLimit(uint slot, ref OutboundSaState state, DropReason reason)
    {
        Raise(slot, ref state, true);
        return reason;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Raise(uint slot, ref OutboundSaState state, bool isHard)
    {
        var bit = isHard ? 2u : 1u;
        if ((state.SoftRaised & bit) != 0) return;
        state.SoftRaised |= bit;
        expiries[expiryCount++] = new SaExpiry(slot, isHard, state.Sequence);
    }
}
