using System.Net;
using Appliance.Bgp;
using Appliance.SlowPath.Bgp;

namespace Appliance.SlowPath.Tests.Bgp;

/// <summary>What the operator is told of attempts to connect that fail.</summary>
public sealed class ConnectAttemptTests
{
    private static readonly IPEndPoint Remote = new(IPAddress.Parse("192.0.2.9"), 179);

    [Fact]
    public void Rfc2385_SilenceWithAKeyNamesTheKeys()
    {
        var key = "a secret"u8.ToArray();
        var said = ConnectAttempt.Silence(Remote, new TransportOptions { Md5Key = key });
        Assert.Contains("192.0.2.9:179 did not answer", said, StringComparison.Ordinal);
        Assert.Contains("TCP-MD5", said, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", said, StringComparison.Ordinal);
    }

    [Fact]
    public void SilenceWithoutAKeyNamesNone() => Assert.DoesNotContain("MD5", ConnectAttempt.Silence(Remote, new TransportOptions()), StringComparison.Ordinal);
}
