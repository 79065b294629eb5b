namespace Appliance.Gatekeeper.Tests.KeyTable;

/// <summary>RFC 7210 §2: YYYYMMDDHHMMSSZ.</summary>
public class KeyTimeTests
{
    [Fact]
    public void Rfc7210_2_AreReadAndWrittenInUtc()
    {
        Assert.True(KeyTime.TryParse("20261121235959Z", out var time));
        Assert.Equal(new DateTimeOffset(2026, 11, 21, 23, 59, 59, TimeSpan.Zero), time);
        Assert.Equal("20261121235959Z", KeyTime.Text(time.ToOffset(TimeSpan.FromHours(9))));
    }

    [Theory]
    [InlineData("")]
    [InlineData("20261121235959")]
    [InlineData("20261131000000Z")]
    [InlineData("2026-11-21T23:59:59Z")]
    [InlineData(" 20261121235959Z")]
    public void WhatIsNoTimeIsRefused(string text) => Assert.False(KeyTime.TryParse(text, out _));
}
