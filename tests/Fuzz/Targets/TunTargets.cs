using System.Buffers.Binary;
using Appliance.Fuzz.Engine;
using Appliance.PacketIo.Tun;
using Appliance.Shared;
using Appliance.Wire;

namespace Appliance.Fuzz.Targets;

/// <summary>The host's own door: super-packets cut into segments, and segments joined to super-packets.</summary>
internal static class TunTargets
{
    private const int Frames = 16;
    private static readonly byte[] Scratch = new byte[1 << 16];
    private static readonly byte[] Joined = new byte[1 << 16];
    private static readonly Lazy<FrameMemory> Memory = new(() => new FrameMemory(Frames, 0));

    public static IReadOnlyList<FuzzTarget> List { get; } =
    [
        new("tun-segment", Cut) { MaximumLength = 9000 },
        new("tun-join", Join) { MaximumLength = 9000 },
    ];

    // A header of virtio (10 octets) and a packet, as the kernel hands them over.
    private static void Cut(Span<byte> octets)
    {
        if (octets.Length < VirtioHeader.Size) return;
        var segmenter = default(Segmenter);
        var packet = octets[VirtioHeader.Size..];
        if (!segmenter.TryStart(packet, VirtioHeader.Read(octets))) return;
        var segments = 0;
        while (!segmenter.IsDone)
        {
            var length = segmenter.NextLength;
            Claim.That(length > 0 && length <= packet.Length, "a segment is no longer than the packet");
            segmenter.WriteNext(packet, Scratch.AsSpan(0, length));
            Claim.That(++segments <= packet.Length, "the segments end");
        }
    }

    // A row of packets: length (two octets), octets. What is joined must come apart again.
    private static void Join(Span<byte> octets)
    {
        Span<Packet> batch = stackalloc Packet[Frames];
        var memory = Memory.Value;
        var count = 0;
        ReadOnlySpan<byte> rest = octets;
        while (rest.Length > 2 && count < Frames)
        {
            var length = Math.Min(Math.Min(BinaryPrimitives.ReadUInt16BigEndian(rest), rest.Length - 2), FrameMemory.FrameSize);
            if (length == 0) break;
            batch[count] = new Packet { Address = (uint)(count * FrameMemory.FrameSize), Length = length };
            rest.Slice(2, length).CopyTo(memory.Span(batch[count++]));
            rest = rest[(2 + length)..];
        }

        if (count == 0) return;
        Span<byte> headers = stackalloc byte[Coalescer.LongestHeaders];
        var taken = Coalescer.Join(memory, batch[..count], headers, out var headerLength, out var virtio);
        Claim.That(taken >= 1 && taken <= count, "at least one packet goes out");
        if (taken == 1) return;
        headers[..headerLength].CopyTo(Joined);
        var total = headerLength;
        for (var i = 0; i < taken; i++)
        {
            var payload = memory.Span(batch[i])[headerLength..];
            payload.CopyTo(Joined.AsSpan(total));
            total += payload.Length;
        }

        Claim.That(PacketFields.TryRead(Joined.AsSpan(0, total), out var fields) && fields.TotalLength == total, "the super-packet's own length");
        var segmenter = default(Segmenter);
        Claim.That(segmenter.TryStart(Joined.AsSpan(0, total), virtio), "the kernel can cut it again");
        for (var i = 0; i < taken; i++)
        {
            var original = memory.Span(batch[i]);
            Claim.That(!segmenter.IsDone && segmenter.NextLength == original.Length, "as many segments, as long");
            var segment = Scratch.AsSpan(0, segmenter.NextLength);
            segmenter.WriteNext(Joined.AsSpan(0, total), segment);
            Claim.That(segment[headerLength..].SequenceEqual(original[headerLength..]), "the same payload");
            Claim.That(PacketFields.TryRead(segment, out var cut) && TransportChecksum.IsRight(segment, cut), "right checksum");
            Claim.That(segment.Slice(cut.HeaderLength, 13).SequenceEqual(original.Slice(cut.HeaderLength, 13)), "the same ports, sequence numbers and offset");
        }

        Claim.That(segmenter.IsDone, "no segment more");
    }
}
