using Appliance.Crypto;
using Appliance.Shared;

namespace Appliance.Esp.Tests;

/// <summary>One worker's ESP with a region and packet memory of its own, gone after the test.</summary>
internal sealed class EspRig : IDisposable
{
    public const long Tick = 12345;

    private static int counter;
    private readonly string directory;
    private readonly AesGcmTier tier;
    private readonly FramePool pool;
    private readonly List<uint> taken = [];

    public EspRig(AesGcmTier tier = AesGcmTier.Managed, int slots = 64, int senders = 64)
    {
        Skip.IfNot(Environment.UserName == "root", "a region is locked in memory: only root may lock that much");
        Skip.IfNot(CryptoTiers.IsSupported(tier), CryptoTiers.Describe(tier));
        this.tier = tier;
        directory = $"/dev/shm/appliance-esp-test-{Environment.ProcessId}-{Interlocked.Increment(ref counter)}";
        Directory.CreateDirectory(directory);
        var sizes = new RegionSizes { OutboundSas = slots, InboundSas = slots, Tunnels = 16, NextHops = 16, Adjacencies = 16, SpdRules = 16, Ipv4Groups = 16, Ipv6Nodes = 16, Senders = senders };
        Region = Region.CreateOrOpen(directory + "/region", sizes, 1, out _);
        Memory = new FrameMemory(256, 8);
        pool = new FrameExchange(Memory, 1).Pools[0];
        Objects = new CipherObjects(slots, slots);
        Outbound = new EspOutbound<ManagedKernel>(Region, Memory, Objects, tier);
        Inbound = new EspInbound<ManagedKernel>(Region, Memory, Objects, tier);
    }

    public Region Region { get; }

    public FrameMemory Memory { get; }

    public CipherObjects Objects { get; }

    public EspOutbound<ManagedKernel> Outbound { get; }

    public EspInbound<ManagedKernel> Inbound { get; }

    /// <summary>Both ends of an SA at one slot.</summary>
    public void AddPair(SaSpec spec, uint slot = 0)
    {
        AddOutbound(spec, slot);
        AddInbound(spec, slot);
    }

    public void AddOutbound(SaSpec spec, uint slot = 0)
    {
        ref var sa = ref Region.OutboundSa(slot);
        sa = default;
        sa.Spi = spec.Spi;
        sa.Generation = spec.Generation;
        sa.Mode = spec.Mode;
        sa.Encapsulation = spec.Encapsulation;
        sa.Cipher = (byte)spec.Cipher;
        sa.KeyLength = (byte)CipherKey.Expand(spec.Cipher, spec.KeyMaterial, sa.Key);
        sa.IvLength = (byte)CipherFacts.IvLength(spec.Cipher);
        sa.IcvLength = (byte)CipherFacts.IcvLength(spec.Cipher);
        sa.Alignment = (byte)CipherFacts.BlockSize(spec.Cipher);
        sa.Flags = spec.Flags;
        sa.Dscp = spec.Dscp;
        sa.TfcMultiple = spec.TfcMultiple;
        sa.PathMtu = spec.PathMtu;
        sa.IvBase = spec.SenderIdBits == 0 ? spec.IvBase : (ulong)spec.SenderId << (64 - spec.SenderIdBits);
        sa.SenderIdBits = spec.SenderIdBits;
        sa.SequenceSoftLimit = spec.SoftLimit;
        sa.SequenceHardLimit = spec.HardLimit ?? ((spec.Flags & SaFlags.Esn) != 0 ? ulong.MaxValue : uint.MaxValue);
        sa.Source = Address(spec.OuterIsV6 ? "2001:db8::1" : "192.0.2.1");
        sa.Destination = (spec.Flags & SaFlags.MultiPoint) != 0 ? IpAddress.Any : Address(spec.OuterIsV6 ? "2001:db8::2" : "198.51.100.1");
        sa.SourcePort = sa.DestinationPort = 4500;
        OuterHeader.Build(ref sa);
        Region.OutboundState(slot) = new OutboundSaState { Sequence = spec.Start, ReservedUntil = spec.Start, Generation = spec.Generation };
        sa.State = SlotState.Live;
        Objects.PrepareOutbound(slot, sa, tier);
    }

