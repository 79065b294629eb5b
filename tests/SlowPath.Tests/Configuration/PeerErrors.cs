namespace Appliance.SlowPath.Tests.Configuration;

/// <summary>Each wrong peer or negotiated tunnel beside what is said of it, with its place.</summary>
public sealed class PeerErrors : IDisposable
{
    private readonly PeerFiles files = new();

    public void Dispose() => files.Dispose();

    private static string Peers(params string[] peers) => "peers:\n" + string.Concat(peers.Select(p => $"  - {{ {p} }}\n"));

    /// <summary>The error stands where the text has a '§'.</summary>
    private void Marked(string error, string text)
    {
        var at = text.IndexOf('§', StringComparison.Ordinal);
        var line = text[..at].Count(c => c == '\n') + 1;
        var told = files.Errors(text.Remove(at, 1));
        Assert.Contains(told, e => e.StartsWith($"f:{line}:{at - text.LastIndexOf('\n', at)}: {error}", StringComparison.Ordinal));
    }

    private static string Tunnel(string tunnel) => Peers("name: gw-b, local: 192.0.2.1, remote: 198.51.100.1, psk_file: gw-b.psk", "name: c, identity: a.example, remote: any, peer_identity: c.example, psk_file: gw-b.psk")
        + $"tunnels:\n  - {{ {tunnel} }}\n";

