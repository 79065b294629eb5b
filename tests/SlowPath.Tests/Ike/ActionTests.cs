using System.Net;
using Appliance.Crypto;
using Appliance.Ike;
using Appliance.Shared;
using Appliance.SlowPath.Ike;
using Appliance.SlowPath.Sas;
using Appliance.SlowPath.Serving;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Appliance.SlowPath.Tests.Ike;

public sealed class ActionTests : IDisposable
{
    private readonly string folder;
    private readonly Region region;
    private readonly IkeCounters counters = new();
    private readonly Recorder recorder = new();
    private readonly ContextStore contexts;
    private readonly IkeOperator operators = new();
    private readonly IkeSockets sockets;
    private readonly IkeWork work;
    private readonly IkeActions actions;
    private readonly Lines lines = new();

    public ActionTests()
    {
        Skip.IfNot(Environment.UserName == "root", "a region is locked in memory: only root may lock that much");
        folder = Directory.CreateDirectory($"/dev/shm/ike-actions-{Environment.ProcessId}-{Guid.NewGuid():N}").FullName;
        region = Region.CreateOrOpen(Path.Combine(folder, "region"), new RegionSizes { ContextSlots = 4 }, 1, out _);
        contexts = new ContextStore(region);
        sockets = new IkeSockets(new DatagramInbox(counters), counters, () => { }, new IkePorts(0, 0));
        work = new IkeWork(new IkeSigner(), counters, () => { }, NullLogger.Instance);
        actions = new IkeActions(sockets, work, recorder, recorder, contexts, operators, new IkeLog(lines), null, counters, lines) { Events = () => recorder, InnerAddresses = _ => { } };
    }

    public void Dispose()
    {
        sockets.Dispose();
        work.Dispose();
        region.Dispose();
        Directory.Delete(folder, true);
    }

    [SkippableFact]
    public void ContextIsKeptAndItsOctetsAreWiped()
    {
        byte[] context = [1, 2, 3];
        actions.Execute(new SaveContext(5, context));
        Assert.Equal([0, 0, 0], context);
        Assert.Equal([1, 2, 3], contexts.Read(5)!);
        actions.Execute(new ForgetContext(5));
        Assert.Null(contexts.Read(5));
    }

    [SkippableFact]
    public void ContextWithoutRoomIsCountedAndSaid()
    {
        actions.Execute(new SaveContext(5, new byte[5000]));
        Assert.Equal(1, counters[IkeCount.ContextsRefused]);
        Assert.Contains("region: contexts", Assert.Single(lines.Texts), StringComparison.Ordinal);
    }

    [SkippableTheory]
    [InlineData(null)]
    [InlineData("no room")]
    public void InstalledChildComesBackAndItsKeysAreWiped(string? problem)
    {
        recorder.Problem = problem;
        var (inbound, outbound) = (new Secret([1, 2]), new Secret([3, 4]));
        actions.Execute(new InstallChild(9, Child(), inbound, outbound, true));
        Assert.Equal(new ChildInstalled(9, problem), Assert.Single(recorder.Events));
        Assert.All((Secret[])[inbound, outbound], IsWiped);
    }

    [SkippableFact]
    public void InstallationThatThrowsIsAFailedOne()
    {
        recorder.Throws = true;
        actions.Execute(new InstallChild(9, Child(), new Secret(2), new Secret(2), true));
        Assert.Contains("broken", Assert.IsType<ChildInstalled>(Assert.Single(recorder.Events)).Problem, StringComparison.Ordinal);
    }

    [SkippableTheory]
    [InlineData(null)]
    [InlineData("a Sender-ID was used before")]
    public void InstalledGroupSaComesBackAndItsKeyIsWiped(string? problem)
    {
        recorder.Problem = problem;
        var key = new Secret([1, 2]);
        actions.Execute(new InstallGroupSa(9, Group(), key));
        Assert.Equal(new GroupInstalled(9, problem), Assert.Single(recorder.Events));
        IsWiped(key);
    }

    [SkippableFact]
    public void GroupSaThatThrowsIsAFailedOne()
    {
        recorder.Throws = true;
        actions.Execute(new InstallGroupSa(9, Group(), new Secret(2)));
        Assert.Contains("broken", Assert.IsType<GroupInstalled>(Assert.Single(recorder.Events)).Problem, StringComparison.Ordinal);
    }

