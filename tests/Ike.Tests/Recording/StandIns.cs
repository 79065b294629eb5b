using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Appliance.Crypto;

namespace Appliance.Ike.Recording;

/// <summary>Octets that stand for keys: made of a number, so that a recording, which names keys by number alone, is repeated with the same ones.</summary>
internal static class StandIns
{
    public const int SecretLength = 32;

    /// <summary>A key of the configuration.</summary>
    public static byte[] Key(long number) => Octets("key", number);

    /// <summary>What a key exchange ends in.</summary>
    public static Secret Secret(long number) => new(Octets("secret", number));

    /// <summary>Public value of a half of a key exchange: its number can be read from it.</summary>
    public static byte[] PublicValue(long number)
    {
        var octets = Octets("public", number);
        BinaryPrimitives.WriteInt64BigEndian(octets, number);
        return octets;
    }

    private static byte[] Octets(string kind, long number) => SHA256.HashData(Encoding.ASCII.GetBytes($"{kind} {number}"));
}

/// <summary>Our half of a key exchange without mathematics.</summary>
internal sealed class StandInExchange(KeyExchangeMethod method, byte[] publicValue) : KeyExchange
{
    public override KeyExchangeMethod Method => method;

    public override byte[] PublicValue => publicValue;

    /// <summary>The pool knows which secret it is (<see cref="StandInPool"/>).</summary>
    public override Secret? Complete(ReadOnlySpan<byte> peerValue) => throw new NotSupportedException();

    public override void Dispose()
    {
    }
}
