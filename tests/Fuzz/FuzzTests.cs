using Appliance.Esp;
using Appliance.Fuzz.Engine;
using Appliance.Fuzz.Targets;
using Appliance.Shared;

namespace Appliance.Fuzz;

/// <summary>Every target for a short time, from a fixed seed: what was found once (corpus/*/crash-*) never comes back.</summary>
public class FuzzTests
{
    public static TheoryData<string> Targets => [.. AllTargets.List.Select(t => t.Name)];

    [Theory]
    [MemberData(nameof(Targets))]
    public void Target_Holds(string name)
    {
        var target = AllTargets.List.First(t => t.Name == name);
        using var run = new FuzzRun(target);
        var result = run.Run(TimeSpan.FromSeconds(2), 1);
        Assert.True(result.Finding == null, $"{result.Finding?.Path}: {result.Finding?.Why}");
        Assert.True(result.Executions >= (ulong)target.LeastExecutions, $"only {result.Executions} executions in 2 s");
    }

    [Fact]
    public void Mutations_AreTheSameForTheSameSeed()
    {
        byte[][] corpus = [[1, 2, 3, 4, 5], [9, 8, 7]];
        var one = new Mutator(corpus, 64, ["word"]);
        var other = new Mutator(corpus, 64, ["word"]);
        for (ulong seed = 0; seed < 1000; seed++) Assert.True(one.Make(seed).SequenceEqual(other.Make(seed)));
    }

    [Fact]
    public void Run_FindsStoresAndRepeatsACrash()
    {
        var target = new FuzzTarget($"broken-{Environment.ProcessId}", octets =>
        {
            if (octets.Length > 3 && octets[2] == 0xff) throw new InvalidOperationException("found");
        });
        using var run = new FuzzRun(target);
        var result = run.Run(TimeSpan.FromSeconds(20), 1);
        Assert.NotNull(result.Finding);
        Assert.Contains("found", run.Execute(File.ReadAllBytes(result.Finding.Path)), StringComparison.Ordinal);
        Directory.Delete(Path.GetDirectoryName(result.Finding.Path)!, recursive: true);
    }

    [Fact]
    public void Run_FindsBelievedLengths()
    {
        var target = new FuzzTarget($"greedy-{Environment.ProcessId}", octets => GC.KeepAlive(new byte[100 + octets.Length])) { AllocationLimit = 64 };
        using var run = new FuzzRun(target);
        Assert.Contains("allocated", run.Execute([1, 2, 3]), StringComparison.Ordinal);
    }

    [Fact]
    public void EspBench_PassesWhatIsRight()
    {
        var passed = 0;
        foreach (var path in new Corpus("esp-plaintext").Files)
        {
            var input = File.ReadAllBytes(path);
            var packet = new byte[2048];
            var bench = EspBench.Shared;
            bench.ResetWindow(input[0]);
            var one = bench.Place(packet.AsSpan(0, bench.Seal(input[0], input[1], input.AsSpan(2), packet)), input[0]);
            EspResult result = default;
            bench.Inbound.Decapsulate(new Span<Packet>(ref one), new Span<EspResult>(ref result), 1);
            if (result.Reason == DropReason.None) passed++;
        }

        Assert.True(passed > 50, $"only {passed} seeds reach what lies behind the integrity check");
    }

    [Fact]
    public void IkeMachine_StoriesReachWhatLiesBehindTheKeys()
    {
        var keys = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var seed in IkeMachineTargets.Seeds()) keys.UnionWith(IkeMachineTargets.Tell(seed).LogKeys);
        string[] reached = ["child-deleted", "child-established", "established", "ended", "ike-rekeyed", "invalid-syntax", "malformed", "retransmit", "temporary-failure", "unknown-spi", "wrong-work"];
        Assert.Equal([], reached.Except(keys));
    }

    [Fact]
    public void BgpMachine_StoriesReachWhatLiesBehindTheOpen()
    {
        var reached = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var seed in BgpMachineTargets.Seeds()) reached.UnionWith(BgpMachineTargets.Tell(seed).Reached);
        // States, and the first words of notices: an error of RFC 7606, a maximum, a restart.
        string[] wanted = ["Active", "Connect", "Established", "Idle", "OpenConfirm", "OpenSent", "an", "it", "its"];
        Assert.Equal([], wanted.Except(reached));
    }
}
