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

    [Theory]
    [MemberData(nameof(Names))]
    public void WhatTheyWroteIsWrittenByUsAndReadEqual(string name)
    {
        var session = RecordedSession.Load(name);
        var buffer = new byte[1 << 16];
        var announced = 0;
        foreach (var message in session.Messages)
        {
            var options = session.OptionsFrom(message.From);
            if (!Read(message, options, out var view) || !(view.HasReach || !view.Announced.IsEmpty)) continue;
            var family = view.HasReach ? view.ReachFamily : Family.Ipv4Unicast;
            var attributes = AttributeReader.Read(view, view.HasReach);
            var nlri = Wire.List(view.HasReach ? view.ReachedNlri : view.AnnouncedNlri);
            var written = new UpdateWriter().Announce(buffer, new WriteOptions { FourOctetAs = options.FourOctetAs, AddPath = options.AddPath }, family, attributes, nlri.ToArray());
            Assert.Equal(nlri.Count, written.Taken);
            Assert.True(UpdateReader.TryRead(Assert.Single(Wire.Split(buffer.AsSpan(0, written.Octets))).Body, options, out var again));
            Assert.Equal(attributes, AttributeReader.Read(again, again.HasReach));
            Assert.Equal(nlri, Wire.List(again.HasReach ? again.ReachedNlri : again.AnnouncedNlri));
            announced++;
        }

        Assert.True(announced > 0);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void EveryTruncatedLengthIsReadToAnEndAndNeverIsMore(string name)
    {
        var session = RecordedSession.Load(name);
        foreach (var message in session.Messages)
        {
            var octets = Convert.FromHexString(message.Octets);
            var options = session.OptionsFrom(message.From);
            for (var length = MessageHeader.Size; length < octets.Length; length++)
            {
                octets[16] = (byte)(length >> 8);
                octets[17] = (byte)length;
                Assert.NotNull(RecordedSession.Describe(octets.AsSpan(0, length), options));
            }
        }
    }

    private static bool Read(RecordedMessage message, UpdateOptions options, out UpdateView view)
    {
        view = default;
        var octets = Convert.FromHexString(message.Octets);
        return octets[18] == (byte)MessageType.Update && UpdateReader.TryRead(octets.AsSpan(MessageHeader.Size), options, out view);
    }
}
