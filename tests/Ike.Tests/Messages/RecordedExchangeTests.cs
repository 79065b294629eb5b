using System.Text.Json;

namespace Appliance.Ike.Messages;

/// <summary>
/// Two strongSwan 5.9.8 with each other, as it went over the wire, with what stood inside SK: set-up with CP and selectors of both families, rekeying of the child and of the IKE SA,
/// deletes; and IKE_AUTH once more in fragments. What they wrote we read, the table allows, and we write again octet by octet.
/// </summary>
public class RecordedExchangeTests
{
    [Theory]
    [InlineData("charon.jsonl", 14)]
    [InlineData("charon-fragments.jsonl", 4)]
    public void WhatStrongSwanWroteIsReadAndWrittenAgain(string file, int count)
    {
        var messages = Recorded.Read(file);
        Assert.Equal(count, messages.Count);
        foreach (var message in messages)
        {
            Assert.True(HeaderCodec.TryRead(message.Datagram, out var header, out var error), error.Detail);
            Assert.Equal(message.IsResponse, header.IsResponse);
            Assert.True(PayloadReader.TryRead(header.NextPayload, message.Datagram.AsSpan(IkeHeader.Size), out var payloads, out error), error.Detail);
            Assert.Equal(message.Datagram, MessageWriter.Write(header, payloads));
        }
    }

    [Fact]
    public void WhatStoodInsideIsReadAllowedAndWrittenAgain()
    {
        foreach (var message in Recorded.Read("charon.jsonl"))
        {
            HeaderCodec.TryRead(message.Datagram, out var header, out _);
            Assert.True(PayloadReader.TryRead(message.First, message.Inside, out var payloads, out var error), error.Detail);
            Assert.Null(ExchangeRules.Check(header.Exchange, header.IsResponse, payloads));
            Assert.Equal(message.Inside, PayloadWriter.Write(payloads, out var first));
            Assert.Equal(message.First, first);
        }
    }

    [Fact]
    public void Rfc7383_2_6_FragmentsOfStrongSwanMakeAMessage()
    {
        foreach (var direction in Recorded.Read("charon-fragments.jsonl").GroupBy(m => m.IsResponse))
        {
            var assembly = new FragmentAssembly();
            byte[]? whole = null;
            foreach (var message in direction.Reverse())
            {
                Assert.Null(whole);
                HeaderCodec.TryRead(message.Datagram, out var header, out _);
                PayloadReader.TryRead(header.NextPayload, message.Datagram.AsSpan(IkeHeader.Size), out var payloads, out _);
                var fragment = Assert.IsType<EncryptedFragmentPayload>(Assert.Single(payloads));
                whole = assembly.Add(fragment.Number, fragment.Total, fragment.First, message.Inside);
            }

            Assert.True(PayloadReader.TryRead(assembly.First, whole, out var inside, out var error), error.Detail);
            Assert.Null(ExchangeRules.Check(ExchangeType.IkeAuth, direction.Key, inside));
        }
    }

    [Fact]
    public void WhatStrongSwanMeant()
    {
        var request = Recorded.Read("charon.jsonl")[2];
        PayloadReader.TryRead(request.First, request.Inside, out var payloads, out _);
        Assert.Equal("gw-a.example.org"u8.ToArray(), payloads.OfType<IdentificationPayload>().First(i => i.OfInitiator).Data);
        Assert.Equal("10.1.0.0/16 2001:db8:1::/64", string.Join(' ', payloads.OfType<TrafficSelectorPayload>().First(t => t.OfInitiator).Selectors));
        var offered = payloads.OfType<SecurityAssociationPayload>().Single().Proposals;
        Assert.Equal((2, (int?)128, (int?)256), (offered.Count, offered[0].Transforms[0].KeyLength, offered[1].Transforms[0].KeyLength));
        Assert.Equal([1], payloads.OfType<ConfigurationPayload>().Single().Attributes.Select(a => (int)a.Type));
    }
}

/// <summary>A message of a recording.</summary>
internal sealed record RecordedMessage(bool IsResponse, byte[] Datagram, PayloadType First, byte[] Inside)
{
    /// <summary>Whether it had SK or SKF.</summary>
    public bool IsSealed => Datagram[16] is (byte)PayloadType.Encrypted or (byte)PayloadType.EncryptedFragment;
}

/// <summary>Recordings: a message a line, its datagram and, where it was sealed, the type of the first payload inside and what was inside, without padding.</summary>
internal static class Recorded
{
    public static List<RecordedMessage> Read(string file)
    {
        using var stream = typeof(Recorded).Assembly.GetManifestResourceStream(file) ?? throw new FileNotFoundException(file);
        using var reader = new StreamReader(stream);
        var messages = new List<RecordedMessage>();
        while (reader.ReadLine() is { } line)
        {
            var fields = JsonDocument.Parse(line).RootElement;
            var datagram = Convert.FromHexString(fields.GetProperty("datagram").GetString()!);
            var inside = fields.TryGetProperty("inside", out var hex) ? Convert.FromHexString(hex.GetString()!) : datagram[IkeHeader.Size..];
            var first = fields.TryGetProperty("first", out var type) ? type.GetByte() : datagram[16];
            messages.Add(new RecordedMessage(fields.GetProperty("response").GetBoolean(), datagram, (PayloadType)first, inside));
        }

        return messages;
    }
}
