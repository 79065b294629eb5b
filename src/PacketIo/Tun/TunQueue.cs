using System.Runtime.InteropServices;
using Appliance.Shared;

namespace Appliance.PacketIo.Tun;

/// <summary>
/// One queue of a TUN device: packets start with their IP header (<see cref="PacketFlags.NoEthernet"/>). One system call carries up to 64 KiB in both
/// directions: what the kernel hands over as a super-packet is cut here, and segments that follow each other are joined.
/// </summary>
public sealed unsafe class TunQueue : PortQueue
{
    private const int LongestRead = VirtioHeader.Size + 65536, MostParts = 66, QuietRounds = 8;

    private readonly FrameMemory memory;
    private readonly byte* buffer;
    private readonly Part* parts;
    private readonly byte* headers;
    private Segmenter segments;
    private int packetLength;
    private int quiet;
    private ulong discarded;
    private bool lost;
    private bool closed;

    /// <summary>A queue on an open descriptor of a device with virtio headers of 10 octets, see <see cref="TunDevice"/>. The descriptor is closed with the queue.</summary>
    public TunQueue(FramePool pool, byte port, int descriptor)
        : base(pool, port)
    {
        memory = pool.Memory;
        Descriptor = descriptor;
        buffer = (byte*)NativeMemory.AlignedAlloc(LongestRead, 64);
        parts = (Part*)NativeMemory.AllocZeroed(MostParts, (nuint)sizeof(Part));
        headers = (byte*)NativeMemory.AllocZeroed(VirtioHeader.Size + Coalescer.LongestHeaders);
    }

    /// <inheritdoc/>
    public override int Descriptor { get; }

    /// <inheritdoc/>
    public override bool IsLost => Volatile.Read(ref lost);

    /// <summary>Packets that the kernel handed over and that could not be read, or that it did not take.</summary>
    public override ulong Missed => discarded;

    /// <inheritdoc/>
    public override int Receive(Span<Packet> batch)
    {
        // A system call that finds nothing costs as much as several packets: after one, the next rounds leave it out. HasPending asks in any case.
        if (segments.IsDone && quiet > 0)
        {
            quiet--;
            return 0;
        }

        var count = 0;
        while (count < batch.Length)
        {
            if (segments.IsDone && !TryRead()) break;
            var length = segments.NextLength;
            if (!TryTake(length, out var frame))
            {
                if (length <= FrameMemory.JumboSize - FrameMemory.Headroom) break;
                segments = default;
                discarded++;
                continue;
            }

            var address = frame + FrameMemory.Headroom;
            segments.WriteNext(new ReadOnlySpan<byte>(buffer + VirtioHeader.Size, packetLength), memory.Span(address, length));
            batch[count++] = new Packet { Address = address, Length = length, InPort = Port, Flags = PacketFlags.NoEthernet };
        }

        return count;
    }

    /// <inheritdoc/>
    public override int Send(ReadOnlySpan<Packet> batch)
    {
        var sent = 0;
        while (sent < batch.Length && !lost)
        {
            var joined = Coalescer.Join(
                memory, batch.Slice(sent, Math.Min(batch.Length - sent, MostParts - 1)), new Span<byte>(headers + VirtioHeader.Size, Coalescer.LongestHeaders), out var headerLength, out var virtio);
            virtio.Write(new Span<byte>(headers, VirtioHeader.Size));
            parts[0] = new Part(headers, VirtioHeader.Size + headerLength);
            for (var i = 0; i < joined; i++)
            {
                ref readonly var packet = ref batch[sent + i];
                parts[i + 1] = new Part((byte*)memory.Pointer + packet.Address + headerLength, packet.Length - headerLength);
            }

            if (Libc.writev(Descriptor, parts, joined + 1) < 0)
            {
                var error = Marshal.GetLastPInvokeError();
                if (error is Errno.Again or Errno.NoBuffers or Errno.NoMemory) break;
                if (Note(error)) break;
                discarded += (ulong)joined;
            }

            for (var i = 0; i < joined; i++) Pool.Give(batch[sent + i].Address);
            sent += joined;
        }

        return sent;
    }

    /// <inheritdoc/>
    public override void Poll()
    {
    }

    /// <inheritdoc/>
    public override bool HasPending()
    {
        quiet = 0;
        if (!segments.IsDone) return true;
        if (lost) return false;
        var entry = new Libc.PollEntry { Descriptor = Descriptor, Events = Libc.PollIn };
        if (Libc.poll(&entry, 1, 0) <= 0) return false;
        if ((entry.Returned & (Libc.PollErr | Libc.PollHup | Libc.PollInvalid)) != 0) Volatile.Write(ref lost, true);
        return (entry.Returned & Libc.PollIn) != 0;
    }

    /// <inheritdoc/>
    protected override void Close()
    {
        if (closed) return;
        closed = true;
        Volatile.Write(ref lost, true);
        segments = default;
        _ = Libc.close(Descriptor);
        NativeMemory.AlignedFree(buffer);
        NativeMemory.Free(parts);
        NativeMemory.Free(headers);
    }

    private bool TryRead()
    {
        while (!lost)
        {
            var length = Libc.read(Descriptor, buffer, LongestRead);
            if (length < 0)
            {
                if (!Note(Marshal.GetLastPInvokeError())) quiet = QuietRounds;
                return false;
            }

            packetLength = (int)length - VirtioHeader.Size;
            if (packetLength > 0 && segments.TryStart(new ReadOnlySpan<byte>(buffer + VirtioHeader.Size, packetLength), VirtioHeader.Read(new ReadOnlySpan<byte>(buffer, VirtioHeader.Size))))
                return true;
            discarded++;
        }

        return false;
    }

    private bool TryTake(int length, out uint frame) =>
        length <= FrameMemory.FrameSize - FrameMemory.Headroom ? Pool.TryTake(out frame)
        : length <= FrameMemory.JumboSize - FrameMemory.Headroom ? Pool.TryTakeJumbo(out frame)
        : (frame = 0) != 0;

    /// <summary>True when the error says that the device is gone.</summary>
    private bool Note(int error)
    {
        if (error is not (Errno.BadDescriptorState or Errno.NoDevice or Errno.NoDeviceOrAddress)) return false;
        Volatile.Write(ref lost, true);
        return true;
    }

    /// <summary>struct iovec.</summary>
    internal readonly struct Part(byte* start, int length)
    {
        public readonly byte* Start = start;
        public readonly nuint Length = (nuint)length;
    }
}
