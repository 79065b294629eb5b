using System.Net;

namespace Appliance.Ike;

public class IdentityTests
{
    [Theory]
    [InlineData("gw-a.example.org", "*.example.org", true)]
    [InlineData("GW-A.Example.org", "gw-a.example.org", true)]
    [InlineData(".example.org", "*.example.org", false)]
    [InlineData("gw-a.example.com", "*.example.org", false)]
    [InlineData("gw-a.example.org.evil", "*.example.org", false)]
    public void Rfc4301_4_4_3_1_ANameMatchesExactlyOrBySubtree(string name, string pattern, bool matches) =>
        Assert.Equal(matches, new IdentityPattern(Messages.IdentificationType.Fqdn, System.Text.Encoding.ASCII.GetBytes(pattern)).Matches(Identity.Fqdn(name)));

    [Fact]
    public void AnIdentityOfAnotherTypeNeverMatches()
    {
        var pattern = IdentityPattern.Exactly(Identity.Fqdn("a.b"));
        Assert.True(pattern.Matches(Identity.Fqdn("a.b")));
        Assert.False(pattern.Matches(Identity.Email("a.b")));
        Assert.False(IdentityPattern.Exactly(Identity.Address(IPAddress.Parse("192.0.2.1"))).Matches(Identity.Address(IPAddress.Parse("192.0.2.2"))));
    }

    [Fact]
    public void ControlCharactersOfAPeerNeverReachALog() => Assert.StartsWith("0x", Identity.Fqdn("a\nb\u001b[2J").ToString(), StringComparison.Ordinal);
}
