using Xunit;

namespace Appliance.Bgp.Tests.Messages;

public class AsPathTests
{
    private const uint Trans = OpenMessage.AsTrans;

    private static AsSegment[] Sequence(params uint[] ases) => [new AsSegment(2, ases)];

    public static TheoryData<AsSegment[], AsSegment[], string> Merges => new()
    {
        { Sequence(1, Trans, 3), Sequence(1, 70000, 3), "1 70000 3" },
        { Sequence(9, 1, Trans, 3), Sequence(70000, 3), "9 1 70000 3" },
        { Sequence(Trans), Sequence(70000, 70001), "23456" },
        { [new AsSegment(2, [5, 6, Trans]), new AsSegment(1, [7, 8])], [new AsSegment(2, [70000]), new AsSegment(1, [7, 8])], "5 6 70000 {7 8}" },
        { [new AsSegment(1, [5, 6]), new AsSegment(2, [Trans])], Sequence(70000), "{5 6} 70000" },
        { [new AsSegment(3, [64512]), new AsSegment(2, [5, Trans])], Sequence(70000), "(64512) 5 70000" },
        { Sequence(5, Trans), [new AsSegment(3, [64512]), new AsSegment(2, [70000])], "5 70000" },
        { Sequence(5, 6), [new AsSegment(3, [64512])], "5 6" },
        { [.. Sequence(1, 2), .. Sequence(3, Trans)], Sequence(70000), "1 2 3 70000" },
    };

    [Theory]
    [MemberData(nameof(Merges))]
    public void Rfc6793_4_2_3_TheLeadingPartOfAsPathStandsBeforeAs4Path(AsSegment[] path, AsSegment[] four, string merged) => Assert.Equal(merged, AsPaths.ToText(AsPaths.Merge(path, four)));

    [Theory]
    [InlineData("c007065ba0c0000201" + "c0120800011170c0000202", "1 70000", "70000 192.0.2.2")]
    [InlineData("c00706fde9c0000201" + "c0120800011170c0000202", "1 23456", "65001 192.0.2.1")]
    [InlineData("c0120800011170c0000202", "1 70000", "")]
    [InlineData("c007065ba0c0000201" + "c0120700011170c00002", "1 70000", "23456 192.0.2.1")]
    public void Rfc6793_4_2_3_AnAggregatorThatIsNotAsTransMeansThatNobodyKnewBetter(string aggregators, string path, string aggregator)
    {
        Assert.True(UpdateReader.TryRead(Wire.Update("", "40010100" + "400206" + "020200015ba0" + "400304c0000201" + aggregators + "c0110a" + "02020000000100011170", "08" + "0a"),
            Wire.Internal with { FourOctetAs = false }, out var view));
        var read = AttributeReader.Read(view, false);
        Assert.Equal((path, aggregator), (read.AsPathText, $"{read.Aggregator}"));
    }

    [Theory]
    [InlineData("c01105" + "0201000111")]
    [InlineData("c01106" + "020200011170")]
    [InlineData("c01106" + "050100011170")]
    [InlineData("c01106" + "020100000000")]
    [InlineData("c01108" + "0201000111700200")]
    public void Rfc6793_6_AMalformedAs4PathIsLeftOut(string attribute)
    {
        Assert.True(UpdateReader.TryRead(Wire.Update("", "40010100" + "400204" + "02015ba0" + "400304c0000201" + attribute, "080a"), Wire.Internal with { FourOctetAs = false }, out var view));
        Assert.Equal(UpdateError.AttributeDiscard, view.Error);
        Assert.Equal("23456", AttributeReader.Read(view, false).AsPathText);
    }

    [Fact]
    public void Rfc4271_5_1_2_PrependingGoesIntoTheLeadingSequenceWhileThereIsRoom()
    {
        Assert.Equal("7", AsPaths.ToText(AsPaths.Prepend([], 7)));
        Assert.Equal("7 7 1 2", AsPaths.ToText(AsPaths.Prepend(Sequence(1, 2), 7, 2)));
        Assert.Single(AsPaths.Prepend(Sequence(1, 2), 7, 2));
        Assert.Equal("7 {1 2}", AsPaths.ToText(AsPaths.Prepend([new AsSegment(1, [1, 2])], 7)));
        Assert.Equal(2, AsPaths.Prepend(Sequence(new uint[255]), 7).Count);
        Assert.Equal(4, AsPaths.LengthOf([new AsSegment(3, [9]), new AsSegment(2, [1, 2, 3]), new AsSegment(1, [4, 5]), new AsSegment(4, [6])]));
    }
}
