using Appliance.Ike;
using Appliance.Ike.Messages;
using Appliance.Shared;
using Appliance.SlowPath.Sas;
using Appliance.SlowPath.Tests.Serving;

namespace Appliance.SlowPath.Tests.Sas;

/// <summary>Multi-point SAs as SAs of the region (draft-yamaya-ipsecme-mpsa-04 §3.3.2).</summary>
[Trait("RFC", "6054")]
public sealed class GroupSasTests : IDisposable
{
    private readonly Bench bench = MeshGroup.Bench();

    public void Dispose() => bench.Dispose();

    [Fact]
    public void ItIsTakenInAtBothAddressesAndSentByAfterActivation()
    {
        Assert.Null(bench.Install(MeshGroup.Of(0x9001, 1, 2, 3, 4)));
        var inbound = Assert.Single(bench.Entries(0x9001), e => !e.IsOutbound);
        Assert.Equal((inbound.Slot, inbound.Slot), (bench.Found(0x9001, MeshGroup.V4), bench.Found(0x9001, MeshGroup.V6)));
        Assert.Equal(SaLookup.None, bench.Found(0x9001, FakeKernel.Ip("192.0.2.99")));
        Assert.Equal([null, null, null, null], bench.Sending());
        bench.With(g => g.Activate("mesh", 0x9001));
        Assert.Equal([1u, 2u, 3u, 4u], bench.Sending());
    }

    [Fact]
    public void Rfc6054_2_EachRecordThatSendsHasASenderIdAndAnIvSpaceOfItsOwn()
    {
        bench.Install(MeshGroup.Of(0x9001, 0x11, 0x22, 0x33, 0xfffff));
        var records = bench.Entries(0x9001).Where(e => e.IsOutbound).Select(e => (e.Worker, Sa: bench.Region.OutboundSa(e.Slot))).ToList();
        Assert.Equal(4, records.Count);
        Assert.Equal([0x11ul << 44, 0x22ul << 44, 0x33ul << 44, 0xffffful << 44], records.Select(r => r.Sa.IvBase));
        Assert.All(records, r =>
        {
            Assert.Equal((1UL << 44) - 1, r.Sa.SequenceHardLimit);
            Assert.InRange(r.Sa.SequenceSoftLimit, 1UL << 43, r.Sa.SequenceHardLimit - (1UL << 40));
            Assert.Equal(0UL, r.Sa.IvBase & r.Sa.SequenceHardLimit);
            Assert.Equal(r.Worker, r.Sa.Worker);
            Assert.Equal((byte)20, r.Sa.SenderIdBits);
            Assert.True(r.Sa.Destination.IsAny);
            Assert.Equal(SaFlags.MultiPoint, r.Sa.Flags & (SaFlags.MultiPoint | SaFlags.Esn));
        });
        Assert.Equal([(byte)20, (byte)20, (byte)40, (byte)40], records.Select(r => r.Sa.OuterHeaderLength));
        ref var inbound = ref bench.Region.InboundSa(bench.Entries(0x9001).Single(e => !e.IsOutbound).Slot);
        Assert.Equal((20, 1024, SaFlags.MultiPoint), (inbound.SenderIdBits, inbound.ReplayWindow, inbound.Flags & (SaFlags.MultiPoint | SaFlags.Esn | SaFlags.NoReplay)));
    }

    [Fact]
    public void ANewSaTakesOverWithoutAGapAndTheOldOneIsStillTakenIn()
    {
        bench.Install(MeshGroup.Of(0x9001, 1, 2, 3, 4), 1);
        bench.With(g => g.Activate("mesh", 0x9001));
        bench.Install(MeshGroup.Of(0x9002, 1, 2, 3, 4), 2);
        Assert.Equal(0x9001u, bench.Region.OutboundSa(Named()).Spi);
        bench.With(g => g.Activate("mesh", 0x9002));
        Assert.Equal(0x9002u, bench.Region.OutboundSa(Named()).Spi);
        Assert.NotEqual(SaLookup.None, bench.Found(0x9001, MeshGroup.V6));
        bench.With(g => g.Remove("mesh", 0x9001, "rolled over"));
        Assert.Equal((SaLookup.None, SaLookup.None), (bench.Found(0x9001, MeshGroup.V4), bench.Found(0x9001, MeshGroup.V6)));
        Assert.Empty(bench.Entries(0x9001));
        Assert.Equal(0x9002u, bench.Region.OutboundSa(Named()).Spi);
        Assert.Empty(bench.Ike.Events);
    }