    public void AddInbound(SaSpec spec, uint slot = 0)
    {
        ref var sa = ref Region.InboundSa(slot);
        sa = default;
        sa.Spi = spec.Spi;
        sa.Generation = spec.Generation;
        sa.Mode = spec.Mode;
        sa.Encapsulation = spec.Encapsulation;
        sa.Cipher = (byte)spec.Cipher;
        sa.KeyLength = (byte)CipherKey.Expand(spec.Cipher, spec.KeyMaterial, sa.Key);
        sa.IvLength = (byte)CipherFacts.IvLength(spec.Cipher);
        sa.IcvLength = (byte)CipherFacts.IcvLength(spec.Cipher);
        sa.Alignment = (byte)CipherFacts.BlockSize(spec.Cipher);
        sa.Flags = spec.Flags | (spec.Window == 0 ? SaFlags.NoReplay : 0);
        sa.ReplayWindow = spec.Window;
        sa.SenderIdBits = spec.SenderIdBits;
        Region.InboundState(slot) = new InboundSaState { Highest = spec.Start, Generation = spec.Generation };
        sa.State = SlotState.Live;
        Objects.PrepareInbound(slot, sa, tier);
    }

    /// <summary>Puts octets into a frame of their own (a jumbo run when they are long), behind the headroom.</summary>
    public Packet Put(ReadOnlySpan<byte> octets, uint slot = 0, int headroom = FrameMemory.Headroom)
    {
        uint frame;
        if (octets.Length > 1600) Assert.True(pool.TryTakeJumbo(out frame));
        else Assert.True(pool.TryTake(out frame));
        taken.Add(frame);
        var packet = new Packet { Address = frame + (uint)headroom, Length = octets.Length, Tag = slot, Flags = PacketFlags.NoEthernet };
        octets.CopyTo(Memory.Span(packet));
        return packet;
    }

    /// <summary>The next hop of a member of a group.</summary>
    public void AddMember(uint hop, string address)
    {
        ref var record = ref Region.NextHop(hop);
        (record.Kind, record.Address, record.State) = (NextHopKind.Tunnel, Address(address), SlotState.Live);
    }

    public DropReason Encapsulate(ref Packet packet, uint hop = 0)
    {
        Span<DropReason> reasons = stackalloc DropReason[1];
        Outbound.Encapsulate(new Span<Packet>(ref packet), reasons, Tick, [hop]);
        return reasons[0];
    }

    public EspResult Decapsulate(ref Packet packet, EspInbound<ManagedKernel>? by = null)
    {
        Span<EspResult> results = stackalloc EspResult[1];
        (by ?? Inbound).Decapsulate(new Span<Packet>(ref packet), results, Tick);
        return results[0];
    }

    /// <summary>The ESP packet that carries an inner packet.</summary>
    public byte[] Encapsulated(ReadOnlySpan<byte> inner, uint slot = 0, uint hop = 0)
    {
        var packet = Put(inner, slot);
        Assert.Equal(DropReason.None, Encapsulate(ref packet, hop));
        return Take(packet);
    }

    /// <summary>What comes out of a packet, and the octets, dropped or not.</summary>
    public (EspResult Result, byte[] Octets) Decapsulated(ReadOnlySpan<byte> outer, uint slot = 0, EspInbound<ManagedKernel>? by = null)
    {
        var packet = Put(outer, slot);
        var result = Decapsulate(ref packet, by);
        return (result, Take(packet));
    }

    /// <summary>The packet's octets; all frames are free again.</summary>
    public byte[] Take(in Packet packet)
    {
        var octets = Memory.Span(packet).ToArray();
        GiveAll();
        return octets;
    }

    public void GiveAll()
    {
        foreach (var frame in taken) pool.Give(frame);
        taken.Clear();
    }

    public static IpAddress Address(string text)
    {
        Assert.True(IpAddress.TryParse(text, out var address));
        return address;
    }

    public void Dispose()
    {
        Outbound.Dispose();
        Objects.Dispose();
        Region.Dispose();
        Memory.Dispose();
        Directory.Delete(directory, recursive: true);
    }
}
