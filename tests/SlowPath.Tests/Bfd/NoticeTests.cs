using Appliance.Bfd;
using Appliance.SlowPath.Bfd;

namespace Appliance.SlowPath.Tests.Bfd;

public sealed class NoticeTests
{
    private readonly BfdNotices notices = new();

    [Theory]
    [InlineData("u", "u")]
    [InlineData("d", "d")]
    [InlineData("ud", "d")]
    [InlineData("du", "du")]
    [InlineData("ududududu", "du")]
    [InlineData("dudud", "d")]
    [InlineData("dua", "d")]
    [InlineData("a", "a")]
    [InlineData("ad", "d")]
    [InlineData("au", "au")]
    public void HoweverOftenItFlapsAFailureIsHeardAndThenHowItIs(string happened, string heard)
    {
        foreach (var c in happened) notices.Add(new BfdNotice("n", c == 'u', c == 'u' ? BfdDiagnostic.None : BfdDiagnostic.DetectionTimeExpired, c == 'a'));
        Assert.Equal(heard, string.Concat(notices.TakeAll().Select(n => n.IsUp ? 'u' : n.IsAdministrative ? 'a' : 'd')));
        Assert.Empty(notices.TakeAll());
    }
}
