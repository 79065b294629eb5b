using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Appliance.Crypto;
using Appliance.Shared;
using Appliance.Wire;

namespace Appliance.Esp;

/// <summary>
/// Decapsulates packets of one worker (RFC 4303 §3.4), in place.
/// <code>
/// 1 per packet   outer header, lengths, SPI, sequence number against the replay window, and a job for the kernel
/// 2 per batch    one kernel call for all AES-GCM jobs, one for all AES-GMAC jobs (other ciphers were opened in step 1)
/// 3 per packet   replay window again, now updated (a sender of a multi-point SA that was not known gets one); padding, next header, inner length, ECN; the packet starts at the inner IP header
/// </code>
/// Allocates nothing, throws nothing for any packet. <typeparamref name="TKernel"/> runs on this machine, or the tier is <see cref="AesGcmTier.Bcl"/>.
/// </summary>
public sealed class EspInbound<TKernel>
    where TKernel : struct, IAesGcmKernel
{
    /// <summary>Packets that a batch holds at most.</summary>
    public const int MaximumBatch = 64;

    private readonly Region region;
    private readonly FrameMemory memory;
    private readonly CipherObjects objects;
    private readonly bool hasKernel;
    private readonly int worker;
    private readonly JobBatch gcm = new(MaximumBatch);
    private readonly JobBatch gmac = new(MaximumBatch);
    private readonly OpenedPacket[] opened = new OpenedPacket[MaximumBatch];
    private readonly uint[] senderIds = new uint[MaximumBatch];
    private readonly uint[] senderRecords = new uint[MaximumBatch];
    private readonly SaMove[] moves = new SaMove[MaximumBatch];
    private int moveCount;
    private uint senderCursor;

    /// <summary>For the worker of that number, whose packets lie in <paramref name="memory"/> and whose SAs lie in <paramref name="region"/>.</summary>
    public EspInbound(Region region, FrameMemory memory, CipherObjects objects, AesGcmTier tier, int worker = 0)
    {
        this.worker = worker;
        senderCursor = (uint)((long)region.Senders.Count * worker / WorkerBlock.Maximum);
        this.region = region;
        this.memory = memory;
        this.objects = objects;
        hasKernel = tier != AesGcmTier.Bcl;
    }

    /// <summary>SAs whose peer sends from elsewhere, as the last batch showed.</summary>
    public ReadOnlySpan<SaMove> Moves => moves.AsSpan(0, moveCount);

    /// <summary>
    /// Decapsulates up to <see cref="MaximumBatch"/> packets. Each starts at its outer IP header, whole (reassembled); <see cref="Packet.Tag"/> is the slot of an inbound SA that
    /// the caller saw live. On return a packet with <see cref="DropReason.None"/> starts at the inner IP header (transport mode: at its IP header, with ESP taken
    /// out) and is as long as that says; dropped and absorbed packets stay the caller's. <paramref name="tick"/> is <see cref="Environment.TickCount64"/>.
    /// <paramref name="senders"/> are, row by row, records where the caller found the senders of multi-point SAs: hints, which are checked.
    /// </summary>
    public void Decapsulate(Span<Packet> packets, Span<EspResult> results, long tick, ReadOnlySpan<uint> senders = default)
    {
        if (packets.Length > MaximumBatch || results.Length < packets.Length) throw new ArgumentOutOfRangeException(nameof(packets));
        gcm.Clear();
        gmac.Clear();
        moveCount = 0;
        var previous = uint.MaxValue;
        for (var i = 0; i < packets.Length; i++)
        {
            if (i + Tuning.PrefetchDistance < packets.Length) region.PrefetchInbound(packets[i + Tuning.PrefetchDistance].Tag);
            ref var packet = ref packets[i];
            ref var sa = ref region.InboundSa(packet.Tag);
            ref var state = ref region.InboundState(packet.Tag);
            if (packet.Tag != previous) Region.PrefetchKey(ref sa.Key, packet.Length);
            previous = packet.Tag;
            results[i] = default;
            var reason = sa.SenderIdBits == 0
                ? Open(packet, ref sa, ref state, ref opened[i], i, isOfSender: false)
                : OpenOfSender(packet, ref sa, ref state, i, i < senders.Length ? senders[i] : Senders.None);
            if (reason != DropReason.None) Drop(ref results[i], sa, ref state, i, reason);
        }

        if (gcm.Count != 0) TKernel.Decrypt(gcm.Jobs);
        if (gmac.Count != 0) TKernel.GmacOpen(gmac.Jobs);
        DropForged(gcm.Jobs, packets, results);
        DropForged(gmac.Jobs, packets, results);
        for (var i = 0; i < packets.Length; i++)
        {
            if (results[i].Reason != DropReason.None) continue;
            ref var packet = ref packets[i];
            ref var sa = ref region.InboundSa(packet.Tag);
            ref var state = ref region.InboundState(packet.Tag);
            var reason = sa.SenderIdBits == 0
                ? Deliver(ref packet, ref sa, ref state, opened[i], ref results[i], tick, isOfSender: false)
                : DeliverOfSender(ref packet, ref sa, ref state, i, ref results[i], tick);
            if (reason != DropReason.None) Drop(ref results[i], sa, ref state, i, reason);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private DropReason Open(in Packet packet, ref InboundSa sa, ref InboundSaState state, ref OpenedPacket open, int index, bool isOfSender)
    {
        var reason = open.TryLocate(memory.Span(packet), sa);
        if (reason != DropReason.None) return reason;
        ref var esp = ref memory.At(packet.Address + (uint)open.EspAt);
        var header = Unsafe.ReadUnaligned<ulong>(ref esp);
        var spi = (uint)header;
        var low = (uint)(header >> 32);
        if (spi != BinaryPrimitives.ReverseEndianness(sa.Spi)) return DropReason.UnknownSpi;

        var isEsn = (sa.Flags & SaFlags.Esn) != 0;
        var window = WindowOf(sa);
        ulong sequence = BinaryPrimitives.ReverseEndianness(low);
        if (isEsn && !ReplayWindow.TryInfer(state.Highest, window, (uint)sequence, out sequence)) return DropReason.TooOld;
        open.Sequence = sequence;
        if (isOfSender)
        {
            reason = CheckSender(packet.Tag, sa, ref Unsafe.Add(ref esp, EspView.HeaderLength), index, out open.Sequence);
            if (reason != DropReason.None) return reason;
        }
        else if ((sa.Flags & SaFlags.NoReplay) == 0)
        {
            if (sequence == 0) return DropReason.SequenceZero;
            reason = ReplayWindow.Check(ref state, window, sequence);
            if (reason != DropReason.None) return reason;
            Region.PrefetchWindow(ref state.Window, sequence);
        }

        var aad = isEsn ? spi | (ulong)BinaryPrimitives.ReverseEndianness((uint)(sequence >> 32)) << 32 : header;
        var aadLength = (byte)(isEsn ? 12 : 8);
        ref var iv = ref Unsafe.Add(ref esp, EspView.HeaderLength);
        if (!hasKernel || !CipherFacts.HasKernel((Cipher)sa.Cipher)) return OpenByObject(packet.Tag, sa, ref iv, open.Length, aad, low, aadLength);
        ref var data = ref Unsafe.Add(ref iv, 8);
        ref var key = ref Unsafe.As<KeyOctets, byte>(ref sa.Key);
        if (sa.Cipher == (byte)Cipher.AesGcm)
            AeadJob.Set(ref gcm.Next(), ref key, ref iv, ref data, ref Unsafe.Add(ref data, open.Length), (uint)open.Length, aadLength, sa.KeyLength, (ushort)index, aad, low);
        else
            AeadJob.Set(ref gmac.Next(), ref key, ref iv, ref iv, ref Unsafe.Add(ref data, open.Length), (uint)open.Length + 8, aadLength, sa.KeyLength, (ushort)index, aad, low);
        return DropReason.None;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private DropReason OpenOfSender(in Packet packet, ref InboundSa sa, ref InboundSaState state, int index, uint hint)
    {
        senderRecords[index] = hint;
        return Open(packet, ref sa, ref state, ref opened[index], index, isOfSender: true);
    }

    // The sender that the IV names, and its window. One that is not known yet has none: it is claimed once the packet has passed its integrity check.
    private DropReason CheckSender(uint slot, in InboundSa sa, ref byte iv, int index, out ulong counter)
    {
        (senderIds[index], counter) = SenderIv.Split(ref iv, sa.SenderIdBits);
        var record = senderRecords[index];
        if (!region.Senders.Is(record, slot, sa.Generation, senderIds[index])) senderRecords[index] = record = region.Senders.Find(slot, sa.Generation, senderIds[index]);
        if (record == Senders.None) return DropReason.None;
        ref var sender = ref region.Sender(record);
        if (sender.Worker != (uint)worker) return DropReason.SenderClaimLost;
        if ((sa.Flags & SaFlags.NoReplay) != 0) return DropReason.None;
        ref var bits = ref region.SenderWindow(record);
        Region.PrefetchWindow(ref bits, counter);
        return ReplayWindow.Check(sender.Highest, ref bits, WindowOf(sa), counter);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private DropReason OpenByObject(uint slot, in InboundSa sa, ref byte iv, int length, ulong aad, uint low, byte aadLength)
    {
        var aead = objects.Inbound(slot, sa.Generation);
        if (aead is null) return DropReason.CipherUnavailable;
        Span<byte> associated = stackalloc byte[12];
        MemoryMarshal.Write(associated, aad);
        MemoryMarshal.Write(associated[8..], low);
        var rest = MemoryMarshal.CreateSpan(ref iv, sa.IvLength + length + sa.IcvLength);
        var isRight = aead.Open(associated[..aadLength], rest[..sa.IvLength], rest.Slice(sa.IvLength, length), rest[(sa.IvLength + length)..]);
        return isRight ? DropReason.None : DropReason.IntegrityFailed;
    }

    private void DropForged(Span<AeadJob> jobs, Span<Packet> packets, Span<EspResult> results)
    {
        foreach (ref var job in jobs)
        {
            if (job.Ok != 0) continue;
            var slot = packets[job.Index].Tag;
            Drop(ref results[job.Index], region.InboundSa(slot), ref region.InboundState(slot), job.Index, DropReason.IntegrityFailed);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private DropReason Deliver(ref Packet packet, ref InboundSa sa, ref InboundSaState state, in OpenedPacket open, ref EspResult result, long tick, bool isOfSender)
    {
        if (!isOfSender && (sa.Flags & SaFlags.NoReplay) == 0)
        {
            var replay = ReplayWindow.CheckAndUpdate(ref state, WindowOf(sa), open.Sequence);
            if (replay != DropReason.None) return replay;
        }
        else if (!isOfSender && open.Sequence > state.Highest)
        {
            state.Highest = open.Sequence;
        }

        if (open.IsUdp && sa.PeerPort != 0) Watch(packet, sa, state, open);
        var payloadAt = packet.Address + (uint)(open.EspAt + EspView.HeaderLength + sa.IvLength);
        ref var payload = ref memory.At(payloadAt);
        int padLength = Unsafe.Add(ref payload, open.Length - 2);
        var nextHeader = Unsafe.Add(ref payload, open.Length - 1);
        var length = open.Length - EspTrailer.Length - padLength;
        if (length < 0 || !IsPaddingRight(ref Unsafe.Add(ref payload, length), padLength)) return DropReason.BadPadding;
        result.NextHeader = nextHeader;
        if (nextHeader == IpProtocol.NoNextHeader)
        {
            result.IsAbsorbed = true;
            length = 0;
        }
        else
        {
            var isTunnel = sa.Mode == EspMode.Tunnel || (sa.Flags & SaFlags.IipTran) != 0;
            var reason = isTunnel
                ? InnerPacket.TryDeliver(ref packet, ref payload, payloadAt, length, nextHeader, open.OuterTrafficClass & 3)
                : TransportDelivery.Deliver(memory, ref packet, open, payloadAt, length, nextHeader);
            if (reason != DropReason.None) return reason;
            length = packet.Length;
        }

        if (isOfSender) return DropReason.None;
        state.Packets++;
        state.Bytes += (ulong)length;
        state.LastUsed = tick;
        return DropReason.None;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private DropReason DeliverOfSender(ref Packet packet, ref InboundSa sa, ref InboundSaState state, int index, ref EspResult result, long tick)
    {
        var reason = Accept(packet, sa, index, tick);
        if (reason != DropReason.None) return reason;
        reason = Deliver(ref packet, ref sa, ref state, opened[index], ref result, tick, isOfSender: true);
        if (reason != DropReason.None) return reason;
        ref var sender = ref region.Sender(senderRecords[index]);
        sender.Packets++;
        sender.Bytes += result.IsAbsorbed ? 0 : (ulong)packet.Length;
        sender.LastUsed = tick;
        return DropReason.None;
    }

    // An authentic packet of a multi-point SA: its sender becomes known, its counter is marked.
    private DropReason Accept(in Packet packet, in InboundSa sa, int index, long tick)
    {
        ref var record = ref senderRecords[index];
        if (record == Senders.None)
        {
            var claim = region.Senders.Claim(packet.Tag, sa.Generation, senderIds[index], worker, ref senderCursor, out record);
            if (claim != SenderClaim.Own) return claim == SenderClaim.Full ? DropReason.SenderTableFull : DropReason.SenderClaimLost;
        }

        ref var sender = ref region.Sender(record);
        var counter = opened[index].Sequence;
        if ((sa.Flags & SaFlags.NoReplay) == 0)
        {
            var reason = ReplayWindow.CheckAndUpdate(ref sender.Highest, ref region.SenderWindow(record), WindowOf(sa), counter);
            if (reason != DropReason.None) return reason;
        }
        else if (counter > sender.Highest)
        {
            sender.Highest = counter;
        }

        if ((sender.Packets & 63) == 0 || tick - sender.LastUsed >= 1000) sender.LastSource = SourceOf(packet, opened[index]);
        return DropReason.None;
    }

    /// <summary>Only the newest packet tells where the peer is: an older one may have been on its way since before the move.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Watch(in Packet packet, in InboundSa sa, in InboundSaState state, in OpenedPacket open)
    {
        if (open.Sequence != state.Highest) return;
        var source = SourceOf(packet, open);
        var port = BigEndian.U16(ref memory.At(packet.Address), open.IpLength);
        if (source == sa.Peer && port == sa.PeerPort) return;
        if (moveCount > 0 && moves[moveCount - 1].Slot == packet.Tag) moveCount--;
        moves[moveCount++] = new SaMove(packet.Tag, source, port);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool IsPaddingRight(ref byte padding, int length) =>
        length == 0 || EspTrailer.IsPaddingRight(MemoryMarshal.CreateReadOnlySpan(ref padding, length));

    // A record that names no window it could have gets the smallest; without replay protection the window only serves to infer the high half of an ESN.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint WindowOf(in InboundSa sa) => sa.ReplayWindow - 64u <= 4096 - 64 ? sa.ReplayWindow : 64u;

    private IpAddress SourceOf(in Packet packet, in OpenedPacket open)
    {
        ref var ip = ref memory.At(packet.Address);
        return open.Family == 4 ? IpAddress.FromV4(BigEndian.U32(ref ip, 12)) : new IpAddress(BigEndian.U64(ref ip, 8), BigEndian.U64(ref ip, 16));
    }

    private void Drop(ref EspResult result, in InboundSa sa, ref InboundSaState state, int index, DropReason reason)
    {
        result = new EspResult { Reason = reason };
        if (sa.SenderIdBits != 0)
        {
            CountOfGroup(ref state, index, reason);
            return;
        }

        switch (reason)
        {
            case DropReason.IntegrityFailed: state.IntegrityFailed++; break;
            case DropReason.Replayed: state.Replayed++; break;
            case DropReason.TooOld: state.TooOld++; break;
            default: state.OtherDrops++; break;
        }
    }

    // Only the window of a sender that is ours says that a packet is replayed or too old.
    private void CountOfGroup(ref InboundSaState state, int index, DropReason reason)
    {
        ref var counters = ref GroupSaCounters.Of(ref state, worker);
        switch (reason)
        {
            case DropReason.IntegrityFailed: counters.IntegrityFailed++; break;
            case DropReason.Replayed: region.Sender(senderRecords[index]).Replayed++; break;
            case DropReason.TooOld: region.Sender(senderRecords[index]).TooOld++; break;
            default: counters.OtherDrops++; break;
        }
    }
}
