using System.Net;
using System.Security.Cryptography;
using System.Text;
using Appliance.Crypto;
using Appliance.Ike;
using Appliance.Ike.Messages;

namespace Appliance.LineRate.Group;

/// <summary>A gateway that takes all members by one PAD entry, and a member: each with a shared key, a child to the gateway as it has for BGP, and two Sender-IDs.</summary>
internal static class GroupConfigurations
{
    public const string Group = "mesh", Peer = "gw", Child = "control", Names = "clients.example.org";
    private static readonly byte[] Key = RandomNumberGenerator.GetBytes(32);
    private static readonly Identity Gateway = Identity.Fqdn("gw.example.org");
    private static readonly ChildTemplate Control = new() { Name = Child, Proposals = [new EspProposal { Encryption = [new(EncryptionTransform.AesGcm16, 256)] }], RekeySeconds = 0 };

    public static IPAddress GatewayAddress { get; } = IPAddress.Parse("192.0.2.1");

    public static IPAddress AddressOf(int member) => new([10, (byte)(member >> 16), (byte)(member >> 8), (byte)member]);

    public static Identity IdentityOf(int member) => Identity.Fqdn($"m{member}.{Names}");

    /// <summary>The gateway's, with members that are shut out.</summary>
    public static IkeConfiguration Serve(params int[] excluded) => new()
    {
        Peers =
        [
            Common("sites") with
            {
                LocalIdentity = Gateway, RemoteIdentity = new IdentityPattern(IdentificationType.Fqdn, Encoding.ASCII.GetBytes("*." + Names)),
                Children = [Control with { IsTemplate = true, Local = [Net("10.255.0.0", "10.255.255.255")], Remote = [Net("10.0.0.0", "10.254.255.255")] }],
            },
        ],
        Groups = [new IkeGroup { Name = Group, Senders = 2, Server = new GroupServer { Members = ["sites"], Excluded = [.. excluded.Select(e => IdentityPattern.Exactly(IdentityOf(e)))] } }],
    };

    /// <summary>A member's.</summary>
    public static IkeConfiguration Join(int member) => new()
    {
        Peers =
        [
            Common(Peer) with
            {
                Remote = [GatewayAddress], LocalIdentity = IdentityOf(member), RemoteIdentity = IdentityPattern.Exactly(Gateway),
                Children = [Control with { Local = [Net(AddressOf(member).ToString(), AddressOf(member).ToString())], Remote = [Net("10.255.0.0", "10.255.255.255")] }],
            },
        ],
        Groups = [new IkeGroup { Name = Group, Senders = 2, Gateways = [Peer] }],
    };

    private static IkePeer Common(string name) => new()
    {
        Name = name, LocalIdentity = Gateway, RemoteIdentity = IdentityPattern.Any, SharedKey = Key,
        Proposals = [new IkeProposal { Encryption = [new(EncryptionTransform.AesGcm16, 256)], Prf = [PrfAlgorithm.HmacSha256], KeyExchange = [KeyExchangeMethod.Curve25519] }],
    };

    private static TrafficSelector Net(string low, string high) => new(0, 0, ushort.MaxValue, IPAddress.Parse(low), IPAddress.Parse(high));
}
