using Appliance.SlowPath.Configuration;

namespace Appliance.SlowPath.Tests.Configuration;

/// <summary>A folder with the files that a configuration names.</summary>
internal sealed class PeerFiles : IDisposable
{
    /// <summary>Every key of <c>ike</c>, <c>peers</c> and of a tunnel with a peer.</summary>
    public const string Everything = """
        ike:
          identity: gw-a.example.org
          certificate: gw-a.crt
          private_key: gw-a.key
          authorities: [ca.crt]
          revocation: [ca.crl]
          cookie_threshold: 10
          half_open: 100
          redirect: gw-z.example.org
        peers:
          - name: gw-b
            local: [192.0.2.1, "2001:db8:a::1"]
            remote: [198.51.100.1, "2001:db8:b::1"]
            identity: user@example.org
            peer_identity: "CN=gw-b, O=Example"
            auth: psk
            peer_auth: certificate
            psk: 0x00000000000000000000000000000000000000000000000000000000000000ff
            authorities: [other-ca.crt]
            ppk: { id: p1, key_file: p1.key, required: false }
            proposals: [ aes-256-gcm+chacha20-poly1305/prf-sha256+prf-sha512/x25519+p-256/p-384+none, aes-256-cbc/hmac-sha256/prf-sha256/modp-2048 ]
            rekey: 2h
            liveness: off
            keepalive: 10s
            udp: always
            mobike: false
            fragment_size: off
            childless: true
            unique: false
            allowed: [10.2.0.0/15]
          - name: clients
            local: any
            remote: any
            peer_identity: "*.example.org"
            pools: [10.9.0.10-10.9.0.200, "fd00:9::/112"]
            dns: [10.1.0.53]
        tunnels:
          - name: to-b
            peer: gw-b
            routes: [10.2.0.0/16, 10.3.7.0/24]
            local_selectors: ["10.1.0.0/16[tcp/80]", "10.1.7.1-10.1.7.9[udp/1000-2000]", "any[icmp/8]"]
            remote_selectors: [10.2.0.0/15, "fd00:2::/48[gre]"]
            start: always
            esp: [ aes-256-gcm/x25519, aes-128-gcm/esn, aes-256-cbc/hmac-sha256/no-esn ]
            rekey: 10m
            rekey_bytes: 100G
            rekey_packets: 5M
            replay_window: 64
            resources: 2
            tfc: 64
          - { name: iip, peer: gw-b, mode: iiptran, routes: [10.4.0.0/16], start: passive }
          - { name: ends, peer: gw-b, mode: transport, replay_window: 0 }
          - { name: pool, peer: clients }

        """;

    private readonly string folder = Directory.CreateTempSubdirectory("peers").FullName;

    public PeerFiles()
    {
        Write("gw-b.psk", "0123456789abcdef0123456789abcdef\n");
        Write("p1.key", "0x" + new string('5', 64));
        foreach (var file in new[] { "gw-a.crt", "gw-a.key", "ca.crt", "ca.crl", "other-ca.crt" }) Write(file, "pem");
    }

    public static string One(string tunnel = "", string peer = "") =>
        $"peers:\n  - name: gw-b\n    local: 192.0.2.1\n    remote: 198.51.100.1\n    psk_file: gw-b.psk\n{(peer.Length > 0 ? $"    {peer}\n" : "")}"
        + $"tunnels:\n  - name: to-b\n    peer: gw-b\n    routes: [10.2.0.0/16]\n{(tunnel.Length > 0 ? $"    {tunnel}\n" : "")}";

    public string Path(string file) => System.IO.Path.Combine(folder, file);

    public void Write(string file, string text, UnixFileMode mode = UnixFileMode.UserRead | UnixFileMode.UserWrite)
    {
        File.WriteAllText(Path(file), text);
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(Path(file), mode);
    }

    /// <summary>What is read of ports and these lines; no error is expected. Line 1 is the first of <paramref name="text"/>.</summary>
    public LoadedConfiguration Good(string text)
    {
        var loaded = ConfigurationReader.Read(text + GoldenErrors.Ports, folder, out var problems);
        Assert.Empty(problems.Select(p => p.Format("f")));
        return loaded!;
    }

    /// <summary>The errors of these lines.</summary>
    public string[] Errors(string text)
    {
        var loaded = ConfigurationReader.Read(text + GoldenErrors.Ports, folder, out var problems);
        Assert.Equal(problems.Count == 0, loaded is not null);
        return [.. problems.Select(p => p.Format("f"))];
    }

    public void Dispose() => Directory.Delete(folder, true);
}
