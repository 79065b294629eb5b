using System.Buffers;
using System.Buffers.Binary;
using Appliance.Bgp;
using Appliance.Fuzz.Engine;

namespace Appliance.Fuzz.Targets;

/// <summary>BGP messages: framing, headers, OPEN and each capability, NOTIFICATION, ROUTE-REFRESH, NLRI. What is taken can be written, and comes back equal.</summary>
internal static class BgpMessageTargets
{
    private const int Most = 1 << 20;

    public static IReadOnlyList<FuzzTarget> List { get; } =
    [
        new("bgp-header", Header) { MaximumLength = 4200, AllocationLimit = Most },
        new("bgp-open", Open) { MaximumLength = 4077, AllocationLimit = Most },
        Capability("bgp-capability-multiprotocol", CapabilityCode.Multiprotocol),
        Capability("bgp-capability-next-hop", CapabilityCode.ExtendedNextHop),
        Capability("bgp-capability-restart", CapabilityCode.GracefulRestart),
        Capability("bgp-capability-four-octet-as", CapabilityCode.FourOctetAs),
        Capability("bgp-capability-add-path", CapabilityCode.AddPath),
        new("bgp-notification", Notification) { MaximumLength = 4077, AllocationLimit = Most },
        new("bgp-route-refresh", RouteRefresh) { MaximumLength = 256, AllocationLimit = 8192 },
        new("bgp-nlri", Nlri),
        new("bgp-text", Text) { MaximumLength = 64, AllocationLimit = 16384, Words = ["rt:", "soo:", "encapsulation:", "0x", ":", "65000", "4294967295", "192.0.2.1", "no-export", "65536"] },
    ];

    private static FuzzTarget Capability(string name, byte code) => new(name, octets =>
    {
        if (octets.Length > byte.MaxValue) return;
        byte[] body = [4, 0, 1, 0, 90, 1, 2, 3, 4, 255, 255, (byte)((octets.Length + 5) >> 8), (byte)(octets.Length + 5), 2, 0, 0, code, (byte)octets.Length, .. octets];
        BinaryPrimitives.WriteUInt16BigEndian(body.AsSpan(14), (ushort)(octets.Length + 2));
        Open(body);
    })
    { MaximumLength = byte.MaxValue, AllocationLimit = Most };

    private static void Header(Span<byte> octets)
    {
        var whole = MessageFramer.Cut(new ReadOnlySequence<byte>(octets.ToArray()), long.MaxValue, out var isBroken);
        Claim.That(whole <= octets.Length && (!isBroken || whole == octets.Length), "no more than there is");
        ReadOnlySpan<byte> rest = octets[..(int)whole];
        while (true)
        {
            var before = rest.Length;
            if (!MessageHeader.TryNext(ref rest, MessageHeader.MaximumLength, out var header, out var body, out var error))
            {
                Claim.That(error is null == rest.IsEmpty, "an end or an error");
                Claim.That(error is null || error.Code == NotificationCode.MessageHeader, "a header's error");
                return;
            }

            Claim.That(header.Length == before - rest.Length && body.Length == header.Length - MessageHeader.Size && header.Length <= MessageHeader.MaximumLength, "lengths agree");
        }
    }

    private static void Open(Span<byte> body)
    {
        var read = OpenMessage.TryRead(body, out var open, out var error);
        Claim.That(read == (error is null) && read == (open is not null), "a message or an error");
        Claim.That(read || error!.Code is NotificationCode.OpenMessage or NotificationCode.MessageHeader, "an OPEN's error");
        if (!read) return;
        Claim.That(open!.As != 0 && open.Identifier != 0 && open.HoldSeconds is not (1 or 2), "checked");
        var capabilities = open.Capabilities;
        // One instance of graceful restart is all that is written, and it holds 63 families.
        if (capabilities.GracefulRestart?.Families.Count > 63) return;
        var buffer = new byte[MessageHeader.MaximumLength];
        var length = open.Write(buffer);
        Claim.That(OpenMessage.TryRead(buffer.AsSpan(MessageHeader.Size, length - MessageHeader.Size), out var again, out _), "what was written is read");
        var (a, b) = (capabilities, again!.Capabilities);
        Claim.That(open.As == again.As && open.HoldSeconds == again.HoldSeconds && open.Identifier == again.Identifier, "comes back");
        Claim.That(a.Families.SequenceEqual(b.Families) && a.AddPath.SequenceEqual(b.AddPath) && a.ExtendedNextHop.SequenceEqual(b.ExtendedNextHop) && Equals(a.GracefulRestart, b.GracefulRestart), "lists come back");
        Claim.That(a.RouteRefresh == b.RouteRefresh && a.EnhancedRouteRefresh == b.EnhancedRouteRefresh && a.ExtendedMessage == b.ExtendedMessage && a.FourOctetAs == b.FourOctetAs, "single ones come back");
        Claim.That(a.Unknown.Count == b.Unknown.Count && a.Unknown.Zip(b.Unknown).All(p => p.First.Code == p.Second.Code && p.First.Value.AsSpan().SequenceEqual(p.Second.Value)), "unknown ones come back");
    }