    [Theory]
    [InlineData("nam: x", "f:6:5: unknown key 'nam' in a peer (did you mean 'name'?)")]
    [InlineData("rekey: 4", "f:6:12: 'rekey: 4' is not a time with a unit (write a whole number and s, m, h or d, as in 30s or 4h, or never)")]
    [InlineData("rekey: 4 h", "f:6:12: 'rekey: 4 h' is not a time with a unit (write a whole number and s, m, h or d, as in 30s or 4h, or never)")]
    [InlineData("rekey: 31d", "f:6:12: 'rekey: 31d' is out of range (from 1s to 2592000s, or never)")]
    [InlineData("udp: yes", "f:6:10: 'udp: yes' is not known (known here: always, auto)")]
    [InlineData("mobike: maybe", "f:6:13: 'mobike: maybe' is not known (known here: false, true)")]
    [InlineData("fragment_size: 100", "f:6:20: 'fragment_size: 100' is not a number from 576 to 65000 (write a whole number from 576 to 65000 octets, without a unit)")]
    [InlineData("identity: a b", "f:6:15: 'a b' is no identity (write gw.example.org, user@example.org, an address, or \"CN=gw, O=Example\")")]
    [InlineData("peer_identity: \"*\"", "f:6:20: '*' is no identity or pattern (write gw.example.org, user@example.org, an address, or \"CN=gw, O=Example\"; \"*.example.org\" and \"*@example.org\" stand for many, any for all)")]
    [InlineData("proposals: [aes-256-gcm/prf-sha256/x2551]", "f:6:17: algorithm 'x2551' is not known in an IKE proposal (did you mean 'x25519'?)")]
    [InlineData("proposals: [aes-256-gcm/prf-sha256]", "f:6:17: proposal 'aes-256-gcm/prf-sha256' has no key exchange method (add one, as /x25519 or /p-256+x25519)")]
    [InlineData("proposals: [aes-256-gmac/x25519]", "f:6:17: algorithm 'aes-256-gmac' is not known in an IKE proposal (")]
    [InlineData("proposals: [aes-256-cbc/x25519]", "f:6:17: proposal 'aes-256-cbc/x25519': AES-CBC without integrity (add /hmac-sha256)")]
    [InlineData("proposals: [aes-256-gcm/hmac-sha256/x25519]", "f:6:17: proposal 'aes-256-gcm/hmac-sha256/x25519': this cipher has integrity of its own (remove the hmac part (RFC 5282 §8))")]
    [InlineData("proposals: [aes-256-gcm+aes-256-cbc/x25519]", "f:6:17: proposal 'aes-256-gcm+aes-256-cbc/x25519': AES-CBC and ciphers with integrity of their own side by side (write two proposals (RFC 7296 §3.3))")]
    [InlineData("proposals: [aes-256-gcm/x25519+none]", "f:6:17: an IKE SA without a key exchange ('none' may stand among additional key exchanges alone (RFC 9370 §2.2.2))")]
    [InlineData("proposals: [aes-256-gcm+x25519]", "f:6:17: 'aes-256-gcm+x25519' joins algorithms of different kinds, or one twice ('+' joins alternatives, '/' stands between kinds: aes-256-gcm+aes-128-gcm/prf-sha256/x25519)")]
    [InlineData("allowed: [10.2.0.0/16x]", "f:6:15: '10.2.0.0/16x': a prefix length here is 0 to 32 (write 10.1.0.0/16, LOW-HIGH or any, with [tcp/80] behind it where it is narrower)")]
    [InlineData("pools: [10.9.0.9-10.9.0.1]", "f:6:13: '10.9.0.9-10.9.0.1' is no pool of addresses (write 10.9.0.10-10.9.0.200 or 10.9.0.0/24)")]
    [InlineData("dns: [10.1.0.53]", "f:6:10: 'dns' without 'pools' (DNS servers are told to clients that are given an address)")]
    [InlineData("authorities: [none.crt]\n    peer_auth: certificate", "f:6:19: there is no file '")]
    [InlineData("certificate: gw-a.crt", "f:6:18: 'certificate' without 'private_key' (write both, PEM files)")]
    [InlineData("certificate: gw-a.crt\n    private_key: gw-a.key\n    auth: psk", "f:6:18: a certificate that nobody uses (write auth: certificate, or remove it)")]
    [InlineData("auth: certificate\n    authorities: [ca.crt]\n    peer_auth: psk", "f:6:11: a certificate of ours that is not there (write certificate and private_key here or in 'ike')")]
    [InlineData("peer_auth: certificate", "f:2:5: nobody vouches for the peer's certificate: no 'authorities' (write authorities: [ca.crt] here or in 'ike')")]
    [InlineData("ppk: { id: p }", "f:6:10: ppk has no 'key_file' (write key_file: FILE with at least 32 random octets (RFC 8784 §6))")]
    [InlineData("psk: text of a key that is long", "f:6:10: both 'psk' and 'psk_file' (keep one of them)")]
    public void APeersKey(string line, string error)
    {
        Assert.StartsWith(error, Assert.Single(files.Errors(PeerFiles.One(peer: line))), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("§name: x, local: 192.0.2.1, remote: 198.51.100.1", "a peer without a secret: no 'psk_file', no 'certificate' (write psk_file: FILE, or certificate and private_key here or in 'ike')")]
    [InlineData("name: x, local: 192.0.2.1, remote: 198.51.100.1, auth: §psk", "a peer with a shared key that is not there (write psk_file: FILE, the same key on both sides)")]
    [InlineData("§name: x, local: 192.0.2.1, psk_file: gw-b.psk", "a peer has no 'remote' (write the peer's address, or any when it comes to us from anywhere)")]
    [InlineData("§name: x, local: 192.0.2.1, remote: any, psk_file: gw-b.psk", "a peer has no 'peer_identity' and not one address to take for it (write peer_identity: gw.example.org, \"*.example.org\", or any)")]
    [InlineData("§name: x, remote: 198.51.100.1, psk_file: gw-b.psk", "a peer has no 'identity' of ours and no local address to take for it (write identity: gw.example.org here or in 'ike')")]
    [InlineData("name: x, local: 192.0.2.1, remote: §\"2001:db8::1\", psk_file: gw-b.psk", "no pair of local and remote addresses is of one family (both IPv4 or both IPv6)")]
    [InlineData("name: x, local: 192.0.2.1, remote: §192.0.2.1, psk_file: gw-b.psk", "192.0.2.1 is both local and remote (remote is the peer's address)")]
    [InlineData("name: x, local: 192.0.2.1, remote: §224.0.0.1, psk_file: gw-b.psk", "'remote: 224.0.0.1' is no unicast address of a network (write the address that the peers see)")]
    [InlineData("name: x, local: 192.0.2.1, remote: any, peer_identity: y.example, psk_file: gw-b.psk, request_address: §true", "nobody to ask: the peer has no address (write the peer's address as 'remote')")]
    public void APeer(string peer, string error) => Marked(error, peer.StartsWith('§') ? Peers(peer[1..]).Insert("peers:\n  - ".Length, "§") : Peers(peer));

    [Fact]
    public void PeersThatCannotBeToldApart() => Assert.Equal(
        ["f:3:5: peer 'y' cannot be told from 'x' in line 2: same addresses, same identities (give it another 'peer_identity', or put the tunnels into one peer)",
         "f:4:5: there is a peer 'x' already, in line 2 (give it another name)"],
        files.Errors(Peers("name: x, local: 192.0.2.1, remote: 198.51.100.1, psk_file: gw-b.psk", "name: y, local: 192.0.2.1, remote: 198.51.100.1, psk_file: gw-b.psk",
            "name: x, local: 192.0.2.1, remote: 198.51.100.2, psk_file: gw-b.psk")));

    [Fact]
    public void PoolsThatOverlap() => Marked("this pool of peer 'y' overlaps that of 'x' in line 2 (an address is given out once: split them)",
        Peers("name: x, identity: a.example, remote: any, peer_identity: x.example, psk_file: gw-b.psk, pools: [10.9.0.0/24]",
            "name: y, identity: a.example, remote: any, peer_identity: y.example, psk_file: gw-b.psk, pools: [§10.9.0.200-10.9.1.9]"));

    [Theory]
    [InlineData("name: t, peer: §gw-x, routes: [10.2.0.0/16]", "there is no peer 'gw-x' (did you mean 'gw-b'?)")]
    [InlineData("§name: t, peer: gw-b", "what lies behind peer 'gw-b' is not said (write routes: [10.2.0.0/16], or give the peer 'pools')")]
    [InlineData("name: t, peer: gw-b, routes: [10.2.0.0/16], local: §192.0.2.1", "'local' beside 'peer' (it comes from the peer: remove 'local')")]
    [InlineData("name: t, peer: gw-b, routes: [10.2.0.0/16], encapsulation: §udp", "'encapsulation' beside 'peer' (the peer says it: udp: auto or always)")]
    [InlineData("name: t, peer: c, routes: [10.2.0.0/16], start: §always", "peer 'c' has no address to start it with (write start: passive, or the peer's address as its 'remote')")]
    [InlineData("name: t, peer: c, routes: [10.2.0.0/16], start: §on-demand", "peer 'c' has no address to start it with (write start: passive, or the peer's address as its 'remote')")]
    [InlineData("name: t, peer: gw-b, routes: [10.2.0.0/16], start: §now", "'start: now' is not known (known here: always, on-demand, passive)")]
    [InlineData("name: t, peer: gw-b, routes: [10.2.0.0/16], rekey_bytes: §100GB", "'rekey_bytes: 100GB' is no amount (write a whole number, with K, M, G or T (1000, 1000000, …) as in 100G, or 0 for never)")]
    [InlineData("name: t, peer: gw-b, routes: [10.2.0.0/16], replay_window: §100", "a replay window of 100 packets (0, or a multiple of 64 up to 4096)")]
    [InlineData("name: t, peer: gw-b, routes: [10.2.0.0/16], replay_window: 0, esp: [§aes-256-gcm/esn]", "extended sequence numbers without a replay window (write no-esn, or a replay_window (RFC 4303 §3.3.3))")]
    [InlineData("name: t, peer: gw-b, routes: [10.2.0.0/16], esp: [§aes-256-gcm/prf-sha256]", "algorithm 'prf-sha256' is not known in an ESP proposal (")]
    [InlineData("name: t, peer: gw-b, routes: [10.2.0.0/16], esp: [§aes-256-gcm/x25519+none/p-256]", "additional key exchanges without a first one ('none' may stand among additional key exchanges alone (RFC 9370 §2.2.4); alternatives are joined by '+')")]
    [InlineData("name: t, peer: gw-b, routes: [10.2.0.0/16], resources: §0", "'resources: 0' is not a number from 1 to 16 (write a whole number from 1 to 16, without a unit)")]
    [InlineData("name: t, peer: gw-b, routes: §[10.2.0.0/16], remote_selectors: [10.3.0.0/16]", "route 10.2.0.0/16 is not within one remote selector (packets for it would be refused: widen 'remote_selectors' or correct 'routes')")]
    [InlineData("name: t, peer: gw-b, routes: [10.2.0.0/16], local_selectors: §[\"fd00::/16\"]", "local and remote selectors are of different families (one selector of each family on both sides)")]
    [InlineData("name: t, peer: gw-b, remote_selectors: [§\"10.2.0.0/16[gre/80]\"]", "'10.2.0.0/16[gre/80]': what stands in brackets is no protocol with its ports (write [tcp], [tcp/80], [udp/1000-2000], [icmp/8] or a protocol's number; only tcp, udp and sctp have ports)")]
    [InlineData("name: t, peer: gw-b, mode: iiptran, routes: [10.2.0.0/16], remote_selectors: §[10.2.0.0/16]", "traffic selectors of an IIPtran tunnel (they are its outer addresses; 'routes' say what goes into it (RFC 3884 §3.1))")]
    [InlineData("name: t, peer: gw-b, mode: transport, routes: §[10.2.0.0/16]", "a transport-mode tunnel carries traffic of its two ends alone (remove 'routes', or write mode: tunnel or mode: iiptran)")]
    [InlineData("name: t, local: 192.0.2.1, remote: 198.51.100.1, start: §always", "'start' without 'peer' (name the peer whom keys are negotiated with, or remove it)")]
    [InlineData("name: §a-name-of-more-than-24-octets, peer: c, routes: [10.2.0.0/16]", "'a-name-of-more-than-24-octets' is too long for a tunnel of many peers (at most 24 octets: each of them is given a number behind it)")]
    public void ATunnel(string tunnel, string error) => Marked(error, tunnel.StartsWith('§') ? Tunnel(tunnel[1..]).Replace("- { name: t", "- §{ name: t", StringComparison.Ordinal) : Tunnel(tunnel));

    [Fact]
    public void ManualKeysBesideAPeer()
    {
        const string Key = "00112233445566778899aabbccddeeff";
        const string Sa = $"encryption_key: {Key}, integrity_key: {Key}{Key}";
        Marked("'manual' beside 'peer' (keys come from the file or are negotiated: remove one of them)",
            Tunnel($"name: t, peer: gw-b, routes: [10.2.0.0/16], manual: §{{ cipher: aes-128-cbc-hmac-sha2-256-128, outbound: {{ spi: 256, {Sa} }}, inbound: {{ spi: 257, {Sa} }} }}"));
    }

    [Fact]
    public void DerivedRoutesOverlapLikeWrittenOnes() => Assert.Equal(
        ["f:6:40: route 10.2.3.0/24 of tunnel 'u' overlaps 10.2.0.0/16 of tunnel 't' in line 5 (every inner prefix is behind one tunnel: split or remove one of them)"],
        files.Errors(Tunnel("name: t, peer: gw-b, routes: [10.2.0.0/16]") + "  - { name: u, peer: c, remote_selectors: [10.2.3.0/24] }\n  - { name: v, peer: gw-b, remote_selectors: [\"10.2.3.0/24[tcp]\"] }\n")
            .Select(e => e.Replace("f:7:46", "f:6:40", StringComparison.Ordinal).Replace("'v'", "'u'", StringComparison.Ordinal)));

    [Fact]
    public void APolicyCannotNameATunnelOfManyPeers() => Marked("tunnel 't' stands for many peers (remove 'tunnel': each packet goes by route to the peer that has its destination)",
        Tunnel("name: t, peer: c, routes: [10.2.0.0/16]") + "policies: [{ action: protect, tunnel: §t }]\n");

    [Fact]
    public void KeysOfIke() => Assert.Equal(
        ["f:1:8: unknown key 'identiti' in ike (did you mean 'identity'?)", "f:1:43: cookies would never be asked for: more than 'half_open' (lower 'cookie_threshold' or raise 'half_open' (RFC 7296 §2.6))",
         "f:1:73: 'redirect: a b' is no address or domain name (name the gateway that takes over (RFC 5685 §3))"],
        files.Errors("ike: { identiti: x,     cookie_threshold: 100, half_open: 10, redirect: a b }\n"));

    [Fact]
    public void AKeyThatIsWrongIsNotShown()
    {
        foreach (var key in new[] { "0xsecretsecret", "0s*secret*" })
        {
            files.Write("gw-b.psk", key);
            Assert.DoesNotContain("secret", Assert.Single(files.Errors(PeerFiles.One())), StringComparison.Ordinal);
        }

        files.Write("gw-b.psk", new string('k', 5000));
        Assert.Contains("longer than 4096 octets", Assert.Single(files.Errors(PeerFiles.One())), StringComparison.Ordinal);
        files.Write("gw-b.psk", "");
        Assert.Contains("is empty", Assert.Single(files.Errors(PeerFiles.One())), StringComparison.Ordinal);
    }

    [Fact]
    public void WhatIsAllowedAndUnwise()
    {
        files.Write("gw-b.psk", "short", UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead);
        var warnings = files.Good(PeerFiles.One(tunnel: "esp: [aes-256-cbc/hmac-sha1, aes-128-gmac]", peer: "peer_identity: \"*.example.org\"") + "").Warnings.Select(w => w.Format("f")).ToArray();
        Assert.Equal(5, warnings.Length);
        Assert.Contains("can be read by others (chmod 600", warnings[0] + warnings[1], StringComparison.Ordinal);
        Assert.Contains("f:5:15: a key of 5 octets (take at least 16", warnings[0] + warnings[1], StringComparison.Ordinal);
        Assert.StartsWith("f:6:20: one shared key for many identities", warnings[2], StringComparison.Ordinal);
        Assert.Contains("uses SHA-1", warnings[3], StringComparison.Ordinal);
        Assert.Contains("encrypts nothing", warnings[4], StringComparison.Ordinal);
        Assert.StartsWith("f:2:5: no tunnel names peer 'x'", Assert.Single(files.Good(Peers("name: x, local: 192.0.2.1, remote: 198.51.100.1, psk_file: p1.key")).Warnings).Format("f"), StringComparison.Ordinal);
    }
}
