using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Appliance.Ike;
using Appliance.Shared;
using Appliance.SlowPath.Api;
using Appliance.SlowPath.Tests.Sas;

namespace Appliance.SlowPath.Tests.Serving;

/// <summary>What the API says of groups: IKE's word joined with the region's counters.</summary>
public sealed class GroupViewTests : IDisposable
{
    private readonly Bench bench = MeshGroup.Bench();

    public GroupViewTests()
    {
        Assert.Null(bench.Install(MeshGroup.Of(0x9001, 1, 2, 3, 4)));
        bench.With(g => g.Activate("mesh", 0x9001));
        Assert.Null(bench.Install(MeshGroup.Of(0x9002, 1, 2, 3, 4), key: 2));
    }

    public void Dispose() => bench.Dispose();

    [Fact]
    public void AGroupsSasHaveTheSumsOfTheirRecords()
    {
        foreach (var entry in bench.Entries(0x9001).Where(e => e.IsOutbound))
        {
            ref var state = ref bench.Region.OutboundState(entry.Slot);
            (state.Packets, state.Bytes, state.Drops, state.Sequence) = (10, 1000, 1, 1UL << 43);
        }

        Hear(0x9001, 77, 5, 500);
        Hear(0x9001, 78, 7, 700);
        var view = bench.On(() => GroupViews.Of(bench.Gateway, Status("gateway")));
        Assert.Equal(["192.0.2.1", "2001:db8::1"], view.Local);
        Assert.Equal((0x9001.ToString("x8"), true, 40ul, 4000ul, 4ul, 12ul, 1200ul, 2, 50), (view.Sas[0].Spi[2..], view.Sas[0].InUse, view.Sas[0].SentPackets, view.Sas[0].SentBytes, view.Sas[0].SendDrops,
            view.Sas[0].ReceivedPackets, view.Sas[0].ReceivedBytes, view.Sas[0].SendersHeard, view.Sas[0].IvsUsedPercent));
        Assert.Equal((false, 0ul, 0), (view.Sas[1].InUse, view.Sas[1].ReceivedPackets, view.Sas[1].SendersHeard));
        var text = new StringBuilder();
        GroupMetrics.Write(text, [view]);
        Assert.Contains("appliance_group_sa_received_packets_total{group=\"mesh\",spi=\"0x00009001\",state=\"current\"} 12\n", text.ToString(), StringComparison.Ordinal);
        Assert.Contains("appliance_group_members{group=\"mesh\",role=\"gateway\"} 2\n", text.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void MembersHaveTheCountersOfTheirSenderIdsUnderTheNewestSa()
    {
        Hear(0x9001, 77, 5, 500);
        Hear(0x9002, 77, 3, 300);
        Hear(0x9002, 78, 4, 400);
        Hear(0x9002, 99, 1, 100);
        GroupMemberStatus[] members = [new("mesh", "sites", "cpe-1", "198.51.100.1:500", [77, 78], "current", "", 10), new("mesh", "sites", "cpe-2", "198.51.100.2:500", [], "refused", "no Sender-IDs", 5)];
        var view = bench.On(() => GroupViews.MembersOf(bench.Gateway, Status("gateway"), members));
        Assert.Equal((7ul, 700ul, "203.0.113.77"), (view.Members[0].Packets, view.Members[0].Bytes, view.Members[0].LastSource));
        Assert.Equal((0ul, null, "no Sender-IDs"), (view.Members[1].Packets, view.Members[1].LastSource, view.Members[1].Problem));
        Assert.Equal([("0x00009001", 77u, null), ("0x00009002", 77u, "cpe-1"), ("0x00009002", 78u, "cpe-1"), ("0x00009002", 99u, null)], view.Senders.Select(s => (s.Spi, s.SenderId, s.Member)));
    }

    /// <summary>A slot that has another life now has other senders.</summary>
    [Fact]
    public void SendersOfAnSaThatIsGoneAreNotShown()
    {
        Hear(0x9001, 77, 5, 500);
        bench.With(g => g.Remove("mesh", 0x9001, "rolled over"));
        Assert.Empty(bench.On(() => GroupViews.MembersOf(bench.Gateway, Status("member"), [])).Senders);
        Assert.True(SpinWait.SpinUntil(() =>
        {
            bench.Sweep();
            return bench.Region.LiveSenders().Count == 0;
        }, 5000));
    }

    [Fact]
    public void TheApiAnswers()
    {
        using var http = bench.Client();
        Assert.Empty(JsonNode.Parse(Get(http, "/groups", HttpStatusCode.OK))!.AsArray());
        Assert.Contains("there is no group", Get(http, "/groups/none/members", HttpStatusCode.NotFound), StringComparison.Ordinal);
        var sas = JsonNode.Parse(Get(http, "/sa", HttpStatusCode.OK))!.AsArray().Where(s => (string?)s!["spi"] == "0x00009001").ToList();
        Assert.Equal(5, sas.Count);
        Assert.All(sas, s => Assert.Equal("mesh", (string?)s!["group"]));
        Assert.Equal(["1", "2", "3", "4"], sas.Where(s => s!["sender_id"] is not null).Select(s => s!["sender_id"]!.ToString()));
        var lines = Get(http, "/metrics", HttpStatusCode.OK).Split('\n').Where(l => l.Length > 0 && l[0] != '#').Select(l => l[..l.LastIndexOf(' ')]).ToList();
        Assert.Equal(lines.Distinct().Count(), lines.Count);
    }

    private static string Get(HttpClient http, string path, HttpStatusCode wanted)
    {
        using var answer = http.Send(new HttpRequestMessage(HttpMethod.Get, path));
        Assert.Equal(wanted, answer.StatusCode);
        return new StreamReader(answer.Content.ReadAsStream()).ReadToEnd();
    }

    private static GroupStatus Status(string role) => new()
    {
        Name = "mesh", Role = role, Members = 2,
        Sas = [new GroupSaStatus(MeshGroup.Of(0x9001, 1, 2, 3, 4), "current", 100, 3500, null, null), new GroupSaStatus(MeshGroup.Of(0x9002, 1, 2, 3, 4), "next", 1, 3599, 29, null)],
    };

    private void Hear(uint spi, uint senderId, ulong packets, ulong bytes)
    {
        var slot = bench.Found(spi, MeshGroup.V4);
        uint cursor = 0;
        bench.Region.Senders.Claim(slot, bench.Region.InboundSa(slot).Generation, senderId, 1, ref cursor, out var record);
        ref var sender = ref bench.Region.Sender(record);
        (sender.Packets, sender.Bytes, sender.LastUsed, sender.LastSource) = (packets, bytes, Environment.TickCount64, FakeKernel.Ip("203.0.113.77"));
    }
}
