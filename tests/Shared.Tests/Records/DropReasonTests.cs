using System.Reflection;

namespace Appliance.Shared.Tests.Records;

public sealed class DropReasonTests
{
    private static readonly FieldInfo[] Reasons = typeof(DropReason).GetFields(BindingFlags.Public | BindingFlags.Static);

    [Fact]
    public void EveryReasonHasATextOfItsOwn()
    {
        var texts = Reasons.Where(r => r.Name != nameof(DropReason.Count)).Select(r => (r.Name, Text: r.GetCustomAttribute<DropTextAttribute>())).ToArray();
        Assert.All(texts, t => Assert.False(string.IsNullOrWhiteSpace(t.Text?.Text), t.Name));
        Assert.Equal(texts.Length, texts.Select(t => t.Text!.Text).Distinct().Count());
        Assert.All(texts, t => Assert.Matches("^$|RFC \\d+", t.Text!.Source));
    }

    [Fact]
    public void ReasonsAreIndexesOfTheCounters()
    {
        var values = Reasons.Select(r => (int)(byte)r.GetRawConstantValue()!).ToArray();
        Assert.Equal(Enumerable.Range(0, values.Length), values);
        Assert.Equal((int)DropReason.Count, values[^1]);
        Assert.True(values.Length <= DropCounters.Size);
        Assert.Equal(0, (int)DropReason.None);
    }
}
