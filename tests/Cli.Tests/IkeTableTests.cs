using System.Text.Json.Nodes;
using Appliance.Cli.Show;

namespace Appliance.CliTests;

/// <summary>What <c>appliance show ike</c> makes of an answer of the API.</summary>
public sealed class IkeTableTests
{
    private const int Width = 80;
    private const string Address = "2001:db8:1111:2222:3333:4444:5555:6666";

    private static readonly JsonNode Answer = JsonNode.Parse("""
        {"sas":[{"peer":"gw-b","state":"established","is_initiator":true,"initiator_spi":"0x00112233445566aa","responder_spi":"0x99aabbccddeeff00","local":"192.0.2.1:500","remote":"198.51.100.1:500",
          "local_identity":"gw-a.example.org","remote_identity":"gw-b.example.org","suite":"aes-256-gcm/prf-sha256/x25519","nat":"none","age_seconds":724,"rekey_seconds":13100,
          "extensions":["fragmentation","mobike"],
          "children":[{"tunnel":"to-b","state":"established","inbound_spi":"0x00001001","outbound_spi":"0x00001002","mode":"tunnel","encryption":"aes-256-gcm","integrity":"","esn":true,
            "local_selectors":["10.1.0.0/16"],"remote_selectors":["10.2.0.0/16"],"replay_window":1024,"age_seconds":724,"rekey_seconds":2800},
            {"tunnel":"clients","instance":"clients/7","worker":3,"state":"rekeying","inbound_spi":"0x00002001","outbound_spi":"0x00002002","encryption":"aes-256-cbc","integrity":"hmac-sha256","age_seconds":5}]}],
         "peers":[{"peer":"gw-c","state":"waiting","last_problem":"no proposal chosen: peer offered aes-128-cbc/hmac-sha1/modp-1024, we accept aes-256-gcm/prf-sha256/x25519","next_attempt_seconds":12,"attempts":3}]}
        """)!;

    private static readonly JsonArray Sas = JsonNode.Parse("""[{"direction":"outbound","spi":"0x00001002","bytes":123456},{"direction":"inbound","spi":"0x00001001","bytes":7},{"direction":"inbound","spi":"0x00001002","bytes":9}]""")!.AsArray();

    [Fact]
    public void AnSaItsChildrenAndWhoWaits() => Assert.Equal("""
        gw-b
          established, initiator, age 12min, rekey in 3h
          192.0.2.1:500 (gw-a.example.org) to 198.51.100.1:500 (gw-b.example.org)
          aes-256-gcm/prf-sha256/x25519, no NAT, fragmentation, mobike
          SPIs 0x00112233445566aa 0x99aabbccddeeff00
          CHILD       STATE    OUT-SPI    IN-SPI       SENT RCVD   AGE REKEY CIPHER
          to-b        up       0x00001002 0x00001001 123.5k    7 12min 46min aes-256-gcm
          clients/7#3 rekeying 0x00002002 0x00002001      -    -    5s     - aes-256-cb…

        PEER STATE   TRIES NEXT LAST PROBLEM
        gw-c waiting     3  12s no proposal chosen: peer offered
                                aes-128-cbc/hmac-sha1/modp-1024, we accept
                                aes-256-gcm/prf-sha256/x25519

        """, IkeTable.Text(Answer, Sas, Width));

    [Fact]
    public void TheLongestFits80Columns()
    {
        var longest = Answer.DeepClone();
        var sa = longest["sas"]![0]!;
        sa["peer"] = "a-peer-with-a-name-of-31-letters";
        (sa["local"], sa["remote"]) = ($"[{Address}]:4500", $"[{Address}]:65535");
        (sa["local_identity"], sa["remote_identity"]) = (new string('i', 255), "CN=" + new string('n', 200) + "\e[31m");
        sa["suite"] = "chacha20-poly1305/prf-sha512/modp-4096/ml-kem-1024/ml-kem-768";
        sa["children"]![0]!["tunnel"] = "a-tunnel-with-a-name-of-31-chars";
        sa["children"]![0]!["age_seconds"] = 8_640_000;
        longest["peers"]![0]!["peer"] = "a-peer-with-a-name-of-31-letters";
        var text = IkeTable.Text(longest, [], Width);
        Assert.All(text.Split('\n'), line => Assert.True(line.Length <= Width, $"{line.Length}: {line}"));
        Assert.DoesNotContain('\e', text);
        Assert.Contains(new string('i', 70), text, StringComparison.Ordinal);
    }

    [Fact]
    public void NothingSaysNone()
    {
        Assert.Equal("none\n", IkeTable.Text(JsonNode.Parse("""{"sas":[],"peers":[]}""")!, [], Width));
        Assert.Equal("none\n", IkeTable.Text(JsonNode.Parse("{}")!, [], Width));
        Assert.Equal("", IkeTable.Peers(JsonNode.Parse("{}")!, Width));
    }

    [Fact]
    public void AHalfOpenSaHasNoAgeYet() => Assert.Equal("""
        unknown peer
          connecting, responder
          192.0.2.1:500 to 198.51.100.1:500
          no suite yet, no NAT
          SPIs 0x01 0x00

        """, IkeTable.Text(JsonNode.Parse("""{"sas":[{"peer":"","state":"connecting","is_initiator":false,"initiator_spi":"0x01","responder_spi":"0x00","local":"192.0.2.1:500","remote":"198.51.100.1:500"}]}""")!, [], Width));
}
