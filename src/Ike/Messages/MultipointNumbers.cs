namespace Appliance.Ike.Messages;

/// <summary>
/// Code points of multi-point SAs (draft-yamaya-ipsecme-mpsa-04 §3.2), and our private ones in one place. Private ones go only to peers that sent <see cref="PrivateVendorId"/>.
/// </summary>
public static class MultipointNumbers
{
    /// <summary>Notify MPSA_PUT.</summary>
    public const ushort MpsaPut = 40960;

    /// <summary>Private: notify MPSA_REFUSED, an error type; 2 octets of <see cref="MpsaRefusal"/>.</summary>
    public const ushort MpsaRefused = 8192 + 5;

    /// <summary>Transform type NONCE.</summary>
    public const byte Nonce = 241;

    /// <summary>Transform type SKD.</summary>
    public const byte SkD = 242;

    /// <summary>Transform type LIFE.</summary>
    public const byte Lifetime = 243;

    /// <summary>Transform type ROLL1.</summary>
    public const byte Rollover1 = 244;

    /// <summary>Transform type ROLL2.</summary>
    public const byte Rollover2 = 245;

    /// <summary>Private: transform type SENDER_ID.</summary>
    public const byte SenderId = 246;

    /// <summary>Private: transform type GROUP.</summary>
    public const byte Group = 247;

    /// <summary>The Transform ID of all of them.</summary>
    public const ushort OnlyId = 1;

    /// <summary>Attribute: the nonce.</summary>
    public const ushort NonceAttribute = 16384;

    /// <summary>Attribute: SK_d.</summary>
    public const ushort SkDAttribute = 16385;

    /// <summary>Attribute: the lifetime in seconds. The draft's figure has it in ROLL1 and ROLL2 too.</summary>
    public const ushort LifetimeAttribute = 16386;

    /// <summary>Attribute: rollover time 1 in seconds.</summary>
    public const ushort Rollover1Attribute = 16387;

    /// <summary>Attribute: rollover time 2 in seconds.</summary>
    public const ushort Rollover2Attribute = 16388;

    /// <summary>Private attribute: width in bits (1 octet), then Sender-IDs of 4 octets each.</summary>
    public const ushort SenderIdAttribute = 16389;

    /// <summary>Private attribute: the group's name in UTF-8.</summary>
    public const ushort GroupAttribute = 16390;

    /// <summary>Narrowest Sender-ID in bits.</summary>
    public const int MinimumSenderIdBits = 8;

    /// <summary>Widest Sender-ID in bits.</summary>
    public const int MaximumSenderIdBits = 24;

    /// <summary>Sender-IDs that one member can get at most.</summary>
    public const int MaximumSenderIds = 512;

    /// <summary>Octets of a group's name at most.</summary>
    public const int MaximumGroupName = 31;

    /// <summary>Vendor ID of the draft, in IKE_SA_INIT both ways (§3.2.1).</summary>
    public static ReadOnlySpan<byte> VendorId => "multi-point SA"u8;

    /// <summary>Our own vendor ID: its sender knows Sender-IDs, GROUP and MPSA_REFUSED.</summary>
    public static ReadOnlySpan<byte> PrivateVendorId => "appliance-mpsa-1"u8;
}
