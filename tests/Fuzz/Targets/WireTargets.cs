using System.Buffers.Binary;
using Appliance.Fuzz.Engine;
using Appliance.Wire;

namespace Appliance.Fuzz.Targets;

/// <summary>Header views. Each is asked for everything it offers once it says that it parsed.</summary>
internal static class WireTargets
{
    public static IReadOnlyList<FuzzTarget> List { get; } =
    [
        new("ethernet", Ethernet),
        new("packet-fields", Fields),
        new("ipv4", Ipv4),
        new("ipv6", Ipv6),
        new("udp", Udp),
        new("tcp", Tcp),
        new("icmp", Icmp),
        new("icmp-error", IcmpErrors),
        new("tcp-mss", Mss),
        new("fragment-ipv4", FragmentV4) { MaximumLength = 9000 },
        new("fragment-ipv6", FragmentV6) { MaximumLength = 9000 },
    ];

    private static readonly byte[] Scratch = new byte[9000];

    private static void Ethernet(Span<byte> octets)
    {
        if (!EthernetView.TryParse(octets, out var view)) return;
        Use(view.Destination.Length + view.Source.Length + view.EtherType + (view.IsGroup ? 1 : 0));
        Claim.That(view.Payload.Length == octets.Length - EthernetView.HeaderLength, "payload");
    }

    private static void Fields(Span<byte> octets)
    {
        if (PacketFields.TryReadQuoted(octets, out var quoted)) Claim.That(quoted.HeaderLength >= 20, "quoted header");
        if (!PacketFields.TryRead(octets, out var fields)) return;
        Claim.That(fields.Error == default, "no error");
        Claim.That(fields.HeaderLength >= 20 && fields.HeaderLength <= fields.TotalLength && fields.TotalLength <= octets.Length, "lengths");
        // The same packet by the slower way.
        if (fields.Family == 4)
        {
            Claim.That(Ipv4View.TryParse(octets, out var view), "Ipv4View agrees");
            Claim.That(view.Source == fields.SourceV4 && view.Destination == fields.DestinationV4 && view.Protocol == fields.Protocol && view.TotalLength == fields.TotalLength, "fields");
            Claim.That(view.FragmentOffset == fields.FragmentOffset && view.MoreFragments == fields.MoreFragments && view.DontFragment == fields.DontFragment, "fragment fields");
        }
        else
        {
            Claim.That(fields.Family == 6 && Ipv6View.TryParse(octets, out var view) && view.DestinationLow == fields.DestinationLow && view.TotalLength == fields.TotalLength, "Ipv6View agrees");
            Claim.That(Ipv6Extensions.TryWalk(octets[..fields.TotalLength], out var found) && found.UpperProtocol == fields.Protocol && found.UpperOffset == fields.HeaderLength, "extensions agree");
        }

        if (TransportChecksum.Complete(octets, fields)) Claim.That(TransportChecksum.IsRight(octets, fields), "completed checksum is right");
    }

    private static void Ipv4(Span<byte> octets)
    {
        if (!Ipv4View.TryParse(octets, out var view)) return;
        Claim.That(view.Options.Length + 20 == view.HeaderLength && view.Payload.Length == view.TotalLength - view.HeaderLength && view.TotalLength <= octets.Length, "lengths");
        Use(view.TrafficClass + view.Identification + view.FragmentOffset + view.TimeToLive);
        if (!view.IsChecksumRight || view.TimeToLive == 0) return;
        Ipv4Header.DecrementTimeToLive(ref octets[0]);
        Claim.That(view.IsChecksumRight, "checksum after the TTL was lowered (RFC 1624)");
    }

    private static void Ipv6(Span<byte> octets)
    {
        if (Ipv6Extensions.TryWalk(octets, out var found)) Claim.That(found.UpperOffset <= octets.Length && found.PerFragmentLength <= found.UpperOffset && found.UpperNamedAt < octets.Length, "walk");
        if (!Ipv6View.TryParse(octets, out var view)) return;
        Claim.That(view.Payload.Length == view.TotalLength - 40 && view.TotalLength <= octets.Length, "lengths");
        Use((int)(view.SourceHigh + view.SourceLow + view.DestinationHigh + view.DestinationLow) + view.TrafficClass + (int)view.FlowLabel + view.HopLimit);
    }

    private static void Udp(Span<byte> octets)
    {
        if (!UdpView.TryParse(octets, out var view)) return;
        Claim.That(view.Payload.Length == view.Length - 8 && view.Length <= octets.Length, "lengths");
        Use(view.SourcePort + view.DestinationPort + view.Checksum);
    }