    [Fact]
    public void WithoutAnSaTheGroupSendsNothing()
    {
        bench.Install(MeshGroup.Of(0x9001, 1, 2, 3, 4));
        bench.With(g => g.Activate("mesh", 0x9001));
        bench.With(g => g.Remove("mesh", 0x9001, "its lifetime is over"));
        Assert.Equal([null, null, null, null], bench.Sending());
        bench.With(g => g.Remove("mesh", 0x9001, "again"));
        bench.With(g => g.Activate("mesh", 0x9001));
        Assert.Equal([null, null, null, null], bench.Sending());
    }

    [Theory]
    [InlineData(new uint[] { 1, 2, 3 }, 20, "4 are needed")]
    [InlineData(new uint[0], 20, "4 are needed")]
    [InlineData(new uint[] { 1, 2, 3, 3 }, 20, "twice")]
    [InlineData(new uint[] { 1, 2, 3, 256 }, 8, "wider")]
    [InlineData(new uint[] { 1, 2, 3, 4 }, 0, "0 bits")]
    [InlineData(new uint[] { 1, 2, 3, 4 }, 32, "32 bits")]
    public void ACounterModeSaWithoutGoodSenderIdsIsRefused(uint[] senders, int bits, string why)
    {
        Assert.Contains(why, bench.Install(MeshGroup.Of(0x9001, senders) with { SenderIdBits = bits }), StringComparison.Ordinal);
        NothingIsLeft(0x9001);
    }

    [Fact]
    public void Rfc6054_2_ASenderIdIsUsedOnceUnderAKeyAlsoWhenItsSaIsGone()
    {
        bench.Install(MeshGroup.Of(0x9001, 1, 2, 3, 4));
        bench.With(g => g.Remove("mesh", 0x9001, "gone"));
        Assert.Contains("used before", bench.Install(MeshGroup.Of(0x9001, 5, 6, 7, 2)), StringComparison.Ordinal);
        Assert.Contains("used before", bench.Install(MeshGroup.Of(0x9005, 4, 5, 6, 7)), StringComparison.Ordinal);
        Assert.Empty(bench.Entries(0x9001));
        NothingIsLeft(0x9005);
        Assert.Null(bench.Install(MeshGroup.Of(0x9001, 5, 6, 7, 8)));
        Assert.Null(bench.Install(MeshGroup.Of(0x9006, 1, 2, 3, 4), key: 2));
    }

    [Fact]
    public void Rfc6054_2_ASenderIdIsNotUsedAgainAfterARestart()
    {
        bench.Install(MeshGroup.Of(0x9001, 1, 2, 3, 4));
        bench.Restart();
        bench.With(g => g.Remove("mesh", 0x9001, "gone"));
        Assert.Contains("used before", bench.Install(MeshGroup.Of(0x9001, 1, 6, 7, 8)), StringComparison.Ordinal);
    }

    /// <summary>A member that registers anew gets other Sender-IDs under the SA that it has: replay windows stay, nothing that was sent is sent again.</summary>
    [Fact]
    public void FreshSenderIdsTakeThePlaceOfTheEarlierOnes()
    {
        bench.Install(MeshGroup.Of(0x9001, 1, 2, 3, 4));
        bench.With(g => g.Activate("mesh", 0x9001));
        var inbound = bench.Found(0x9001, MeshGroup.V4);
        var generation = bench.Region.InboundSa(inbound).Generation;
        Assert.Null(bench.Install(MeshGroup.Of(0x9001, 11, 12, 13, 14)));
        bench.With(g => g.Activate("mesh", 0x9001));
        Assert.Equal([11u, 12u, 13u, 14u], bench.Sending());
        Assert.Equal((inbound, generation), (bench.Found(0x9001, MeshGroup.V4), bench.Region.InboundSa(inbound).Generation));
        Assert.Equal(5, bench.Entries(0x9001).Length);
        Assert.Empty(bench.Ike.Events);
        Assert.Contains("used before", bench.Install(MeshGroup.Of(0x9001, 1, 2, 3, 4)), StringComparison.Ordinal);
        Assert.Equal([11u, 12u, 13u, 14u], bench.Sending());
    }

    [Fact]
    public void TheSameSaAgainHasAnotherLifetimeAndIsNotMadeAnew()
    {
        bench.Install(MeshGroup.Of(0x9001, 1, 2, 3, 4) with { LifetimeMilliseconds = 10_000 });
        bench.With(g => g.Activate("mesh", 0x9001));
        var before = bench.Entries(0x9001);
        bench.Region.OutboundState(before[1].Slot).Sequence = 77;
        Assert.Null(bench.Install(MeshGroup.Of(0x9001, 1, 2, 3, 4) with { LifetimeMilliseconds = 900_000 }));
        Assert.Equal(before, bench.Entries(0x9001));
        Assert.Equal(77ul, bench.Region.OutboundState(before[1].Slot).Sequence);
        Assert.All(before.Where(e => e.IsOutbound), e => Assert.InRange(bench.Region.OutboundSa(e.Slot).ExpiresAt - Environment.TickCount64, 800_000, 900_000));
    }

