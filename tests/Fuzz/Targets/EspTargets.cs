using Appliance.Esp;
using Appliance.Fuzz.Engine;
using Appliance.Shared;
using Appliance.Wire;

namespace Appliance.Fuzz.Targets;

/// <summary>ESP: what a stranger sends, what a peer with the key sends, and what a host behind us sends. The first octet of an input picks the SA.</summary>
internal static class EspTargets
{
    // CBC with HMAC goes through the BCL, which allocates.
    private const long BclAllocates = 8192;

    private static readonly byte[] Scratch = new byte[2048];
    private static readonly byte[] Original = new byte[2048];

    public static IReadOnlyList<FuzzTarget> List { get; } =
    [
        new("esp-inbound", Inbound) { MaximumLength = 1700, AllocationLimit = BclAllocates },
        new("esp-plaintext", Plaintext) { MaximumLength = 1500, AllocationLimit = BclAllocates },
        new("esp-outbound", RoundTrip) { MaximumLength = 1500, AllocationLimit = BclAllocates },
        new("esp-multipoint", MultiPoint) { MaximumLength = 1500, AllocationLimit = BclAllocates },
    ];

    // A stranger: headers and lengths are anything, the tag is wrong.
    private static void Inbound(Span<byte> octets)
    {
        if (octets.Length == 0) return;
        var bench = EspBench.Shared;
        var slot = (uint)(octets[0] % EspBench.Count);
        bench.ResetWindow(slot);
        var packet = bench.Place(octets[1..], slot);
        EspResult result = default;
        bench.Inbound.Decapsulate(new Span<Packet>(ref packet), new Span<EspResult>(ref result), 1);
        bench.CheckFrame(packet);
        Claim.That(result.Reason != DropReason.None, "what nobody sealed does not pass");
        Claim.That(bench.Region.InboundState(slot).Highest == 0, "the window moves for authentic packets alone (RFC 4303 3.4.3)");
    }

    // A peer with the key: everything behind the tag is anything.
    private static void Plaintext(Span<byte> octets)
    {
        if (octets.Length < 2) return;
        var bench = EspBench.Shared;
        var slot = (uint)(octets[0] % EspBench.Count);
        bench.ResetWindow(slot);
        var length = bench.Seal(slot, octets[1], octets[2..], Scratch);
        if (length == 0) return;
        var packet = bench.Place(Scratch.AsSpan(0, length), slot);
        EspResult result = default;
        bench.Inbound.Decapsulate(new Span<Packet>(ref packet), new Span<EspResult>(ref result), 1);
        bench.CheckFrame(packet);
        Claim.That(result.Reason != DropReason.IntegrityFailed, "an authentic packet passes its integrity check");
        Claim.That(octets[1] != 0 || result.Reason == DropReason.SequenceZero, "sequence number 0");
        if (result.Reason != DropReason.None || result.IsAbsorbed) return;
        var ip = bench.Memory.Span(packet);
        Claim.That(ip.Length >= 20 && ip.Length <= length, "what comes out was in there");
        Claim.That(ip[0] >> 4 is 4 or 6, "an IP packet");
        var again = bench.Place(Scratch.AsSpan(0, length), slot);
        bench.Inbound.Decapsulate(new Span<Packet>(ref again), new Span<EspResult>(ref result), 1);
        Claim.That(result.Reason == DropReason.Replayed, "the second time is a replay");
    }

