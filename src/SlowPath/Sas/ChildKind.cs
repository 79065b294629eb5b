using System.Net;
using Appliance.Crypto;
using Appliance.Ike;
using Appliance.Ike.Messages;
using Appliance.Shared;

namespace Appliance.SlowPath.Sas;

/// <summary>From what IKE negotiated to what the records name.</summary>
internal static class ChildKind
{
    /// <summary>The cipher that two transforms make, and the octets of its encryption key; false when no SA here can do it.</summary>
    public static bool TryCipher(EncryptionChoice encryption, IntegrityTransform integrity, out Cipher cipher, out int keyLength)
    {
        cipher = (encryption.Transform, integrity) switch
        {
            (EncryptionTransform.AesGcm16, IntegrityTransform.None) => Cipher.AesGcm,
            (EncryptionTransform.NullAesGmac, IntegrityTransform.None) => Cipher.AesGmac,
            (EncryptionTransform.ChaCha20Poly1305, IntegrityTransform.None) => Cipher.ChaCha20Poly1305,
            (EncryptionTransform.AesCbc, IntegrityTransform.HmacSha1Bits96) => Cipher.AesCbcHmacSha1,
            (EncryptionTransform.AesCbc, IntegrityTransform.HmacSha256Bits128) => Cipher.AesCbcHmacSha256,
            (EncryptionTransform.AesCbc, IntegrityTransform.HmacSha384Bits192) => Cipher.AesCbcHmacSha384,
            (EncryptionTransform.AesCbc, IntegrityTransform.HmacSha512Bits256) => Cipher.AesCbcHmacSha512,
            _ => Cipher.None,
        };
        keyLength = cipher == Cipher.ChaCha20Poly1305 && encryption.KeyBits == 0 ? 32 : encryption.KeyBits / 8;
        return cipher != Cipher.None && CipherFacts.KeyLengths(cipher).Contains((byte)Math.Clamp(keyLength, 0, byte.MaxValue));
    }

    /// <summary>The tunnel kind of a mode.</summary>
    public static TunnelKind Of(ChildMode mode) => mode switch
    {
        ChildMode.Transport => TunnelKind.Transport,
        ChildMode.IipTran => TunnelKind.IipTran,
        _ => TunnelKind.Tunnel,
    };

    /// <summary>Outer ends of a child.</summary>
    public static TunnelEnds Ends(IPEndPoint local, IPEndPoint remote, bool udp) =>
        new(IpAddress.From(local.Address), IpAddress.From(remote.Address), udp ? EspEncapsulation.Udp : EspEncapsulation.None, UdpEspPort, (ushort)(udp ? remote.Port : UdpEspPort));

    /// <summary>The steering program takes ESP in UDP on this port alone (RFC 3948 §2.1).</summary>
    private const ushort UdpEspPort = 4500;
}

/// <summary>Where the outer packets of a tunnel go, and how.</summary>
internal readonly record struct TunnelEnds(IpAddress Local, IpAddress Remote, EspEncapsulation Encapsulation, ushort LocalPort, ushort RemotePort);