    private static void Notification(Span<byte> body)
    {
        if (!NotificationMessage.TryRead(body, out var message)) return;
        Claim.That(message.ToString().Length > 0 && message.Text is null or { Length: <= NotificationMessage.MaximumText }, "bounded text");
        Claim.That(message.Text is null || !message.Text.Any(char.IsControl), "nothing for the terminal");
        var buffer = new byte[MessageHeader.MaximumLength];
        var length = message.Write(buffer);
        Claim.That(NotificationMessage.TryRead(buffer.AsSpan(MessageHeader.Size, length - MessageHeader.Size), out var again) && message.Equals(again), "comes back");
    }

    private static void RouteRefresh(Span<byte> body)
    {
        var read = RouteRefreshMessage.TryRead(body, out var message, out var error);
        Claim.That(read == (error is null), "a message or an error");
        if (!read) return;
        Span<byte> buffer = stackalloc byte[RouteRefreshMessage.Size];
        Claim.That(message.Write(buffer) == RouteRefreshMessage.Size && buffer[MessageHeader.Size..].SequenceEqual(body[..4]), "comes back");
    }

    /// <summary>An octet for family and ADD-PATH, then NLRI.</summary>
    private static void Nlri(Span<byte> octets)
    {
        if (octets.IsEmpty) return;
        var family = Family.All[(octets[0] & 7) % Family.All.Count];
        var addPath = (octets[0] & 8) != 0;
        var isWhole = NlriReader.AreWhole(octets[1..], family, addPath, out var count);
        var reader = new NlriReader(octets[1..], family, addPath);
        var read = 0;
        while (reader.MoveNext())
        {
            var nlri = reader.Current;
            Claim.That(nlri.Prefix == nlri.Prefix.Masked() && nlri.Prefix.Length <= family.AddressBits && nlri.Label < 1 << 20 && (addPath || nlri.PathId == 0), "in form");
            Claim.That(family.IsVpn || nlri is { RouteDistinguisher: 0, Label: 0 }, "no label and distinguisher where there are none");
            read++;
        }

        Claim.That(reader.Failed != isWhole && (!isWhole || read == count), "whole, or failed");
    }

    private static void Text(Span<byte> octets)
    {
        var text = System.Text.Encoding.UTF8.GetString(octets);
        if (Communities.TryParse(text, out var community)) Claim.That(Communities.TryParse(Communities.ToText(community), out var again) && again == community, "communities come back");
        if (Communities.TryParseLarge(text, out var large)) Claim.That(Communities.TryParseLarge(large.ToString(), out var again) && again == large, "large ones come back");
        if (ExtendedCommunity.TryParse(text, out var extended)) Claim.That(ExtendedCommunity.TryParse(ExtendedCommunity.ToText(extended), out var again) && again == extended, "extended ones come back");
        if (RouteDistinguisher.TryParse(text, out var distinguisher)) Claim.That(RouteDistinguisher.TryParse(RouteDistinguisher.ToText(distinguisher), out var again) && again == distinguisher, "distinguishers come back");
        if (octets.Length >= 8) Claim.That(ExtendedCommunity.TryParse(ExtendedCommunity.ToText(BinaryPrimitives.ReadUInt64BigEndian(octets)), out var number) && number == BinaryPrimitives.ReadUInt64BigEndian(octets), "every number has a text");
    }
}
