using System.Buffers.Binary;
using System.Security.Cryptography;
using Appliance.Wire;

namespace Appliance.Esp.Tests;

/// <summary>ESP packets whose plaintext is wrong though their tag is right: only a peer that has the key can send them. AES-GCM by the BCL, in IPv4.</summary>
internal static class CraftedPacket
{
    public static byte[] Of(SaSpec spec, uint sequence, byte[] payloadWithTrailer, byte outerTrafficClass = 0, byte protocol = IpProtocol.Esp)
    {
        var key = spec.KeyMaterial;
        var length = 20 + 16 + payloadWithTrailer.Length + 16;
        var packet = new byte[length];
        Ipv4Header.TryWrite(packet, length, protocol, 0xc0000201, 0xc6336401, outerTrafficClass);
        BinaryPrimitives.WriteUInt32BigEndian(packet.AsSpan(20), spec.Spi);
        BinaryPrimitives.WriteUInt32BigEndian(packet.AsSpan(24), sequence);
        BinaryPrimitives.WriteUInt64BigEndian(packet.AsSpan(28), sequence);
        byte[] nonce = [.. key[^4..], .. packet[28..36]];
        using var gcm = new AesGcm(key.AsSpan(0, key.Length - 4), 16);
        gcm.Encrypt(nonce, payloadWithTrailer, packet.AsSpan(36, payloadWithTrailer.Length), packet.AsSpan(36 + payloadWithTrailer.Length), packet.AsSpan(20, 8));
        return packet;
    }

    /// <summary>Payload with right padding, as many octets of it as asked for (a multiple of four comes out only with the right number).</summary>
    public static byte[] WithTrailer(byte[] payload, int padLength, byte nextHeader) =>
        [.. payload, .. Enumerable.Range(1, padLength).Select(i => (byte)i), (byte)padLength, nextHeader];

    /// <summary>The least padding that aligns to four octets.</summary>
    public static byte[] Aligned(byte[] payload, byte nextHeader) => WithTrailer(payload, EspTrailer.PadLength(payload.Length, 4), nextHeader);
}
