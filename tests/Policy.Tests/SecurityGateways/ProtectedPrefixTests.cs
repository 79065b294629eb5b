using Appliance.Shared;

namespace Appliance.Policy.Tests.SecurityGateways;

/// <summary>A prefix ever learned with the Security Gateway Identity stays discarded until the operator clears it: the four cases of issue 4 item 2, and what goes with them.</summary>
public sealed class ProtectedPrefixTests
{
    private readonly GatewayRig rig = new();

    public ProtectedPrefixTests()
    {
        rig.Learn("0.0.0.0/0", GatewayRig.Path(null));
        rig.Learn("10.2.0.0/16", GatewayRig.Path("198.51.100.1"));
        Assert.Equal("ce-198.51.100.1", rig.Find("10.2.3.4"));
        Assert.Equal("plain", rig.Find("8.8.8.8"));
    }

    [Fact]
    public void Issue4_2_AWithdrawnPrefixStaysDiscarded()
    {
        rig.Learn("10.2.0.0/16");
        Assert.Equal("discard", rig.Find("10.2.3.4"));
        Assert.Equal(ProtectionReason.Withdrawn, rig.Reason("10.2.0.0/16"));
        Assert.Equal([GatewayRig.GatewayA], rig.Last.GoneGateways);
    }

    [Fact]
    public void Issue4_2_AnEqualRouteWithoutTheAttributeIsDiscarded()
    {
        rig.Learn("10.2.0.0/16", GatewayRig.Path(null));
        Assert.Equal("discard", rig.Find("10.2.3.4"));
        Assert.Equal(ProtectionReason.WithoutIdentity, rig.Reason("10.2.0.0/16"));
        Assert.Contains("protected clear", Assert.Single(rig.Last.Discarded).Explanation, StringComparison.Ordinal);
    }

    [Fact]
    public void Issue4_2_ALessSpecificRouteWithoutTheAttributeDoesNotCarryIt()
    {
        rig.Learn("10.2.0.0/16");
        rig.Learn("10.0.0.0/8", GatewayRig.Path(null));
        Assert.Equal("discard", rig.Find("10.2.3.4"));
        Assert.Equal("plain", rig.Find("10.3.0.1"));
    }

    [Fact]
    public void Issue4_2_AMoreSpecificRouteWithoutTheAttributeIsDiscarded()
    {
        rig.Learn("10.2.3.0/24", GatewayRig.Path(null, "pe2"));
        Assert.Equal("discard", rig.Find("10.2.3.4"));
        Assert.Equal("ce-198.51.100.1", rig.Find("10.2.4.4"));
        Assert.Equal(ProtectionReason.InsideRemembered, rig.Reason("10.2.3.0/24"));
        rig.Learn("10.2.0.0/16");
        Assert.Equal("discard", rig.Find("10.2.3.4"));
        Assert.Equal("discard", rig.Find("10.2.4.4"));
    }

    [Fact]
    public void MoreSpecificPlainRoutesThatWereThereBeforeAreDiscardedOnceTheirCoverIsProtected()
    {
        rig.Learn("10.3.7.0/24", GatewayRig.Path(null));
        rig.Learn("10.3.8.0/24", GatewayRig.Path(null));
        rig.Learn("10.4.8.0/24", GatewayRig.Path(null));
        Assert.Equal("plain", rig.Find("10.3.7.1"));
        rig.Learn("10.3.0.0/16", GatewayRig.Path("198.51.100.2"));
        Assert.Equal(("discard", "discard", "ce-198.51.100.2", "plain"), (rig.Find("10.3.7.1"), rig.Find("10.3.8.1"), rig.Find("10.3.9.1"), rig.Find("10.4.8.1")));
    }

    [Fact]
    public void APlainRouteInTheSameBatchIsNeverPlain()
    {
        rig.Learn(("10.5.1.0/24", [GatewayRig.Path(null)]), ("10.5.0.0/16", [GatewayRig.Path("198.51.100.1")]), ("10.5.0.0/16", [GatewayRig.Path(null)]));
        Assert.DoesNotContain(rig.Last.Routes, r => r.Target is { Kind: LearnedKind.Via });
        Assert.Equal("discard", rig.Find("10.5.0.1"));
        Assert.Equal("discard", rig.Find("10.5.1.1"));
    }