    [Fact]
    public void TheSameSpiUnderAnotherKeyIsRefused()
    {
        bench.Install(MeshGroup.Of(0x9001, 1, 2, 3, 4));
        Assert.Contains("in use", bench.Install(MeshGroup.Of(0x9001, 5, 6, 7, 8), key: 9), StringComparison.Ordinal);
        Assert.Equal(5, bench.Entries(0x9001).Length);
    }

    [Theory]
    [InlineData(EncryptionTransform.ChaCha20Poly1305, 256, IntegrityTransform.None, 36, null)]
    [InlineData(EncryptionTransform.AesGcm16, 128, IntegrityTransform.None, 20, null)]
    [InlineData(EncryptionTransform.NullAesGmac, 128, IntegrityTransform.None, 20, "no cipher")]
    [InlineData(EncryptionTransform.AesGcm16, 256, IntegrityTransform.None, 20, "20 octets")]
    public void CiphersOfAGroup(EncryptionTransform transform, int bits, IntegrityTransform integrity, int length, string? why)
    {
        var problem = bench.Install(MeshGroup.Of(0x9001, 1, 2, 3, 4) with { Encryption = new EncryptionChoice(transform, bits), Integrity = integrity }, length: length);
        if (why is null) Assert.Null(problem);
        else Assert.Contains(why, problem, StringComparison.Ordinal);
    }

    [Fact]
    public void CbcNeedsNoSenderIdsAndHasNoReplayWindow()
    {
        var sa = MeshGroup.Of(0x9001) with { Encryption = new EncryptionChoice(EncryptionTransform.AesCbc, 256), Integrity = IntegrityTransform.HmacSha256Bits128, SenderIdBits = 0 };
        Assert.Null(bench.Install(sa, length: 64));
        bench.With(g => g.Activate("mesh", 0x9001));
        Assert.All(bench.Entries(0x9001).Where(e => e.IsOutbound), e => Assert.Equal((0ul, 0), (bench.Region.OutboundSa(e.Slot).IvBase, bench.Region.OutboundSa(e.Slot).SenderIdBits)));
        Assert.NotEqual(SaFlags.None, bench.Region.InboundSa(bench.Found(0x9001, MeshGroup.V4)).Flags & SaFlags.NoReplay);
        Assert.Equal(4, MeshGroup.Tunnels.SelectMany(t => Enumerable.Range(0, 2).Select(w => bench.Region.Tunnel(bench.On(() => bench.Gateway.TunnelSlots[t])).OutboundSas[w])).Distinct().Count(s => s != TunnelRecord.NoSa));
    }

    [Fact]
    public void AnSaWithoutLifetimeOrGroupIsRefused()
    {
        Assert.Contains("no lifetime", bench.Install(MeshGroup.Of(0x9001, 1, 2, 3, 4) with { LifetimeMilliseconds = 0 }), StringComparison.Ordinal);
        Assert.Contains("no tunnel of group 'other'", bench.Install(MeshGroup.Of(0x9001, 1, 2, 3, 4) with { Group = "other" }), StringComparison.Ordinal);
    }

    [Fact]
    public void WhatDoesNotFitLeavesNothingBehind()
    {
        for (uint i = 0; i < 20; i++)
            if (bench.Install(MeshGroup.Of(0x9100 + i, 1, 2, 3, 4), key: (byte)(i + 1)) is { } problem)
            {
                Assert.Contains("no free outbound SA", problem, StringComparison.Ordinal);
                NothingIsLeft(0x9100 + i);
                Assert.True(i > 10);
                bench.With(g => g.Remove("mesh", 0x9100, "room"));
                return;
            }

        Assert.Fail("64 SAs should not have been enough");
    }

    [Theory]
    [InlineData(EventKind.SoftExpire, false)]
    [InlineData(EventKind.HardExpire, true)]
    public void IkeHearsThatASenderIdsIvsRunOut(EventKind kind, bool hard)
    {
        bench.Install(MeshGroup.Of(0x9001, 1, 2, 3, 4));
        var slot = bench.Entries(0x9001).First(e => e.IsOutbound).Slot;
        Post(kind, slot, bench.Region.OutboundSa(slot).Generation + 1);
        Assert.Empty(bench.Ike.Events);
        Post(kind, slot, bench.Region.OutboundSa(slot).Generation);
        Assert.Equal(new GroupExpires("mesh", 0x9001, hard), Assert.Single(bench.Ike.Events));
    }

