namespace Appliance.TcpAo.Tests;

/// <summary>RFC 5925 §6.2: the extension rises when the 32 bits wrap, and segments around the wrap have the right one in whatever order they come.</summary>
public class SequenceExtensionTests
{
    [Fact]
    public void Rfc5925_6_2_ItRisesAtTheWrapAndOldSegmentsKeepTheOldOne()
    {
        var extension = new SequenceExtension(0xffff_f000);
        Assert.Equal(0u, extension.Of(0xffff_f001));
        extension.Seen(0xffff_fff0);
        Assert.Equal(1u, extension.Of(0x10));
        Assert.Equal(0u, extension.Of(0xffff_fff8));
        extension.Seen(0x1000);
        Assert.Equal((0u, 1u), (extension.Of(0xffff_fff8), extension.Of(0x1001)));
        extension.Seen(0xffff_fff8);
        Assert.Equal(1u, extension.Of(0x1001));
    }

    [Fact]
    public void WhatStandsBeforeTheIsnHasNoExtensionBelowZero()
    {
        var extension = new SequenceExtension(5);
        Assert.Equal(0u, extension.Of(0xffff_ffff));
        extension.Seen(0xffff_ffff);
        Assert.Equal(0u, extension.Of(6));
    }

    [Fact]
    public void ItFollowsAConnectionOverManyWraps()
    {
        var (extension, number, random) = (new SequenceExtension(0x8000_0000), 0x8000_0000ul, new Random(7));
        for (var i = 0; i < 20_000; i++)
        {
            number += (ulong)random.Next(1 << 24);
            var late = Math.Max(0x8000_0000ul, number - (ulong)random.Next(1 << 26));
            Assert.Equal((uint)(number >> 32), extension.Of((uint)number));
            extension.Seen((uint)number);
            Assert.Equal((uint)(late >> 32), extension.Of((uint)late));
        }

        Assert.True(number >> 32 > 30);
    }
}