    [Fact]
    public void ItComesBackWithTheAttribute()
    {
        rig.Learn("10.2.0.0/16", GatewayRig.Path(null));
        rig.Learn("10.2.0.0/16", GatewayRig.Path("198.51.100.2"));
        Assert.Equal("ce-198.51.100.2", rig.Find("10.2.3.4"));
        Assert.Equal([GatewayRig.GatewayB], rig.Last.NewGateways);
    }

    [Fact]
    public void TheOperatorClearsIt()
    {
        rig.Learn("10.2.3.0/24", GatewayRig.Path(null));
        rig.Learn("10.2.0.0/16");
        rig.Apply(rig.Gateways.Clear(Inputs.Prefix("10.2.0.0/16"), 9)!);
        Assert.Equal(("plain", "plain"), (rig.Find("10.2.3.4"), rig.Find("10.2.4.4")));
        Assert.Equal([Inputs.Prefix("10.2.0.0/16")], rig.Last.Forgotten);
        Assert.Empty(rig.Gateways.Entries);
        Assert.Null(rig.Gateways.Clear(Inputs.Prefix("10.2.0.0/16"), 9));
    }

    [Fact]
    public void WhatIsAnnouncedIsRememberedAgainWhenItIsCleared()
    {
        rig.Apply(rig.Gateways.ClearAll(9));
        Assert.Equal("10.2.0.0/16", rig.Remembered);
        Assert.Empty(rig.Last.Forgotten);
        Assert.Empty(rig.Last.Remembered);
        rig.Learn("10.2.0.0/16");
        Assert.Equal("discard", rig.Find("10.2.3.4"));
    }

    [Fact]
    public void AProtectedRangeTakesNoPlainRoute()
    {
        rig.Learn(("10.200.0.0/16", [GatewayRig.Path(null)]), ("10.200.5.0/24", [GatewayRig.Path(null)]), ("10.200.6.0/24", [GatewayRig.Path("198.51.100.1")]));
        Assert.Equal(("discard", "discard", "ce-198.51.100.1"), (rig.Find("10.200.9.9"), rig.Find("10.200.5.1"), rig.Find("10.200.6.1")));
        Assert.Equal(ProtectionReason.InsideProtected, rig.Reason("10.200.5.0/24"));
    }

    [Fact]
    public void TheWidestPrefixAloneIsRemembered()
    {
        rig.Learn("10.2.9.0/24", GatewayRig.Path("198.51.100.1"));
        Assert.Equal("10.2.0.0/16", rig.Remembered);
        rig.Learn("10.0.0.0/8", GatewayRig.Path("198.51.100.2"));
        Assert.Equal("10.0.0.0/8", rig.Remembered);
        Assert.Equal([Inputs.Prefix("10.2.0.0/16")], rig.Last.Forgotten);
        rig.Learn("10.2.9.0/24");
        Assert.Equal("ce-198.51.100.1", rig.Find("10.2.9.1"));
        rig.Learn("10.2.0.0/16");
        Assert.Equal("ce-198.51.100.2", rig.Find("10.2.9.1"));
        rig.Learn("10.0.0.0/8");
        Assert.Equal("discard", rig.Find("10.2.9.1"));
    }

    [Fact]
    public void WhatEarlierRunsRememberIsDiscardedAtOnceButForWhatTheyLeft()
    {
        var later = new GatewayRig(null, "10.2.0.0/16", "10.3.0.0/16");
        later.Apply(later.Gateways.HoldRemembered(p => p == Inputs.Prefix("10.2.0.0/16"), 1));
        Assert.Equal("10.3.0.0/16 discard", later.Table);
        later.Learn("0.0.0.0/0", GatewayRig.Path(null));
        later.Apply(later.Gateways.HoldRemembered(_ => false, 2));
        Assert.Equal("0.0.0.0/0 plain; 10.2.0.0/16 discard; 10.3.0.0/16 discard", later.Table);
    }

