using System.Text.Json.Nodes;
using Appliance.Cli.Show;

namespace Appliance.CliTests;

/// <summary>What <c>appliance show groups</c> and <c>show members</c> make of answers of the API.</summary>
public sealed class GroupTableTests
{
    private const int Width = 80;

    private static readonly JsonArray Answer = JsonNode.Parse("""
        [{"name":"mesh","role":"gateway","local":["192.0.2.1","2001:db8:1::1"],"members":3,"pending":1,"sender_ids_left":1048000,"rekey_seconds":3120,"distribution_milliseconds":42,"rekeys":2,
          "last_rekey":"operator","problem":"",
          "sas":[{"spi":"0x00009001","gateway":"mesh","state":"current","in_use":true,"encryption":"aes-256-gcm","integrity":"none","sent_packets":1200,"sent_bytes":99,"send_drops":1,
                  "received_packets":34567,"integrity_failed":2,"replayed":3,"too_old":0,"other_drops":0,"senders_heard":6,"lifetime_seconds":3500,"age_seconds":100},
                 {"spi":"0x00009002","gateway":"mesh","state":"next","in_use":false,"encryption":"aes-256-gcm","integrity":"none","senders_heard":0,"lifetime_seconds":3600,"activates_seconds":28}]},
         {"name":"other","role":"member","local":["192.0.2.1"],"members":0,"pending":0,"sender_ids_left":0,"rekeys":0,"last_rekey":"","problem":"gateway gw-b hands out a counter-mode SA without Sender-IDs","sas":[]}]
        """)!.AsArray();

    private static readonly JsonArray Members = JsonNode.Parse("""
        [{"group":"mesh","role":"gateway","members":[
           {"peer":"sites","identity":"cpe-1.example.org","remote":"198.51.100.1:500","sender_ids":[1,2],"state":"current","problem":"","age_seconds":400,"packets":1000,"bytes":64000,"replayed":1,"too_old":1,"idle_milliseconds":20,"last_source":"198.51.100.1"},
           {"peer":"sites","identity":"cpe-2.example.org","remote":"198.51.100.2:500","sender_ids":[],"state":"refused","problem":"it got no Sender-IDs","age_seconds":5,"packets":0,"bytes":0,"replayed":0,"too_old":0}],
          "senders":[]},
         {"group":"other","role":"member","members":[],"senders":[{"spi":"0x00009005","sender_id":17,"last_source":"2001:db8::17","worker":1,"packets":5,"bytes":500,"replayed":0,"too_old":0,"idle_milliseconds":3000}]}]
        """)!.AsArray();

    [Fact]
    public void GroupsWithTheirSas() => Assert.Equal("""
        mesh
          gateway, 3 members (1 not yet with the newest SA), rekey in 52min, 2 rekeys,
          the last for operator, told to all in 42ms, 1048000 Sender-IDs left
          ESP addresses 192.0.2.1 2001:db8:1::1
          SPI        STATE   USE SENT  RCVD DROPS HEARD  LEFT THEN      FROM CIPHER
          0x00009001 current yes 1200 34567     6     6 58min -         mesh aes-256-gcm
          0x00009002 next    no     0     0     0     0 60min sends 28s mesh aes-256-gcm

        other
          member
          ESP addresses 192.0.2.1
          PROBLEM: gateway gw-b hands out a counter-mode SA without Sender-IDs
          no SA: nothing is sent into the group

        """, GroupTable.Text(Answer, Width));

    [Fact]
    public void MembersAtTheGatewayAndSendersElsewhere() => Assert.Equal("""
        mesh
          MEMBER             STATE    FROM              IDS  RCVD  REPLAY  IDLE   AGE
          cpe-1.example.org  current  198.51.100.1        2  1000       2  20ms  6min
          cpe-2.example.org  refused  198.51.100.2:500    0     0       0     -    5s
          cpe-2.example.org: it got no Sender-IDs

        other
          SPI         SENDER-ID  FROM          W  RCVD  BYTES  REPLAY  IDLE
          0x00009005         17  2001:db8::17  1     5    500       0    3s

        """, GroupTable.Members(Members, Width));

    [Fact]
    public void WithoutSenderIdsNoneAreCounted()
    {
        var cbc = Answer.DeepClone().AsArray();
        foreach (var sa in cbc[0]!["sas"]!.AsArray()) sa!["sender_id_bits"] = 0;
        Assert.DoesNotContain("Sender-IDs left", GroupTable.Text(cbc, Width), StringComparison.Ordinal);
        var nobody = JsonNode.Parse("""[{"group":"mesh","role":"member","members":[],"senders":[]}]""")!.AsArray();
        Assert.All(GroupTable.Members(nobody, Width).Split('\n'), line => Assert.True(line.Length <= Width, line));
    }

    [Fact]
    public void NoneIsSaid() => Assert.Equal(("none\n", "none\n"), (GroupTable.Text([], Width), GroupTable.Members([], Width)));

    [Fact]
    public void TheLongestFits80Columns()
    {
        var longest = Answer.DeepClone().AsArray();
        (longest[0]!["problem"], longest[0]!["last_rekey"]) = (new string('p', 300) + "\e[31m", "removal of " + new string('n', 200));
        longest[0]!["sas"]![0]!["gateway"] = "a-gateway-with-a-name-of-31-chars";
        longest[0]!["sas"]![0]!["encryption"] = "chacha20-poly1305";
        longest[0]!["sas"]![0]!["received_packets"] = 18_000_000_000_000_000;
        var text = GroupTable.Text(longest, Width);
        Assert.All(text.Split('\n'), line => Assert.True(line.Length <= Width, $"{line.Length}: {line}"));
        Assert.DoesNotContain('\e', text);
        var members = Members.DeepClone().AsArray();
        (members[0]!["members"]![0]!["identity"], members[0]!["members"]![1]!["problem"]) = (new string('i', 255), new string('w', 255));
        Assert.All(GroupTable.Members(members, Width).Split('\n'), line => Assert.True(line.Length <= Width, $"{line.Length}: {line}"));
    }

    [Fact]
    public void ASharedSaIsOneLineInAndOneForEachRecordOut()
    {
        var sas = JsonNode.Parse("""
            [{"direction":"inbound","spi":"0x00009001","tunnel":"mesh.v4","group":"mesh","worker":0,"in_use":true,"packets":7,"bytes":700,"drops":0,"cipher":"aes-256-gcm"},
             {"direction":"outbound","spi":"0x00009001","tunnel":"mesh.v6","group":"mesh","worker":1,"sender_id":4,"in_use":true,"packets":1,"bytes":100,"drops":0,"cipher":"aes-256-gcm"}]
            """)!.AsArray();
        Assert.Equal("""
            DIR  SPI         TUNNEL   USE    W  PKTS  BYTES  DROPS  IDLE  CIPHER
            in   0x00009001  mesh     yes  any     7    700      0     -  aes-256-gcm
            out  0x00009001  mesh.v6  yes    1     1    100      0     -  aes-256-gcm

            """, SubjectTables.Sas(sas, Width));
    }
}