    [SkippableFact]
    public void GroupSasAreActivatedAndRemoved()
    {
        actions.Execute(new ActivateGroupSa("mesh", 7));
        actions.Execute(new RemoveGroupSa("mesh", 6, "rolled over"));
        Assert.Equal(["activate mesh 7", "remove mesh 6 rolled over"], recorder.Groups);
    }

    [SkippableFact]
    public void TrafficIsReadAndAnswered()
    {
        actions.Execute(new ReadTraffic(77, [1]));
        Assert.Equal(new TrafficRead(77, 1234), Assert.Single(recorder.Events));
    }

    [SkippableFact]
    public async Task OperatorGetsTheMachinesAnswer()
    {
        IkeEvent? asked = null;
        var done = operators.AskAsync(r => new OperatorAsked(r, OperatorVerb.Up, "gw-b"), "gw-b", e => asked = e);
        actions.Execute(new AnswerOperator(((OperatorAsked)asked!).Request, null));
        Assert.True(await done);
        var refused = operators.AskAsync(r => new OperatorAsked(r, OperatorVerb.Down, "gw-c"), "gw-c", e => asked = e);
        actions.Execute(new AnswerOperator(((OperatorAsked)asked!).Request, "there is no peer or tunnel 'gw-c'"));
        Assert.Contains("gw-c", (await Assert.ThrowsAsync<RefusedException>(() => refused)).Message, StringComparison.Ordinal);
    }

    [SkippableFact]
    public void LinesOfOnePeerAndKindAreLimitedAndCounted()
    {
        for (var i = 0; i < 50; i++)
        {
            actions.Execute(new WriteLog(IkeLogLevel.Warning, "gw-b", "authentication-failed", "wrong key"));
            actions.Execute(new WriteLog(IkeLogLevel.Warning, "gw-c", "authentication-failed", "wrong key"));
        }

        Assert.InRange(lines.Texts.Count, 2, 4);
    }

    [SkippableFact]
    public void StrangersWithoutEndDoNotFillTheLog()
    {
        for (var i = 0; i < 10_000; i++) actions.Execute(new WriteLog(IkeLogLevel.Warning, $"192.0.2.{i}", "bad-message", "x"));
        Assert.InRange(lines.Texts.Count, 1, 2000);
    }

    private static void IsWiped(Secret secret)
    {
        try
        {
            Assert.False(secret.Octets.ContainsAnyExcept((byte)0));
        }
        catch (ObjectDisposedException)
        {
            // Wiped secrets are not to be had.
        }
    }

    private static GroupSa Group() => new() { Group = "mesh", Gateway = "gw", Spi = 7, Encryption = default, LifetimeMilliseconds = 1000 };

    private static ChildSa Child() => new()
    {
        Tunnel = "t", Instance = "t", InboundSpi = 1, OutboundSpi = 2, Mode = ChildMode.Tunnel, Encryption = default, Local = new IPEndPoint(0, 0), Remote = new IPEndPoint(0, 0),
        LocalSelectors = [], RemoteSelectors = [],
    };

    private sealed class Recorder : IChildSas, IGroupSas, IIkeEvents
    {
        public List<IkeEvent> Events { get; } = [];

        public string? Problem { get; set; }

        public bool Throws { get; set; }

        public void Raise(IkeEvent e) => Events.Add(e);

        public Task<string?> InstallAsync(ChildSa child, Secret inboundKey, Secret outboundKey, bool activateOutbound) =>
            Throws ? throw new InvalidOperationException("broken") : Task.FromResult(Problem);

        public void Activate(uint outboundSpi)
        {
        }

        public void Remove(uint inboundSpi, uint outboundSpi, int lingerMilliseconds, string reason)
        {
        }

        public void Move(IReadOnlyList<(uint InboundSpi, uint OutboundSpi)> children, IPEndPoint local, IPEndPoint remote, bool udp)
        {
        }

        public long? Silent(IReadOnlyList<uint> inboundSpis) => 1234;

        public bool Exists(uint inboundSpi, uint outboundSpi) => true;

        public List<string> Groups { get; } = [];

        public Task<string?> InstallAsync(GroupSa sa, Secret key) => Throws ? throw new InvalidOperationException("broken") : Task.FromResult(Problem);

        public void Activate(string group, uint spi) => Groups.Add($"activate {group} {spi}");

        public void Remove(string group, uint spi, string reason) => Groups.Add($"remove {group} {spi} {reason}");

        public bool Exists(string group, uint spi) => true;
    }

    private sealed class Lines : ILogger
    {
        public List<string> Texts { get; } = [];

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) => Texts.Add(formatter(state, exception));
    }
}