    [Fact]
    public void AtNoMomentOfABatchIsWhatWasProtectedOpen()
    {
        rig.Learn(("10.5.9.0/24", [GatewayRig.Path("198.51.100.1")]), ("0.0.0.0/0", [GatewayRig.Path(null)]));
        rig.Learn("10.5.9.0/24");
        Assert.Equal("discard", rig.Find("10.5.9.1"));

        // The withdrawal of the narrow prefix comes before the wide one that takes its place.
        rig.Learn(("10.5.9.0/24", []), ("10.5.0.0/16", [GatewayRig.Path("198.51.100.1")]));
        Assert.Equal([Inputs.Prefix("10.5.0.0/16"), Inputs.Prefix("10.5.9.0/24")], rig.Last.Routes.Select(r => r.Prefix));
        Assert.Equal("ce-198.51.100.1", rig.Find("10.5.9.1"));
    }

    [Fact]
    public void APrefixIsUsedOnceItStandsOnTheDiskThatItIsProtected()
    {
        var careful = new GatewayRig(null, true, "10.3.0.0/16");
        careful.Learn(("10.2.0.0/16", [GatewayRig.Path("198.51.100.1")]), ("10.2.9.0/24", [GatewayRig.Path("198.51.100.2")]), ("10.3.1.0/24", [GatewayRig.Path("198.51.100.1")]));
        Assert.Equal("10.2.0.0/16 discard; 10.2.9.0/24 discard; 10.3.1.0/24 ce-198.51.100.1", careful.Table);
        Assert.Equal(ProtectionReason.NotStored, careful.Reason("10.2.0.0/16"));
        Assert.Empty(careful.Last.Discarded);
        careful.Apply(careful.Gateways.Stored([Inputs.Prefix("10.2.0.0/16")], [], 5));
        Assert.Equal("10.2.0.0/16 ce-198.51.100.1; 10.2.9.0/24 ce-198.51.100.2; 10.3.1.0/24 ce-198.51.100.1", careful.Table);

        // A wider one waits for itself, and not for what the disk has already.
        careful.Learn("10.0.0.0/8", GatewayRig.Path("198.51.100.2"));
        Assert.Equal("10.0.0.0/8 discard; 10.2.0.0/16 ce-198.51.100.1; 10.2.9.0/24 ce-198.51.100.2; 10.3.1.0/24 ce-198.51.100.1", careful.Table);
        careful.Apply(careful.Gateways.Stored(careful.Last.Remembered, careful.Last.Forgotten, 6));
        Assert.Equal("10.0.0.0/8 ce-198.51.100.2; 10.2.0.0/16 ce-198.51.100.1; 10.2.9.0/24 ce-198.51.100.2; 10.3.1.0/24 ce-198.51.100.1", careful.Table);
    }

    [Fact]
    public void WhatIsClearedAndComesAgainIsStoredAgain()
    {
        var careful = new GatewayRig(null, true, "10.2.0.0/16");
        careful.Apply(careful.Gateways.Clear(Inputs.Prefix("10.2.0.0/16"), 1)!);
        careful.Learn("10.2.0.0/16", GatewayRig.Path("198.51.100.1"));
        Assert.Equal("10.2.0.0/16 discard", careful.Table);
        careful.Apply(careful.Gateways.Stored([Inputs.Prefix("10.2.0.0/16")], [], 5));
        Assert.Equal("10.2.0.0/16 ce-198.51.100.1", careful.Table);

        // Cleared while it is announced it stays remembered, and in use.
        careful.Apply(careful.Gateways.Clear(Inputs.Prefix("10.2.0.0/16"), 6)!);
        Assert.Equal("10.2.0.0/16 ce-198.51.100.1", careful.Table);
        Assert.True(careful.Last.IsEmpty);
    }
}
