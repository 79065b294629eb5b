using System.Buffers.Binary;
using System.Security.Cryptography;
using Appliance.DataPlane.Tests;
using Appliance.Fuzz.Engine;
using Appliance.Shared;

namespace Appliance.Fuzz.Targets;

/// <summary>
/// A whole gateway with ports in memory and frames from anybody. An input is a row of frames: port and kind (one octet), length (two), octets. After each
/// input every packet has had one fate; at the end every frame is back in its pool.
/// </summary>
internal static class DataPlaneTargets
{
    private const int Kinds = 4;
    private static Sites? sites;
    private static uint sequence;

    public static IReadOnlyList<FuzzTarget> List { get; } =
    [
        new("data-plane", Run) { MaximumLength = 4096, AllocationLimit = 8 << 20, Finish = Finish },
    ];

    private static void Run(Span<byte> octets)
    {
        sites ??= new Sites();
        var gateway = sites.A.Gateway;
        ReadOnlySpan<byte> rest = octets;
        while (rest.Length >= 3)
        {
            var kind = rest[0] % Kinds;
            var length = Math.Min(BinaryPrimitives.ReadUInt16BigEndian(rest[1..]) & 0x0fff, rest.Length - 3);
            var frame = rest.Slice(3, length);
            rest = rest[(3 + length)..];
            switch (kind)
            {
                case 0: gateway.Port(Gateway.Door).Put(frame.ToArray(), PacketFlags.NoEthernet); break;
                case 1: gateway.Port(Gateway.Lan).Put(frame.ToArray()); break;
                case 2: gateway.Port(Gateway.Wan).Put(frame.ToArray()); break;
                default: gateway.Port(Gateway.Wan).Put(Sealed(frame)); break;
            }
        }

        gateway.Run();
        gateway.AssertIdentity();
        sites.A.TakeLan();
        sites.A.TakeHost();
        CheckWire();
        _ = gateway.Events();
    }

    // What leaves on the unprotected side is ESP of ours or an ICMP error to a host there; nothing from inside in the clear.
    private static void CheckWire()
    {
        foreach (var frame in sites!.A.TakeWire())
        {
            Claim.That(frame.Length >= 34, "a frame");
            var ip = frame.AsSpan(14);
            if (ip[0] >> 4 != 4) continue;
            var source = BinaryPrimitives.ReadUInt32BigEndian(ip[12..]);
            Claim.That(source >> 16 != 0x0a01, "no address of the inside on the wire");
        }
    }

    // What the peer would send: an authentic packet that carries anything.
    private static byte[] Sealed(ReadOnlySpan<byte> plaintext)
    {
        var length = plaintext.Length & ~3;
        var packet = Ip.Packet("198.51.100.1", "192.0.2.1", 50, new byte[8 + 8 + length + 16]);
        var esp = packet.AsSpan(20);
        BinaryPrimitives.WriteUInt32BigEndian(esp, 0x2002);
        BinaryPrimitives.WriteUInt32BigEndian(esp[4..], ++sequence);
        BinaryPrimitives.WriteUInt64BigEndian(esp[8..], sequence);
        ReadOnlySpan<byte> key = sites!.Shape.Key;
        Span<byte> nonce = stackalloc byte[12];
        key[16..].CopyTo(nonce);
        esp[8..16].CopyTo(nonce[4..]);
        using var gcm = new AesGcm(key[..16], 16);
        gcm.Encrypt(nonce, plaintext[..length], esp.Slice(16, length), esp[(16 + length)..], esp[..8]);
        return Ip.Frame(packet);
    }

    private static void Finish()
    {
        sites?.Dispose();
        sites = null;
    }
}
