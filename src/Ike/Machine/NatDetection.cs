using System.Buffers.Binary;
using System.Net;
using System.Security.Cryptography;
using Appliance.Ike.Messages;
using Appliance.Machine;

namespace Appliance.Ike.Machine;

/// <summary>NAT_DETECTION_SOURCE_IP and NAT_DETECTION_DESTINATION_IP: SHA-1 of SPIs, address and port as their sender sees them (RFC 7296 §2.23).</summary>
internal static class NatDetection
{
    /// <summary>Both notifies of a message that we send.</summary>
    /// <param name="initiatorSpi">As in the message's header.</param>
    /// <param name="responderSpi">As in the message's header: 0 in the first request.</param>
    /// <param name="local">From where it goes.</param>
    /// <param name="remote">To where.</param>
    /// <param name="entropy">For hashes that are wrong on purpose, so that the peer takes to UDP without a NAT; null for true ones.</param>
    public static IEnumerable<Payload> Notifies(ulong initiatorSpi, ulong responderSpi, IPEndPoint local, IPEndPoint remote, Entropy? entropy)
    {
        yield return new NotifyPayload(NotifyType.NatDetectionSourceIp, entropy?.Octets(SHA1.HashSizeInBytes) ?? Hash(initiatorSpi, responderSpi, local));
        yield return new NotifyPayload(NotifyType.NatDetectionDestinationIp, entropy?.Octets(SHA1.HashSizeInBytes) ?? Hash(initiatorSpi, responderSpi, remote));
    }

    /// <summary>Whether the peer does NAT detection at all.</summary>
    public static bool IsIn(IReadOnlyList<Payload> payloads) => Of(payloads, NotifyType.NatDetectionSourceIp).Any() && Of(payloads, NotifyType.NatDetectionDestinationIp).Any();

    /// <summary>What a message of the peer says; <see cref="NatState.None"/> when it says nothing. A peer may send several source hashes (RFC 7296 §2.23).</summary>
    public static NatState Read(IReadOnlyList<Payload> payloads, ulong initiatorSpi, ulong responderSpi, IPEndPoint local, IPEndPoint remote)
    {
        if (!IsIn(payloads)) return NatState.None;
        var state = NatState.None;
        var (source, destination) = (Hash(initiatorSpi, responderSpi, remote), Hash(initiatorSpi, responderSpi, local));
        if (!Of(payloads, NotifyType.NatDetectionSourceIp).Any(n => n.Data.AsSpan().SequenceEqual(source))) state |= NatState.Remote;
        if (!Of(payloads, NotifyType.NatDetectionDestinationIp).Any(n => n.Data.AsSpan().SequenceEqual(destination))) state |= NatState.Local;
        return state;
    }

    private static IEnumerable<NotifyPayload> Of(IReadOnlyList<Payload> payloads, NotifyType type) => payloads.OfType<NotifyPayload>().Where(n => n.NotifyType == type);

    private static byte[] Hash(ulong initiatorSpi, ulong responderSpi, IPEndPoint at)
    {
        Span<byte> octets = stackalloc byte[8 + 8 + 16 + 2];
        BinaryPrimitives.WriteUInt64BigEndian(octets, initiatorSpi);
        BinaryPrimitives.WriteUInt64BigEndian(octets[8..], responderSpi);
        at.Address.TryWriteBytes(octets[16..], out var length);
        BinaryPrimitives.WriteUInt16BigEndian(octets[(16 + length)..], (ushort)at.Port);
        return HashSha1(octets[..(18 + length)]);
    }

#pragma warning disable CA5350 // RFC 7296 §2.23 names SHA-1; nothing is protected by it.
    private static byte[] HashSha1(ReadOnlySpan<byte> octets) => SHA1.HashData(octets);
#pragma warning restore CA5350
}
