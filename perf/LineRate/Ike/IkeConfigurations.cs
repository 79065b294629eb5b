using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Appliance.Shared;
using Appliance.LineRate.Nodes;

namespace Appliance.LineRate.Ike;

/// <summary>The two configurations of a case: many peers with a tunnel each towards one responder, which takes them all by one PAD entry.</summary>
internal sealed record IkeConfigurations(string Initiator, string Responder)
{
    private const string Names = "clients.example.org", ResponderName = "gw.example.org", Proposal = "aes-256-gcm/prf-sha256/x25519", Esp = "aes-256-gcm";

    /// <summary>Proof by one shared key; each IKE SA has an identity of its own.</summary>
    public static IkeConfigurations SharedKey(int count, string start = "always")
    {
        var key = "0x" + Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32));
        return Write(count, start, i => $"identity: c{i}.{Names}, peer_identity: {ResponderName}, psk: \"{key}\"",
            $"identity: {ResponderName}, peer_identity: \"*.{Names}\", psk: \"{key}\"", "");
    }

    /// <summary>Proof by ECDSA P-256, a certificate for each side: all IKE SAs have the same identity.</summary>
    public static IkeConfigurations Certificate(int count, string folder)
    {
        var cli = Programs.Find(Programs.Cli);
        Tool.Run([cli, "pki", "init", folder, "--name", "perf", "--key", "p256"]);
        foreach (var name in (string[])[Names, ResponderName]) Tool.Run([cli, "pki", "issue", name, "--ca", folder, "--key", "p256"]);
        return Write(count, "always", _ => $"peer_identity: {ResponderName}, unique: false", $"peer_identity: {Names}, unique: false", folder);
    }

    private static IkeConfigurations Write(int count, string start, Func<int, string> peer, string responder, string folder)
    {
        var (peers, tunnels) = (new StringBuilder(), new StringBuilder());
        for (var i = 0; i < count; i++)
        {
            // A site of its own behind each, and another behind the responder. Entries must differ in something: each has a second address, which is not used while the first answers.
            var site = string.Create(CultureInfo.InvariantCulture, $"{i >> 8}.{i & 255}");
            peers.Append(CultureInfo.InvariantCulture, $"  - {{ name: p{i}, local: {IkeLink.InitiatorAddress}, remote: [{IkeLink.ResponderAddress}, 198.18.{site}], {peer(i)}, proposals: [{Proposal}] }}\n");
            tunnels.Append(CultureInfo.InvariantCulture, $"  - {{ name: t{i}, peer: p{i}, start: {start}, esp: [{Esp}], local_selectors: [10.1.{site}/32], remote_selectors: [10.2.{site}/32] }}\n");
        }

        var room = count + 64;
        return new IkeConfigurations(
            $"""
            instance: initiator
            ports: [ {Port} ]
            region: {Room(room)}
            {Credentials(folder, Names)}
            peers:
            {peers}
            tunnels:
            {tunnels}
            """,
            $"""
            instance: responder
            ports: [ {Port} ]
            region: {Room(room)}
            {Credentials(folder, ResponderName)}
            peers:
              - name: clients
                remote: any
                {responder.Replace(", ", "\n    ", StringComparison.Ordinal)}
                proposals: [{Proposal}]
            tunnels:
              - {"{"} name: sites, peer: clients, esp: [{Esp}], local_selectors: [10.2.0.0/16], remote_selectors: [10.1.0.0/16] {"}"}
            """);
    }

    private static string Port => $"{{ name: wan, device: {IkeLink.Device}, side: unprotected }}";

    private static string Room(int sas) =>
        $"{{ sas: {sas}, tunnels: {sas}, spd_rules: {2 * sas}, next_hops: {2 * sas}, contexts: {4 * sas} }}";

    private static string Credentials(string folder, string name) =>
        folder.Length == 0 ? "" : $"ike: {{ identity: {name}, certificate: {folder}/{name}.crt, private_key: {folder}/{name}.key, authorities: [{folder}/ca.crt], revocation: [{folder}/ca.crl] }}";
}
