using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Appliance.Shared.Tests.Records;

/// <summary>Two processes read these octets: a layout that changes must change <see cref="RegionHeader.LayoutNumber"/> too.</summary>
public sealed class RecordLayoutTests
{
    [Fact]
    public void SizesAreAsWritten()
    {
        Assert.Equal(16, Unsafe.SizeOf<IpAddress>());
        Assert.Equal(16, Unsafe.SizeOf<Packet>());
        Assert.Equal(OutboundSa.RecordSize, Unsafe.SizeOf<OutboundSa>());
        Assert.Equal(InboundSa.RecordSize, Unsafe.SizeOf<InboundSa>());
        Assert.Equal(64, Unsafe.SizeOf<OutboundSaState>());
        Assert.Equal(InboundSaState.RecordSize, Unsafe.SizeOf<InboundSaState>());
        Assert.Equal(TunnelRecord.RecordSize, Unsafe.SizeOf<TunnelRecord>());
        Assert.Equal(NextHopRecord.RecordSize, Unsafe.SizeOf<NextHopRecord>());
        Assert.Equal(NextHopRecord.RecordSize, Unsafe.SizeOf<NextHopGroup>());
        Assert.Equal(Offset(typeof(NextHopRecord), nameof(NextHopRecord.Kind)), Offset(typeof(NextHopGroup), nameof(NextHopGroup.Kind)));
        Assert.Equal(Offset(typeof(NextHopRecord), nameof(NextHopRecord.Protected)), Offset(typeof(NextHopGroup), nameof(NextHopGroup.Protected)));
        Assert.Equal(NextHopRecord.RecordSize, Unsafe.SizeOf<ReplicateRecord>());
        Assert.Equal(Offset(typeof(NextHopRecord), nameof(NextHopRecord.Kind)), Offset(typeof(ReplicateRecord), nameof(ReplicateRecord.Kind)));
        Assert.Equal(Offset(typeof(NextHopRecord), nameof(NextHopRecord.Protected)), Offset(typeof(ReplicateRecord), nameof(ReplicateRecord.Protected)));
        Assert.Equal(NextHopRecord.RecordSize, Unsafe.SizeOf<ReplicateBlock>());
        Assert.Equal(Offset(typeof(NextHopRecord), nameof(NextHopRecord.Kind)), Offset(typeof(ReplicateBlock), nameof(ReplicateBlock.Kind)));
        Assert.Equal(MulticastPrefix.RecordSize, Unsafe.SizeOf<MulticastPrefix>());
        Assert.Equal(AdjacencyRecord.RecordSize, Unsafe.SizeOf<AdjacencyRecord>());
        Assert.Equal(SpdRule.RecordSize, Unsafe.SizeOf<SpdRule>());
        Assert.Equal(PortRecord.RecordSize, Unsafe.SizeOf<PortRecord>());
        Assert.Equal(EventRecord.RecordSize, Unsafe.SizeOf<EventRecord>());
        Assert.Equal(WorkerBlock.RecordSize, Unsafe.SizeOf<WorkerBlock>());
        Assert.Equal(ContextSlot.RecordSize, Unsafe.SizeOf<ContextSlot>());
        Assert.Equal(SenderRecord.RecordSize, Unsafe.SizeOf<SenderRecord>());
        Assert.Equal(32, Unsafe.SizeOf<GroupSaCounters>());
        Assert.Equal(Unsafe.SizeOf<ReplayBits>(), WorkerBlock.Maximum * Unsafe.SizeOf<GroupSaCounters>());
        Assert.Equal(RegionHeader.RecordSize, Unsafe.SizeOf<RegionHeader>());
        Assert.Equal(64, Unsafe.SizeOf<RegionCounts>());
        Assert.Equal(64, Unsafe.SizeOf<SaLookup.Entry>());
    }

    /// <summary>What the slot tables rely on: the state is the first word, the generation the second.</summary>
    [Theory]
    [InlineData(typeof(OutboundSa), true)]
    [InlineData(typeof(InboundSa), true)]
    [InlineData(typeof(SenderRecord), true)]
    [InlineData(typeof(TunnelRecord), true)]
    [InlineData(typeof(NextHopRecord), false)]
    [InlineData(typeof(NextHopGroup), false)]
    [InlineData(typeof(ReplicateRecord), false)]
    [InlineData(typeof(ReplicateBlock), false)]
    [InlineData(typeof(AdjacencyRecord), false)]
    public void StateIsTheFirstWord(Type record, bool hasGeneration)
    {
        Assert.Equal(0, Offset(record, "State"));
        if (hasGeneration) Assert.Equal(4, Offset(record, "Generation"));
    }

