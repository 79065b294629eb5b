using System.Net;

namespace Appliance.Ike.Messages;

/// <summary>A payload of every kind: the object, and the octets of its body written down by hand from RFC 7296 §3.</summary>
internal static class Samples
{
    private const string Hash = "000102030405060708090a0b0c0d0e0f10111213";

    public static readonly byte[] Nonce = [.. Enumerable.Range(1, 32).Select(i => (byte)i)];

    public static readonly Proposal Esp = new(1, ProtocolId.Esp, [0xc0, 0xff, 0xee, 0x01],
    [
        new Transform(TransformType.Encryption, (ushort)EncryptionTransform.AesGcm16, 256),
        new Transform(TransformType.ExtendedSequenceNumbers, 0),
    ]);

    public static readonly Proposal IkeProposal = new(1, ProtocolId.Ike, [],
    [
        new Transform(TransformType.Encryption, (ushort)EncryptionTransform.AesGcm16, 256),
        new Transform(TransformType.PseudoRandomFunction, 5),
        new Transform(TransformType.KeyExchange, 31),
    ]);

    /// <summary>Private protocol, SPI of one octet, private transforms and attributes, as later documents have them.</summary>
    public static readonly Proposal Private = new(7, (ProtocolId)201, [0x2a],
    [
        new Transform((TransformType)250, 3) { Others = [(16400, [1, 2, 3, 4]), (0x8000 | 17, [0xab, 0xcd])] },
        new Transform((TransformType)246, 1, 128) { Others = [(16389, [20, 0, 0, 0, 9])] },
    ]);

    public static IReadOnlyList<(string Name, Payload Payload, string Body)> All { get; } =
    [
        ("SA of a child", new SecurityAssociationPayload([Esp]), "00000020 01030402 c0ffee01  0300000c 01000014 800e0100  00000008 05000000"),
        ("SA of an IKE SA", new SecurityAssociationPayload([IkeProposal]), "00000024 01010003  0300000c 01000014 800e0100  03000008 02000005  00000008 0400001f"),
        ("SA with two proposals", new SecurityAssociationPayload([Esp, Esp with { Number = 2, Transforms = [] }]),
            "02000020 01030402 c0ffee01  0300000c 01000014 800e0100  00000008 05000000  0000000c 02030400 c0ffee01"),
        ("SA, private", new SecurityAssociationPayload([Private]),
            "00000032 07c90102 2a  03000014 fa000003 40100004 01020304 8011abcd  00000015 f6000001 800e0080 40050005 1400000009"),
        ("KE", new KeyExchangePayload(31, [1, 2, 3, 4, 5, 6, 7, 8]), "001f0000 0102030405060708"),
        ("IDi, name", new IdentificationPayload(true, IdentificationType.Fqdn, "gw"u8.ToArray()), "02000000 6777"),
        ("IDr, IPv4", new IdentificationPayload(false, IdentificationType.Ipv4Address, [192, 0, 2, 1]), "01000000 c0000201"),
        ("IDr, IPv6", new IdentificationPayload(false, IdentificationType.Ipv6Address, IPAddress.Parse("2001:db8::1").GetAddressBytes()), "05000000 20010db8000000000000000000000001"),
        ("CERT", new CertificatePayload(4, [0x30, 0x03, 0x02, 0x01, 0x00]), "04 3003020100"),
        ("CERTREQ", new CertificateRequestPayload(4, Convert.FromHexString(Hash)), "04" + Hash),
        ("AUTH", new AuthenticationPayload(AuthenticationMethod.SharedKey, [9, 8, 7, 6]), "02000000 09080706"),
        ("Nonce", new NoncePayload(Nonce), Convert.ToHexString(Nonce)),
        ("N", new NotifyPayload(NotifyType.InvalidKePayload, [0, 31]), "00000011 001f"),
        ("N, REKEY_SA", new NotifyPayload(ProtocolId.Esp, [1, 2, 3, 4], NotifyType.RekeySa, []), "03044009 01020304"),
        ("D of the IKE SA", new DeletePayload(ProtocolId.Ike, []), "01000000"),
        ("D of children", new DeletePayload(ProtocolId.Esp, [0xc0ffee01, 2]), "03040002 c0ffee01 00000002"),
        ("D, private", new DeletePayload((ProtocolId)201, [0x2a, 0x2b]) { SpiSize = 1 }, "c9010002 2a2b"),
        ("V", new VendorIdPayload("multi-point SA"u8.ToArray()), Convert.ToHexString("multi-point SA"u8)),
        ("TSi", new TrafficSelectorPayload(true, [new TrafficSelector(6, 80, 80, IPAddress.Parse("10.1.0.0"), IPAddress.Parse("10.1.255.255")), TrafficSelector.AnyV6]),
            "02000000 07060010 00500050 0a010000 0a01ffff  08000028 0000ffff 00000000000000000000000000000000 ffffffffffffffffffffffffffffffff"),
        ("TSr, OPAQUE", new TrafficSelectorPayload(false, [new TrafficSelector(17, 65535, 0, IPAddress.Any, IPAddress.Broadcast)]), "01000000 07110010 ffff0000 00000000 ffffffff"),
        ("CP", new ConfigurationPayload(ConfigurationKind.Reply, [new ConfigurationAttribute(1, [10, 9, 0, 1]), new ConfigurationAttribute(3, [])]), "02000000 00010004 0a090001 00030000"),
    ];

    public static TheoryData<string> Names => [.. All.Select(s => s.Name)];

    public static (Payload Payload, byte[] Body) Of(string name)
    {
        var (_, payload, body) = All.First(s => s.Name == name);
        return (payload, Hex(body));
    }

    public static byte[] Hex(string text) => Convert.FromHexString(text.Replace(" ", "", StringComparison.Ordinal));

    /// <summary>A chain of one payload of this body, with the right length.</summary>
    public static byte[] Chain(byte[] body) => [0, 0, (byte)((body.Length + 4) >> 8), (byte)(body.Length + 4), .. body];

    /// <summary>Reads a single payload.</summary>
    public static Payload? Read(PayloadType type, byte[] chain, out MessageError error)
    {
        var read = PayloadReader.TryRead(type, chain, out var payloads, out error);
        Assert.Equal(read, error.Kind == MessageErrorKind.None);
        Assert.Equal(read, payloads.Count > 0);
        return read ? Assert.Single(payloads) : null;
    }

    /// <summary>The error that the body of a payload gives.</summary>
    public static MessageErrorKind Refused(PayloadType type, string body)
    {
        Read(type, Chain(Hex(body)), out var error);
        Assert.True(error.Kind == MessageErrorKind.None || (error.Payload == type && error.Notify == NotifyType.InvalidSyntax), error.ToString());
        return error.Kind;
    }
}
