using Appliance.Crypto;
using Appliance.Shared;

namespace Appliance.Esp.Tests;

/// <summary>What a test says of an SA.</summary>
internal sealed record SaSpec
{
    public Cipher Cipher { get; init; } = Cipher.AesGcm;

    public int KeyLength { get; init; }

    public byte[]? Key { get; init; }

    public EspMode Mode { get; init; } = EspMode.Tunnel;

    public EspEncapsulation Encapsulation { get; init; }

    public SaFlags Flags { get; init; }

    public bool OuterIsV6 { get; init; }

    public uint Spi { get; init; } = 0x1001;

    public uint Generation { get; init; } = 1;

    public ushort Window { get; init; } = 64;

    public byte Dscp { get; init; }

    public ushort TfcMultiple { get; init; }

    public ushort PathMtu { get; init; } = 1500;

    public ulong IvBase { get; init; }

    /// <summary>Width of Sender-IDs of a multi-point SA; <see cref="SenderId"/> is ours.</summary>
    public byte SenderIdBits { get; init; }

    public uint SenderId { get; init; }

    /// <summary>Sequence number before the first packet, at both ends.</summary>
    public ulong Start { get; init; }

    public ulong SoftLimit { get; init; }

    public ulong? HardLimit { get; init; }

    public byte[] KeyMaterial
    {
        get
        {
            if (Key is not null) return Key;
            var length = KeyLength == 0 ? CipherFacts.KeyLengths(Cipher)[0] : KeyLength;
            return [.. Enumerable.Range(1, CipherFacts.KeyMaterialLength(Cipher, length)).Select(i => (byte)(i * 7))];
        }
    }
}

/// <summary>A packet that somebody else's code protected.</summary>
internal sealed record EspVector(string Name, Cipher Cipher, string Key, EspMode Mode, bool IsUdp, bool IsEsn, ulong Sequence, string Plain, string Protected)
{
    public byte[] PlainOctets => Convert.FromHexString(Plain);

    public byte[] ProtectedOctets => Convert.FromHexString(Protected);

    public SaSpec Spec => new()
    {
        Cipher = Cipher,
        Key = Convert.FromHexString(Key),
        Mode = Mode,
        Encapsulation = IsUdp ? EspEncapsulation.Udp : EspEncapsulation.None,
        Flags = IsEsn ? SaFlags.Esn : 0,
        OuterIsV6 = ProtectedOctets[0] >> 4 == 6,
        Start = Sequence - 1,
    };
}