    [Fact]
    public void KeysAndStatesAreWhereTheirCacheLinesAre()
    {
        Assert.Equal(256, Offset(typeof(OutboundSa), nameof(OutboundSa.Key)));
        Assert.Equal(256, Offset(typeof(InboundSa), nameof(InboundSa.Key)));
        Assert.Equal(128, Offset(typeof(OutboundSa), nameof(OutboundSa.OuterHeader)));
        Assert.Equal(56, Offset(typeof(OutboundSaState), nameof(OutboundSaState.Generation)) + 8);
        Assert.Equal(128, Offset(typeof(InboundSaState), nameof(InboundSaState.Window)));
        Assert.Equal(KeyOctets.Size, Unsafe.SizeOf<KeyOctets>());
        Assert.Equal(512, Unsafe.SizeOf<ReplayBits>());
    }

    /// <summary>No field of an explicit layout runs into the next, and none past the end; words do not straddle their alignment.</summary>
    [Theory]
    [InlineData(typeof(OutboundSa))]
    [InlineData(typeof(InboundSa))]
    [InlineData(typeof(InboundSaState))]
    [InlineData(typeof(SenderRecord))]
    [InlineData(typeof(TunnelRecord))]
    [InlineData(typeof(NextHopRecord))]
    [InlineData(typeof(NextHopGroup))]
    [InlineData(typeof(ReplicateRecord))]
    [InlineData(typeof(ReplicateBlock))]
    [InlineData(typeof(MulticastPrefix))]
    [InlineData(typeof(AdjacencyRecord))]
    [InlineData(typeof(SpdRule))]
    [InlineData(typeof(PortRecord))]
    [InlineData(typeof(EventRecord))]
    [InlineData(typeof(WorkerBlock))]
    [InlineData(typeof(RegionHeader))]
    public void FieldsDoNotOverlap(Type record)
    {
        var fields = record.GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic)
            .Select(f => (f.Name, At: f.GetCustomAttribute<FieldOffsetAttribute>()!.Value, Size: SizeOf(f.FieldType))).OrderBy(f => f.At).ToArray();
        for (var i = 0; i < fields.Length; i++)
        {
            var end = i + 1 < fields.Length ? fields[i + 1].At : SizeOf(record);
            Assert.True(fields[i].At + fields[i].Size <= end, $"{record.Name}.{fields[i].Name} ends at {fields[i].At + fields[i].Size}, beyond {end}");
            if (fields[i].Size is 2 or 4 or 8) Assert.Equal(0, fields[i].At % fields[i].Size);
        }
    }

    /// <summary>Words of different writers are on different cache lines.</summary>
    [Fact]
    public void EachWriterOfTheHeaderAndOfAPortHasItsOwnLine()
    {
        string[] lines = ["SupervisorProcess", "DataPlaneProcess", "SlowPathProcess"];
        Assert.Equal(3, lines.Select(l => Offset(typeof(RegionHeader), l) / 64).Distinct().Count());
        Assert.Equal(1, Offset(typeof(PortRecord), nameof(PortRecord.Running)) / 64);
        Assert.Equal(0, Offset(typeof(PortRecord), nameof(PortRecord.Name)) / 64);
        var sides = typeof(SpscSides).GetFields().Select(f => f.GetCustomAttribute<FieldOffsetAttribute>()!.Value / 64).ToArray();
        Assert.Equal(sides.Length, sides.Distinct().Count());
    }

    [Fact]
    public void SectionsOfTheRegionStartOnPagesAndDoNotOverlap()
    {
        var map = new RegionMap(new RegionCounts { OutboundSas = 3, InboundSas = 5, Tunnels = 7, NextHops = 9, Adjacencies = 11, SpdRules = 13, Ipv4Groups = 1, Ipv6Nodes = 1, EventsPerWorker = 4, ContextSlots = 5, Senders = 20 });
        var starts = typeof(RegionMap).GetProperties().Select(p => (ulong)p.GetValue(map)!).ToArray();
        Assert.All(starts, s => Assert.Equal(0ul, s % 4096));
        Assert.Equal(starts.Length, starts.Distinct().Count());
        Assert.Equal(starts.Max(), map.Length);
        Assert.True(starts.Min() >= RegionHeader.RecordSize);
    }

    private static int Offset(Type record, string field) => (int)Marshal.OffsetOf(record, field);

    private static int SizeOf(Type type) => (int)typeof(Unsafe).GetMethod(nameof(Unsafe.SizeOf))!.MakeGenericMethod(type).Invoke(null, null)!;
}
