namespace Appliance.Ike.Messages;

[Trait("RFC", "7383")]
public class FragmentAssemblyTests
{
    [Theory]
    [InlineData("1 2 3")]
    [InlineData("3 1 2")]
    [InlineData("2 3 1")]
    public void Rfc7383_2_6_TheLastOneThatLackedGivesTheWhole(string order)
    {
        var assembly = new FragmentAssembly();
        var numbers = order.Split(' ').Select(ushort.Parse).ToList();
        foreach (var number in numbers.SkipLast(1)) Assert.Null(Add(assembly, number, 3));
        Assert.Equal([1, 1, 2, 2, 3, 3], Add(assembly, numbers[^1], 3));
        Assert.Equal(PayloadType.IdentificationInitiator, assembly.First);
        Assert.False(assembly.Wants(1, 3));
        Assert.Null(Add(assembly, 1, 3));
        Assert.Null(Add(assembly, 1, 4));
    }

    [Fact]
    public void AMessageInOneFragment() => Assert.Equal([1, 1], Add(new FragmentAssembly(), 1, 1));

    [Fact]
    public void Rfc7383_2_6_ARepeatedFragmentIsNotWanted()
    {
        var assembly = new FragmentAssembly();
        Assert.Null(Add(assembly, 1, 2));
        Assert.False(assembly.Wants(1, 2));
        Assert.Null(assembly.Add(1, 2, PayloadType.Delete, [7, 7]));
        Assert.Equal([1, 1, 2, 2], Add(assembly, 2, 2));
        Assert.Equal(PayloadType.IdentificationInitiator, assembly.First);
    }

    [Fact]
    public void Rfc7383_2_6_AGreaterTotalStartsOverAndASmallerOneIsNotWanted()
    {
        var assembly = new FragmentAssembly();
        Assert.Null(Add(assembly, 2, 2));
        Assert.True(assembly.Wants(2, 3));
        Assert.Null(Add(assembly, 2, 3));
        Assert.Equal(1, assembly.Count);
        Assert.False(assembly.Wants(1, 2));
        Assert.Null(Add(assembly, 1, 2));
        Assert.Null(Add(assembly, 3, 3));
        Assert.Equal([1, 1, 2, 2, 3, 3], Add(assembly, 1, 3));
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(0, 0)]
    [InlineData(3, 2)]
    [InlineData(1, 161)]
    [InlineData(1, 65535)]
    public void NumbersThatCannotBeAreNotWanted(ushort number, ushort total)
    {
        var assembly = new FragmentAssembly();
        Assert.False(assembly.Wants(number, total));
        Assert.Null(Add(assembly, number, total));
        Assert.Equal(0, assembly.Count);
    }

    [Fact]
    public void OctetsAreBounded()
    {
        var assembly = new FragmentAssembly();
        Assert.Null(assembly.Add(1, 3, PayloadType.None, new byte[40_000]));
        Assert.Null(assembly.Add(2, 3, PayloadType.None, new byte[40_000]));
        Assert.Equal(1, assembly.Count);
        Assert.Null(assembly.Add(2, 3, PayloadType.None, new byte[20_000]));
        Assert.Equal(60_001, assembly.Add(3, 3, PayloadType.None, [1])!.Length);
    }

    private static byte[]? Add(FragmentAssembly assembly, ushort number, ushort total) =>
        assembly.Add(number, total, number == 1 ? PayloadType.IdentificationInitiator : PayloadType.None, [(byte)number, (byte)number]);
}
