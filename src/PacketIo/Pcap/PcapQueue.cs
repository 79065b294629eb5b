using Appliance.Shared;

namespace Appliance.PacketIo.Pcap;

/// <summary>
/// Replays a capture file once, as fast as it is taken, and writes what is sent to another one. The file is read as a whole when the queue is opened; a torn one
/// is replayed up to the tear. The written file has the link type of the one that is read, Ethernet when there is none.
/// </summary>
public sealed class PcapQueue : PortQueue
{
    private const int EthernetHeader = 14, WriteBuffer = 1 << 20;

    private readonly FrameMemory memory;
    private readonly byte[] file;
    private readonly PcapFormat format;
    private readonly FileStream? output;
    private int at;
    private ulong discarded;
    private bool lost;
    private bool unsaved;

    /// <summary>Opens the files; either may be null.</summary>
    /// <exception cref="IOException">A file cannot be opened, is larger than 2 GiB or is no capture file.</exception>
    public PcapQueue(FramePool pool, byte port, string? read, string? write)
        : base(pool, port)
    {
        memory = pool.Memory;
        file = [];
        format = new PcapFormat(false, true, PcapLink.Ethernet);
        if (read != null)
        {
            if (new FileInfo(read) is { Exists: true, Length: > int.MaxValue - 64 }) throw new IOException($"{read}: larger than 2 GiB, split it with `editcap -c`");
            file = File.ReadAllBytes(read);
            if (!PcapFormat.TryReadHeader(file, out format, out var problem)) throw new IOException($"{read}: {problem}");
            at = PcapFormat.HeaderSize;
        }

        if (write == null) return;
        output = new FileStream(write, FileMode.Create, FileAccess.Write, FileShare.Read, WriteBuffer);
        Span<byte> header = stackalloc byte[PcapFormat.HeaderSize];
        PcapFormat.WriteHeader(header, format.Link);
        output.Write(header);
        output.Flush();
    }

    /// <inheritdoc/>
    public override int Descriptor => -1;

    /// <summary>True when the output could not be written (disk full).</summary>
    public override bool IsLost => lost;

    /// <summary>Packets of the file that do not fit a jumbo run, and a tear in it; packets that could not be written.</summary>
    public override ulong Missed => discarded;

    /// <inheritdoc/>
    public override int Receive(Span<Packet> batch)
    {
        var count = 0;
        while (count < batch.Length && at < file.Length)
        {
            if (!format.TryReadRecord(file.AsSpan(at), out var octets, out var used))
            {
                discarded++;
                at = file.Length;
                break;
            }

            if (octets.Length is 0 or > FrameMemory.JumboSize - FrameMemory.Headroom)
            {
                discarded++;
                at += used;
                continue;
            }

            var taken = octets.Length <= FrameMemory.FrameSize - FrameMemory.Headroom ? Pool.TryTake(out var frame) : Pool.TryTakeJumbo(out frame);
            if (!taken) break;
            at += used;
            octets.CopyTo(memory.Span(frame + FrameMemory.Headroom, octets.Length));
            batch[count++] = new Packet
            {
                Address = frame + FrameMemory.Headroom,
                Length = octets.Length,
                InPort = Port,
                Flags = format.Link == PcapLink.Raw ? PacketFlags.NoEthernet : PacketFlags.None,
            };
        }

        return count;
    }

    /// <inheritdoc/>
    public override int Send(ReadOnlySpan<Packet> batch)
    {
        foreach (ref readonly var packet in batch)
        {
            if (output != null && !lost) Write(memory.Span(packet), (packet.Flags & PacketFlags.NoEthernet) != 0);
            if (lost) discarded++;
            Pool.Give(packet.Address);
        }

        return batch.Length;
    }

    /// <inheritdoc/>
    public override void Poll()
    {
    }

    /// <summary>Before the worker sleeps: what was written reaches the file.</summary>
    public override bool HasPending()
    {
        if (unsaved) Save();
        return at < file.Length;
    }

    /// <inheritdoc/>
    protected override void Close()
    {
        if (unsaved) Save();
        output?.Dispose();
        at = file.Length;
    }

    private void Write(ReadOnlySpan<byte> packet, bool noEthernet)
    {
        Span<byte> header = stackalloc byte[PcapFormat.RecordHeaderSize + EthernetHeader];
        header.Clear();
        var ahead = PcapFormat.RecordHeaderSize;
        if (noEthernet && format.Link == PcapLink.Ethernet)
        {
            // The file's packets have Ethernet headers: one without addresses.
            (header[ahead + 12], header[ahead + 13]) = packet[0] >> 4 == 6 ? ((byte)0x86, (byte)0xdd) : ((byte)0x08, (byte)0x00);
            ahead += EthernetHeader;
        }
        else if (!noEthernet && format.Link == PcapLink.Raw)
        {
            packet = packet[Math.Min(EthernetHeader, packet.Length)..];
        }

        PcapFormat.WriteRecordHeader(header, packet.Length + ahead - PcapFormat.RecordHeaderSize);
        try
        {
            output!.Write(header[..ahead]);
            output.Write(packet);
            unsaved = true;
        }
        catch (IOException)
        {
            lost = true;
        }
    }

    private void Save()
    {
        try
        {
            output?.Flush();
        }
        catch (IOException)
        {
            lost = true;
        }

        unsaved = false;
    }
}
