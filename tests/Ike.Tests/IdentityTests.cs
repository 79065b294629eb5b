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

    /// <summary>CN=gw-b, O=Example as two tools encode it: PrintableString and UTF8String.</summary>
    [Fact]
    public void Rfc5280_7_1_NamesAreTheSameInEveryStringType()
    {
        static byte[] One(byte type, byte tag, string value)
        {
            byte[] inner = [6, 3, 0x55, 4, type, tag, (byte)value.Length, .. System.Text.Encoding.ASCII.GetBytes(value)];
            return [0x31, (byte)(inner.Length + 2), 0x30, (byte)inner.Length, .. inner];
        }

        static Identity Name(byte tag, string organization, string common)
        {
            byte[] attributes = [.. One(10, tag, organization), .. One(3, tag, common)];
            return new Identity(Messages.IdentificationType.DistinguishedName, [0x30, (byte)attributes.Length, .. attributes]);
        }

        var pattern = IdentityPattern.Exactly(Name(0x13, "Example", "gw-b"));
        Assert.True(pattern.Matches(Name(0x13, "Example", "gw-b")));
        Assert.True(pattern.Matches(Name(0x0c, "example", "GW-b")));
        Assert.False(pattern.Matches(Name(0x0c, "Example", "gw-c")));
        Assert.False(pattern.Matches(Name(0x0c, "gw-b", "Example")));
        Assert.False(pattern.Matches(new Identity(Messages.IdentificationType.DistinguishedName, [0x30, 0x7f, 1])));
    }
}
