using Xunit;

namespace Appliance.Bgp.Tests.Messages;

/// <summary>Messages that bird, FRR, GoBGP, ExaBGP and OpenBGPD wrote (Recorded/README.md says how).</summary>
public class RecordedSessionTests
{
    public static TheoryData<string> Names => [.. RecordedSession.Names];

    [Theory]
    [MemberData(nameof(Names))]
    public void EveryMessageSaysWhatItsSenderMeant(string name)
    {
        var session = RecordedSession.Load(name);
        foreach (var message in session.Messages)
        {
            Assert.Equal(message.Says, RecordedSession.Describe(Convert.FromHexString(message.Octets), session.OptionsFrom(message.From)));
        }
    }
}
