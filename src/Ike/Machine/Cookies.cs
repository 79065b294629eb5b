using System.Buffers.Binary;
using System.Net;
using System.Security.Cryptography;
using Appliance.Machine;

namespace Appliance.Ike.Machine;

/// <summary>
/// Cookies (RFC 7296 §2.6): who sends one back has the address that it says to have. Nothing is kept for them: a cookie is a number of the secret and
/// HMAC-SHA-256(secret, Ni | IPi | SPIi). The secret is drawn anew every <see cref="Tuning.CookieSecret"/>; the one before it still counts.
/// </summary>
internal sealed class Cookies
{
    private const int SecretLength = 32;
    private byte[]? secret;
    private byte[]? before;
    private byte version;
    private Instant drawnAt;

    /// <summary>The cookie for a request.</summary>
    public byte[] Make(Instant now, Entropy entropy, ReadOnlySpan<byte> nonce, IPAddress address, ulong spi)
    {
        Draw(now, entropy);
        return Compute(secret!, version, nonce, address, spi);
    }

    /// <summary>Whether a cookie that came back is one of ours for this request.</summary>
    public bool Check(Instant now, Entropy entropy, ReadOnlySpan<byte> cookie, ReadOnlySpan<byte> nonce, IPAddress address, ulong spi)
    {
        Draw(now, entropy);
        if (cookie.Length != 1 + HMACSHA256.HashSizeInBytes) return false;
        var with = cookie[0] == version ? secret : cookie[0] == (byte)(version - 1) ? before : null;
        return with is not null && CryptographicOperations.FixedTimeEquals(cookie, Compute(with, cookie[0], nonce, address, spi));
    }

    private void Draw(Instant now, Entropy entropy)
    {
        var age = now - drawnAt;
        if (secret is not null && age < Tuning.CookieSecret) return;
        before = age < 2 * Tuning.CookieSecret ? secret : null;
        secret = entropy.Octets(SecretLength);
        version++;
        drawnAt = now;
    }

    private static byte[] Compute(byte[] secret, byte version, ReadOnlySpan<byte> nonce, IPAddress address, ulong spi)
    {
        Span<byte> octets = stackalloc byte[256 + 16 + 8];
        nonce.CopyTo(octets);
        address.TryWriteBytes(octets[nonce.Length..], out var length);
        BinaryPrimitives.WriteUInt64BigEndian(octets[(nonce.Length + length)..], spi);
        var cookie = new byte[1 + HMACSHA256.HashSizeInBytes];
        cookie[0] = version;
        HMACSHA256.HashData(secret, octets[..(nonce.Length + length + 8)], cookie.AsSpan(1));
        return cookie;
    }
}
