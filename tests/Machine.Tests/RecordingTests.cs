using System.Text.Json;

namespace Appliance.Machine;

public class RecordingTests
{
    private static readonly Secretive Key = new([0xde, 0xad, 0xbe, 0xef]);

    [Fact]
    public void ARecordedRunIsRepeated()
    {
        var lines = Record();
        Assert.Equal(3, lines.Count);
        var seen = new List<string>();
        Assert.Null(Replayer.Run(new Adder(), new Format(), lines, (e, actions) => seen.Add($"{e.Number}:{actions.Count}")));
        Assert.Equal(["5:2", "0:1", "7:2"], seen);
    }

    [Fact]
    public void ALineHoldsTimeSeedEventAndActions()
    {
        using var line = JsonDocument.Parse(Record()[0]);
        Assert.Equal(1000, line.RootElement.GetProperty("now").GetInt64());
        Assert.Equal(string.Concat(Enumerable.Repeat("00", 32)), line.RootElement.GetProperty("seed").GetString());
        Assert.Equal(5, line.RootElement.GetProperty("event").GetProperty("number").GetInt32());
        Assert.Equal(2, line.RootElement.GetProperty("actions").GetArrayLength());
    }

    [Fact]
    public void KeysAreHandles()
    {
        var text = string.Join('\n', Record());
        Assert.DoesNotContain("dead", text, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("3q2+7w", text, StringComparison.Ordinal);
        Assert.Contains("\"key\":1", text, StringComparison.Ordinal);
        Assert.Contains("\"key\":2", text, StringComparison.Ordinal);
    }

    [Fact]
    public void AMachineThatDoesSomethingElseIsFound()
    {
        var difference = Replayer.Run(new Adder { Wrong = true }, new Format(), Record());
        Assert.Equal(2, difference!.Line);
        Assert.Contains("\"text\":\"5 at 2000\"", difference.Expected, StringComparison.Ordinal);
        Assert.Contains("\"text\":\"6 at 2000\"", difference.Actual, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{}")]
    [InlineData("[]")]
    [InlineData("{\"now\":1,\"seed\":\"00\",\"event\":{\"number\":1,\"key\":1},\"actions\":[]}")]
    [InlineData("{\"now\":1,\"seed\":\"zz\",\"event\":{\"number\":1,\"key\":1},\"actions\":[]}")]
    [InlineData("{\"now\":\"x\",\"seed\":\"00\",\"event\":{},\"actions\":[]}")]
    public void WhatIsNoStepIsRefusedWithItsLine(string line)
    {
        var refused = Assert.Throws<InvalidDataException>(() => Replayer.Run(new Adder(), new Format(), [Record()[0], line]));
        Assert.Contains("line 2", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AStepThatFailsIsWrittenDownToo()
    {
        var lines = new List<string>();
        var recorder = new Recorder<Added, Said>(new Adder(), new Format(), lines.Add);
        Assert.Throws<InvalidOperationException>(() => recorder.Step(new Instant(1), new byte[32], new Added(-1, Key), []));
        using var line = JsonDocument.Parse(Assert.Single(lines));
        Assert.Equal(-1, line.RootElement.GetProperty("event").GetProperty("number").GetInt32());
    }

    [Fact]
    public void HandlesTellObjectsApartAndStandForThemInAReplay()
    {
        var handles = new SecretHandles<Secretive>();
        var other = new Secretive(Key.Octets);
        Assert.Equal((1, 2, 1), (handles.Of(Key), handles.Of(other), handles.Of(Key)));
        Assert.Same(other, handles.For(2, () => throw new InvalidOperationException("it is known")));
        var made = handles.For(9, () => new Secretive([]));
        Assert.Equal((9, 10), (handles.Of(made), handles.Of(new Secretive([]))));
    }

    private static List<string> Record()
    {
        var lines = new List<string>();
        var recorder = new Recorder<Added, Said>(new Adder(), new Format(), lines.Add);
        var actions = new List<Said>();
        recorder.Step(new Instant(1000), new byte[32], new Added(5, Key), actions);
        recorder.Step(new Instant(2000), Enumerable.Repeat((byte)1, 32).ToArray(), new Added(0, Key), actions);
        recorder.Step(new Instant(3000), Enumerable.Repeat((byte)2, 32).ToArray(), new Added(7, new Secretive([1])), actions);
        Assert.Equal(5, actions.Count);
        Assert.Equal(new Instant(12), recorder.NextDue);
        return lines;
    }

    private sealed class Secretive(byte[] octets)
    {
        public byte[] Octets => octets;
    }

    private sealed record Added(int Number, Secretive Key);

    private sealed record Said(string Text, Secretive Key);

    /// <summary>Adds up, says the sum, and with a number that is not 0 something random.</summary>
    private sealed class Adder : IMachine<Added, Said>
    {
        private int sum;

        public bool Wrong { get; init; }

        public Instant NextDue => new(sum);

        public void Step(in StepContext context, Added e, ICollection<Said> actions)
        {
            if (e.Number < 0) throw new InvalidOperationException("negative");
            sum += e.Number;
            actions.Add(new Said($"{(Wrong && e.Number == 0 ? sum + 1 : sum)} at {context.Now.Milliseconds}", e.Key));
            if (e.Number != 0) actions.Add(new Said($"{context.Entropy.NextUInt64():x}", e.Key));
        }
    }

    private sealed class Format : IRecordingFormat<Added, Said>
    {
        private readonly SecretHandles<Secretive> handles = new();

        public void WriteEvent(Utf8JsonWriter writer, Added e)
        {
            writer.WriteStartObject();
            writer.WriteNumber("number", e.Number);
            writer.WriteNumber("key", handles.Of(e.Key));
            writer.WriteEndObject();
        }

        public Added ReadEvent(JsonElement element) =>
            new(element.GetProperty("number").GetInt32(), handles.For(element.GetProperty("key").GetInt64(), () => new Secretive([])));

        public void WriteAction(Utf8JsonWriter writer, Said action)
        {
            writer.WriteStartObject();
            writer.WriteString("text", action.Text);
            writer.WriteNumber("key", handles.Of(action.Key));
            writer.WriteEndObject();
        }
    }
}
