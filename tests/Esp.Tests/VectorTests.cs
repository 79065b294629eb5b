using Appliance.Crypto;
using Appliance.Shared;
using Appliance.Wire;

namespace Appliance.Esp.Tests;

/// <summary>The judge is scapy: what it built we open, and what we build is what it built, octet for octet from the SPI on.</summary>
[Trait("RFC", "4303")]
public class VectorTests
{
    public static TheoryData<string, AesGcmTier> Cases()
    {
        var cases = new TheoryData<string, AesGcmTier>();
        foreach (var vector in ScapyVectors.All)
        {
            cases.Add(vector.Name, AesGcmTier.Managed);
            cases.Add(vector.Name, AesGcmTier.Bcl);
        }

        return cases;
    }

    [SkippableTheory]
    [MemberData(nameof(Cases))]
    public void OpensWhatScapyBuilt(string name, AesGcmTier tier)
    {
        using var rig = new EspRig(tier);
        var vector = ScapyVectors.All.Single(v => v.Name == name);
        rig.AddInbound(vector.Spec);
        var (result, octets) = rig.Decapsulated(vector.ProtectedOctets);
        Assert.Equal(DropReason.None, result.Reason);
        Assert.Equal(vector.PlainOctets, octets);
    }

    [SkippableTheory]
    [MemberData(nameof(Cases))]
    public void BuildsWhatScapyBuilt(string name, AesGcmTier tier)
    {
        using var rig = new EspRig(tier);
        var vector = ScapyVectors.All.Single(v => v.Name == name);
        rig.AddOutbound(vector.Spec);
        var ours = rig.Encapsulated(vector.PlainOctets);
        var theirs = vector.ProtectedOctets;
        Assert.Equal(theirs.Length, ours.Length);
        Assert.True(PacketFields.TryRead(ours, out var fields));
        Assert.True(PacketFields.TryRead(theirs, out var expected));
        Assert.Equal((expected.SourceLow, expected.DestinationLow, expected.Protocol, expected.TimeToLive), (fields.SourceLow, fields.DestinationLow, fields.Protocol, fields.TimeToLive));
        if (fields.Family == 4) Assert.True(InternetChecksum.IsHeaderRight(ours.AsSpan(0, 20)));
        // A CBC initialisation vector is random: there the length and the header are what can be compared.
        var compared = CipherFacts.IsCbc(vector.Cipher) ? fields.HeaderLength + 8 : ours.Length;
        var from = fields.HeaderLength + (vector.IsUdp ? 8 : 0);
        Assert.Equal(theirs[from..compared], ours[from..compared]);
    }
}