    [Fact]
    public void ItEndsAtItsLifetimeWithoutIke()
    {
        bench.Install(MeshGroup.Of(0x9001, 1, 2, 3, 4) with { LifetimeMilliseconds = 1 });
        bench.With(g => g.Activate("mesh", 0x9001));
        Assert.True(SpinWait.SpinUntil(() =>
        {
            bench.Sweep();
            return bench.Entries(0x9001).Length == 0;
        }, 5000));
        Assert.Equal([null, null, null, null], bench.Sending());
        Assert.Equal(new GroupExpires("mesh", 0x9001, true), Assert.Single(bench.Ike.Events));
    }

    /// <summary>The data plane makes ciphers ready that have no kernel of ours: meanwhile nothing of the SA is there, and what comes meanwhile is not lost.</summary>
    [Fact]
    public async Task WhileItIsMadeReadyItCanBeRemoved()
    {
        DataPlaneLives();
        var sa = MeshGroup.Of(0x9001, 1, 2, 3, 4) with { Encryption = new EncryptionChoice(EncryptionTransform.ChaCha20Poly1305, 256) };
        var (first, second, third) = (Begin(sa), Begin(sa), Begin(sa with { Spi = 0x9002 }));
        NothingIsLeft(0x9001);
        bench.With(g => Assert.True(g.Exists("mesh", 0x9001)));
        bench.With(g => g.Remove("mesh", 0x9001, "a newer one came"));
        Assert.Contains("removed while", await first, StringComparison.Ordinal);
        Assert.Contains("being installed", await second, StringComparison.Ordinal);
        Assert.Null(await third);
        NothingIsLeft(0x9001);
        Assert.Equal(5, bench.Entries(0x9002).Length);
        DataPlaneLives();
        Assert.Null(await Begin(sa with { SenderIds = [5, 6, 7, 8] }));
    }

    /// <summary>Two SAs under one key, as no good gateway makes them, that are made ready in the same moment.</summary>
    [Fact]
    public async Task Rfc6054_2_OfTwoAtOnceWithOneKeyTheSecondIsRefused()
    {
        DataPlaneLives();
        var sa = MeshGroup.Of(0x9001, 1, 2, 3, 4) with { Encryption = new EncryptionChoice(EncryptionTransform.ChaCha20Poly1305, 256) };
        var (first, second) = (Begin(sa, 7), Begin(sa with { Spi = 0x9002 }, 7));
        Assert.Null(await first);
        Assert.Contains("used before", await second, StringComparison.Ordinal);
        NothingIsLeft(0x9002);
    }

    [Fact]
    public async Task AnInstallationThatWasRemovedDoesNotComeBackInTheNextOnesPlace()
    {
        DataPlaneLives();
        var sa = MeshGroup.Of(0x9001, 1, 2, 3, 4) with { Encryption = new EncryptionChoice(EncryptionTransform.ChaCha20Poly1305, 256) };
        var first = Begin(sa);
        bench.With(g => g.Remove("mesh", 0x9001, "no longer"));
        var second = Begin(sa with { SenderIds = [5, 6, 7, 8] });
        Assert.Contains("removed while", await first, StringComparison.Ordinal);
        Assert.Null(await second);
        bench.With(g => g.Activate("mesh", 0x9001));
        Assert.Equal([5u, 6u, 7u, 8u], bench.Sending());
    }

    private uint Named() => bench.Region.Tunnel(bench.On(() => bench.Gateway.TunnelSlots["mesh.v6"])).OutboundSas[1];

    private void DataPlaneLives()
    {
        ref var header = ref bench.Region.Header;
        (header.DataPlaneReady, header.DataPlaneProcess, header.DataPlaneHeartbeat) = (1, Environment.ProcessId, Environment.TickCount64);
    }

    private Task<string?> Begin(GroupSa sa, byte octet = 0)
    {
        var key = new Appliance.Crypto.Secret(36);
        key.Octets.Fill(octet == 0 ? (byte)sa.Spi : octet);
        return bench.Loop.RunAsync(() => bench.Gateway.Groups.InstallAsync(sa, key));
    }

    private void NothingIsLeft(uint spi)
    {
        Assert.Empty(bench.Entries(spi));
        Assert.Equal((SaLookup.None, SaLookup.None), (bench.Found(spi, MeshGroup.V4), bench.Found(spi, MeshGroup.V6)));
        Assert.DoesNotContain(bench.Region.LiveInboundSas(), s => bench.Region.InboundSa(s).Spi == spi);
        Assert.DoesNotContain(bench.Region.LiveOutboundSas(), s => bench.Region.OutboundSa(s).Spi == spi);
    }

    private void Post(EventKind kind, uint slot, uint generation)
    {
        bench.Region.Header.Workers = MeshGroup.Workers;
        Assert.True(bench.Region.Events(0).TryRaise(new EventRecord { Kind = kind, Sa = slot, Generation = generation, Spi = bench.Region.OutboundSa(slot).Spi }));
        bench.On(bench.Gateway.DrainEvents);
    }
}
