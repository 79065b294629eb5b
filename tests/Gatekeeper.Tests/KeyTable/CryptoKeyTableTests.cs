using Appliance.Crypto;

namespace Appliance.Gatekeeper.Tests.KeyTable;

/// <summary>Key selection and rollover of RFC 7210 §3.</summary>
public class CryptoKeyTableTests
{
    private static DateTimeOffset At(string time) => KeyTime.TryParse(time, out var parsed) ? parsed : throw new FormatException(time);

    private static KeyLifetime Hours(int from, int to) => new(At("20261121000000Z").AddHours(from), At("20261121000000Z").AddHours(to));

    private static KeyRow Row(string name, string local = "3d", KeyLifetime? send = null, KeyLifetime? accept = null, KeyDirection direction = KeyDirection.Both, string peer = "192.0.2.1",
        string protocol = "TCP-AO", string[]? interfaces = null, string theirs = "54") => new()
    {
        AdminKeyName = name, LocalKeyName = local, PeerKeyName = theirs, Peers = [peer], Protocol = protocol, AlgId = "HMAC-SHA-1-96", Kdf = "KDF_HMAC_SHA1", Key = new Secret([1, 2, 3]),
        Direction = direction, Send = send ?? KeyLifetime.Always, Accept = accept ?? KeyLifetime.Always, Interfaces = interfaces ?? [KeyRow.AllInterfaces],
    };

    private static CryptoKeyTable Table(params KeyRow[] rows)
    {
        var table = new CryptoKeyTable();
        foreach (var row in rows) Assert.Null(table.Add(row));
        return table;
    }

    [Fact]
    public void Rfc7210_3_TheNewestKeyWhoseSendLifetimeHasBegunIsSentBy()
    {
        using var table = Table(Row("old", "01", Hours(0, 10)), Row("new", "02", Hours(5, 20)), Row("later", "03", Hours(12, 30)));
        string? Sends(int hour) => table.ToSend("TCP-AO", "192.0.2.1", null, At("20261121000000Z").AddHours(hour))?.AdminKeyName;
        int[] hours = [0, 4, 5, 11, 12, 30, 31];
        Assert.Equal(["old", "old", "new", "new", "later", "later", null], hours.Select(Sends));
    }

    [Fact]
    public void Rfc7210_3_BothEndsOfALifetimeBelongToIt()
    {
        using var table = Table(Row("a", send: Hours(1, 2), accept: Hours(1, 2)));
        var start = At("20261121010000Z");
        Assert.Null(table.ToSend("TCP-AO", "192.0.2.1", null, start.AddTicks(-1)));
        Assert.NotNull(table.ToSend("TCP-AO", "192.0.2.1", null, start));
        Assert.NotNull(table.ToAccept("TCP-AO", "192.0.2.1", "3d", null, start.AddHours(1)));
        Assert.Null(table.ToAccept("TCP-AO", "192.0.2.1", "3d", null, start.AddHours(1).AddTicks(1)));
    }

    [Fact]
    public void Rfc7210_3_PeerProtocolInterfaceDirectionAndNameMustFit()
    {
        var now = At("20261121000000Z");
        using var table = Table(Row("in", "01", direction: KeyDirection.In), Row("out", "02", direction: KeyDirection.Out, interfaces: ["eth0"]), Row("off", "03", direction: KeyDirection.Disabled));
        Assert.Equal("out", table.ToSend("TCP-AO", "192.0.2.1", "eth0", now)?.AdminKeyName);
        Assert.Null(table.ToSend("TCP-AO", "192.0.2.1", "eth1", now));
        Assert.Null(table.ToSend("BFD", "192.0.2.1", "eth0", now));
        Assert.Null(table.ToSend("TCP-AO", "192.0.2.2", "eth0", now));
        Assert.Null(table.ToSend("TCP-AO", "192.0.2.1", "eth0", now, row => row.AlgId == "AES-128-CMAC-96"));
        Assert.Equal("in", table.ToAccept("TCP-AO", "192.0.2.1", "01", "eth7", now)?.AdminKeyName);
        Assert.Null(table.ToAccept("TCP-AO", "192.0.2.1", "02", "eth0", now));
        Assert.Null(table.ToAccept("TCP-AO", "192.0.2.1", "03", null, now));
        Assert.Null(table.ToAccept("TCP-AO", "192.0.2.2", "01", null, now));
    }

    [Fact]
    public void KeysThatBeginAtOnceAreChosenAlikeInWhateverOrderTheyCame()
    {
        var now = At("20261121030000Z");
        using var one = Table(Row("x", "07", Hours(0, 9), theirs: "03"), Row("y", "05", Hours(0, 9), theirs: "09"));
        using var other = Table(Row("p", "09", Hours(0, 9), theirs: "05"), Row("q", "03", Hours(0, 9), theirs: "07"));
        Assert.Equal(("x", "q"), (one.ToSend("TCP-AO", "192.0.2.1", null, now)!.AdminKeyName, other.ToSend("TCP-AO", "192.0.2.1", null, now)!.AdminKeyName));
    }

    [Fact]
    public void AMessageCanMeanOneKeyAlone()
    {
        using var table = Table(Row("a", accept: Hours(0, 5)));
        using var twice = Row("a", "77");
        using var overlaps = Row("b", accept: Hours(5, 9));
        Assert.Contains("already", table.Add(twice), StringComparison.Ordinal);
        Assert.Contains("'a'", table.Add(overlaps), StringComparison.Ordinal);
        Assert.Null(table.Add(Row("later", accept: new KeyLifetime(At("20261121050000Z").AddTicks(1), DateTimeOffset.MaxValue))));
        Assert.Null(table.Add(Row("peer", peer: "192.0.2.9")));
        Assert.Null(table.Add(Row("protocol", protocol: "BFD")));
        Assert.Null(table.Add(Row("sends", direction: KeyDirection.Out)));
        Assert.Equal(5, table.Rows.Count);
    }

    [Fact]
    public void NextChangeIsWhenALifetimeBeginsOrIsOver()
    {
        using var table = Table(Row("a", send: Hours(1, 3), accept: Hours(0, 4)));
        var at = At("20261121000000Z");
        var changes = new List<DateTimeOffset>();
        for (DateTimeOffset? next = at.AddHours(-1); (next = table.NextChange(next.Value)) is { } change;) changes.Add(change);
        Assert.Equal([at, at.AddHours(1), at.AddHours(3).AddTicks(1), at.AddHours(4).AddTicks(1)], changes);
        using var always = Table(Row("b"));
        Assert.Null(always.NextChange(at));
    }

    [Fact]
    public void ARowThatGoesHasNoKeyAnyMoreAndNoTextShowsOne()
    {
        var row = Row("a");
        using var table = Table(row);
        Assert.DoesNotContain("010203", row.ToString(), StringComparison.OrdinalIgnoreCase);
        Assert.True(table.Remove("a"));
        Assert.False(table.Remove("a"));
        Assert.Throws<ObjectDisposedException>(() => row.Key.Octets.Length);
    }
}