    // One SA of many senders: a stranger claims nothing, whatever Sender-ID he writes; what a host behind us sends comes back, once.
    private static void MultiPoint(Span<byte> octets)
    {
        if (octets.Length < 2) return;
        var bench = EspBench.Shared;
        var which = (uint)(octets[0] % EspBench.GroupCount);
        var slot = (uint)EspBench.Count + which;
        var known = bench.SenderState();
        var packet = bench.Place(octets[1..], slot);
        EspResult result = default;
        bench.Inbound.Decapsulate(new Span<Packet>(ref packet), new Span<EspResult>(ref result), 1);
        bench.CheckFrame(packet);
        Claim.That(result.Reason != DropReason.None, "what nobody sealed does not pass");
        Claim.That(bench.SenderState() == known, "no sender is claimed, and no window moves, for what is not authentic");

        var inner = octets[1..];
        if (!PacketFields.TryRead(inner, out var fields)) return;
        inner = inner[..fields.TotalLength];
        packet = bench.Place(inner, slot);
        DropReason reason = default;
        bench.Outbound.Encapsulate(new Span<Packet>(ref packet), new Span<DropReason>(ref reason), 1, [which]);
        if (reason == DropReason.NoRoom) return;
        Claim.That(reason == DropReason.None, "tunnel mode takes every IP packet that fits");
        var length = packet.Length;
        bench.Memory.Span(packet).CopyTo(Scratch);
        Claim.That(PacketFields.TryRead(Scratch.AsSpan(0, length), out var outer) && outer.TotalLength == length, "outer header");
        Claim.That(outer.Family == 6 || InternetChecksum.IsHeaderRight(Scratch.AsSpan(0, 20)), "checksum with the member's address");
        bench.Inbound.Decapsulate(new Span<Packet>(ref packet), new Span<EspResult>(ref result), 1);
        Claim.That(result.Reason is DropReason.None or DropReason.EcnNotCapable, "our own packet comes back");
        packet = bench.Place(Scratch.AsSpan(0, length), slot);
        bench.Inbound.Decapsulate(new Span<Packet>(ref packet), new Span<EspResult>(ref result), 1);
        Claim.That(result.Reason == DropReason.Replayed, "the second time is a replay");
    }

    // A host behind us: the packet has passed the data plane's own header check, nothing more.
    private static void RoundTrip(Span<byte> octets)
    {
        if (octets.Length < 2) return;
        var bench = EspBench.Shared;
        var slot = (uint)(octets[0] % EspBench.Count);
        var inner = octets[1..];
        if (!PacketFields.TryRead(inner, out var fields)) return;
        inner = inner[..fields.TotalLength];
        inner.CopyTo(Original);
        bench.ResetWindow(slot);
        bench.Region.OutboundState(slot) = default;
        var packet = bench.Place(inner, slot);
        DropReason reason = default;
        bench.Outbound.Encapsulate(new Span<Packet>(ref packet), new Span<DropReason>(ref reason), 1);
        bench.CheckFrame(packet);
        var isTunnel = bench.Region.OutboundSa(slot).Mode == EspMode.Tunnel || (bench.Region.OutboundSa(slot).Flags & SaFlags.IipTran) != 0;
        if (reason != DropReason.None)
        {
            Claim.That(!isTunnel || reason == DropReason.NoRoom, "tunnel mode takes every IP packet that fits");
            return;
        }

        Claim.That(PacketFields.TryRead(bench.Memory.Span(packet), out var outer) && outer.TotalLength == packet.Length, "outer header");
        Claim.That(outer.Protocol == (bench.Region.OutboundSa(slot).Encapsulation == EspEncapsulation.Udp ? IpProtocol.Udp : IpProtocol.Esp) || !isTunnel, "outer protocol");
        EspResult result = default;
        bench.Inbound.Decapsulate(new Span<Packet>(ref packet), new Span<EspResult>(ref result), 1);
        bench.CheckFrame(packet);
        if (result.IsAbsorbed) return;
        Claim.That(result.Reason == DropReason.None || (!isTunnel && result.Reason is DropReason.BadExtensionHeader), "our own packet comes back");
        if (isTunnel) Claim.That(bench.Memory.Span(packet).SequenceEqual(Original.AsSpan(0, fields.TotalLength)), "the same packet comes out");
        else Claim.That(packet.Length == fields.TotalLength || result.Reason != DropReason.None, "as long as it was");
    }
}
