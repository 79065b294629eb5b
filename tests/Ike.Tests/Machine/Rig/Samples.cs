using System.Net;
using System.Text;
using Appliance.Crypto;
using Appliance.Ike.Messages;

namespace Appliance.Ike.Machine.Rig;

/// <summary>Configurations of two gateways.</summary>
internal static class Samples
{
    public static readonly IPAddress AddressA = IPAddress.Parse("192.0.2.1");
    public static readonly IPAddress AddressB = IPAddress.Parse("198.51.100.1");

    public static readonly IkeProposal X25519 = new()
    {
        Encryption = [new(EncryptionTransform.AesGcm16, 256)], Prf = [PrfAlgorithm.HmacSha256], KeyExchange = [KeyExchangeMethod.Curve25519],
    };

    public static readonly IkeProposal P256OrX25519 = X25519 with { KeyExchange = [KeyExchangeMethod.EcpP256, KeyExchangeMethod.Curve25519] };

    public static readonly ChildTemplate Tunnel = new()
    {
        Name = "tunnel", Start = ChildStart.Always, Proposals = [new EspProposal { Encryption = [new(EncryptionTransform.AesGcm16, 256)] }],
    };

    public static IkePeer PeerB(string key = "secret") => new()
    {
        Name = "b", Local = [AddressA], Remote = [AddressB], LocalIdentity = Identity.Fqdn("a.example.org"), RemoteIdentity = IdentityPattern.Exactly(Identity.Fqdn("b.example.org")),
        SharedKey = Encoding.ASCII.GetBytes(key), Proposals = [X25519], Children = [Tunnel with { Local = [Net("10.1.0.0", "10.1.255.255")], Remote = [Net("10.2.0.0", "10.2.255.255")] }],
    };

    public static IkePeer PeerA(string key = "secret") => new()
    {
        Name = "a", Local = [AddressB], Remote = [AddressA], LocalIdentity = Identity.Fqdn("b.example.org"), RemoteIdentity = IdentityPattern.Exactly(Identity.Fqdn("a.example.org")),
        SharedKey = Encoding.ASCII.GetBytes(key), Proposals = [X25519],
        Children = [Tunnel with { Start = ChildStart.Passive, Local = [Net("10.2.0.0", "10.2.255.255")], Remote = [Net("10.1.0.0", "10.1.255.255")] }],
    };

    public static IkeConfiguration With(params IkePeer[] peers) => new() { Peers = peers };

    public static TrafficSelector Net(string low, string high) => new(0, 0, ushort.MaxValue, IPAddress.Parse(low), IPAddress.Parse(high));
}