    private static void Tcp(Span<byte> octets)
    {
        if (!TcpView.TryParse(octets, out var view)) return;
        Claim.That(view.Options.Length + 20 == view.HeaderLength && view.Payload.Length == octets.Length - view.HeaderLength, "lengths");
        for (var kind = 0; kind < 256; kind += 1 + kind / 8)
        {
            var at = view.FindOption((byte)kind, out var length);
            Claim.That(at < 0 || (at >= 20 && at + length <= view.HeaderLength && octets[at] == kind), "option");
        }
    }

    private static void Icmp(Span<byte> octets)
    {
        if (!IcmpView.TryParse(octets, out var view)) return;
        Use(view.Type + view.Code + view.Checksum + view.NextHopMtu + (int)view.Rest);
        if (PacketFields.TryReadQuoted(view.Quoted, out var quoted)) Use(quoted.SourcePort);
    }

    private static void IcmpErrors(Span<byte> octets)
    {
        Span<byte> answer = stackalloc byte[1280];
        if (!PacketFields.TryRead(octets, out var fields)) return;
        Use(IcmpError.MayAnswer(fields, true) ? 1 : 0);
        var length = fields.Family == 4
            ? IcmpError.WriteV4(answer, octets, 0xc0000201, 3, 4, 1400)
            : IcmpError.WriteV6(answer, octets, 0x20010db8_00000000, 1, 2, 0, 1400);
        Claim.That(length > 0 && length <= (fields.Family == 4 ? IcmpError.MaximumV4 : IcmpError.MaximumV6), "length");
        Claim.That(PacketFields.TryRead(answer[..length], out var written) && written.TotalLength == length && TransportChecksum.IsRight(answer[..length], written), "what we write we can read");
        Claim.That(fields.Family == 4 ? written.DestinationV4 == fields.SourceV4 : written.DestinationLow == fields.SourceLow, "goes to the source");
    }

    private static void Mss(Span<byte> octets)
    {
        if (!PacketFields.TryRead(octets, out var fields)) return;
        var right = TransportChecksum.IsRight(octets, fields);
        if (!TcpMss.Clamp(octets, fields, 1200)) return;
        Claim.That(!right || TransportChecksum.IsRight(octets, fields), "checksum after the clamp");
        Claim.That(!TcpMss.Clamp(octets, fields, 1200), "a second time changes nothing");
    }

    private static void FragmentV4(Span<byte> octets)
    {
        Span<byte> fragment = Scratch;
        if (octets.Length < 2) return;
        var mtu = octets[0] << 3 | octets[1];
        var packet = octets[2..];
        if (!Ipv4Fragments.TryStart(packet, mtu, out var fragments)) return;
        Claim.That(Ipv4View.TryParse(packet, out var whole), "whole");
        var payload = 0;
        while (fragments.NextLength > 0)
        {
            Claim.That(fragments.Write(fragment[..(fragments.NextLength - 1)]) == 0, "too small a destination is refused");
            var length = fragments.Write(fragment);
            Claim.That(length > 0 && length <= mtu, "length");
            Claim.That(Ipv4View.TryParse(fragment[..length], out var part) && part.IsChecksumRight, "fragment");
            Claim.That(part.FragmentOffset == whole.FragmentOffset + payload && part.Payload.SequenceEqual(whole.Payload.Slice(payload, part.Payload.Length)), "place");
            payload += part.Payload.Length;
        }

        Claim.That(payload == whole.Payload.Length, "the fragments are the packet");
    }

    private static void FragmentV6(Span<byte> octets)
    {
        Span<byte> fragment = Scratch;
        if (octets.Length < 2) return;
        var mtu = octets[0] << 3 | octets[1];
        var packet = octets[2..];
        if (!Ipv6Fragments.TryStart(packet, mtu, 0x12345678, out var fragments)) return;
        Claim.That(Ipv6Extensions.TryWalk(packet, out var headers), "walk");
        var carried = 0;
        while (fragments.NextLength > 0)
        {
            Claim.That(fragments.Write(fragment[..(fragments.NextLength - 1)]) == 0, "too small a destination is refused");
            var length = fragments.Write(fragment);
            Claim.That(length > 0 && length <= mtu && PacketFields.TryRead(fragment[..length], out _), "fragment");
            Claim.That(Ipv6Extensions.TryWalk(fragment[..length], out var found) && found.PerFragmentLength == headers.PerFragmentLength, "headers");
            carried += length - 8 - headers.PerFragmentLength;
        }

        Claim.That(carried == BinaryPrimitives.ReadUInt16BigEndian(packet[4..]) + Ipv6View.HeaderLength - headers.PerFragmentLength, "the fragments are the packet");
    }

    private static void Use(int value) => Sink = value;

    private static int Sink { get; set; }
}
