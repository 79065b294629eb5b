using System.Buffers.Binary;
using Appliance.Crypto;
using Appliance.Esp;
using Appliance.Fuzz.Engine;
using Appliance.Shared;

namespace Appliance.Fuzz.Targets;

/// <summary>
/// SAs of every cipher, mode and encapsulation in a region of their own, both directions with the same key, and one frame to pass packets through. The frames on both
/// sides of it are watched: a write beyond the frame is found.
/// </summary>
internal sealed class EspBench
{
    private const uint Local = 0xc0000201, Remote = 0xc6336401;
    private static readonly Cipher[] Ciphers = [Cipher.AesGcm, Cipher.AesGmac, Cipher.ChaCha20Poly1305, Cipher.AesCbcHmacSha1, Cipher.AesCbcHmacSha512];
    private readonly AeadObject[] objects;
    private readonly byte[] neighbour = new byte[FrameMemory.FrameSize];

    private EspBench()
    {
        var path = $"/dev/shm/appliance-fuzz-{Environment.ProcessId}";
        Region = Region.CreateOrOpen(path, new RegionSizes { OutboundSas = 64, InboundSas = 64, Tunnels = 4, NextHops = 4, Adjacencies = 4, SpdRules = 4, Ipv4Groups = 4, Ipv6Nodes = 16, EventsPerWorker = 16, Senders = 16 }, 1, out _);
        File.Delete(path);
        Memory = new FrameMemory(4, 0);
        var tier = CryptoTiers.IsSupported(AesGcmTier.Managed) ? AesGcmTier.Managed : AesGcmTier.Bcl;
        var prepared = new CipherObjects(64, 64);
        objects = new AeadObject[Count];
        for (var slot = 0; slot < Count; slot++) AddSa((uint)slot, prepared, tier);
        AddGroupSa((uint)Count);
        AddGroupSa((uint)Count + 1);
        Outbound = new EspOutbound<ManagedKernel>(Region, Memory, prepared, tier);
        Inbound = new EspInbound<ManagedKernel>(Region, Memory, prepared, tier);
        neighbour.AsSpan().Fill(0xa5);
        Memory.Span(0, FrameMemory.FrameSize).Fill(0xa5);
        Memory.Span(2 * FrameMemory.FrameSize, FrameMemory.FrameSize).Fill(0xa5);
    }

    /// <summary>The bench of this process.</summary>
    public static EspBench Shared => Instance.Value;

    /// <summary>SAs: cipher × (tunnel, IIPtran, transport) × (raw, UDP) × (IPv4, IPv6 outside); odd slots use extended sequence numbers.</summary>
    public static int Count => Ciphers.Length * 12;

    /// <summary>Multi-point SAs behind those: AES-GCM, IPv4 and IPv6 outside; a next hop of the number names a member.</summary>
    public const int GroupCount = 2;

    public Region Region { get; }

    public FrameMemory Memory { get; }

    public EspOutbound<ManagedKernel> Outbound { get; }

    public EspInbound<ManagedKernel> Inbound { get; }

    private static Lazy<EspBench> Instance { get; } = new(() => new EspBench());

    /// <summary>A packet in the middle frame, at the usual headroom.</summary>
    public Packet Place(ReadOnlySpan<byte> octets, uint slot)
    {
        const uint Start = FrameMemory.FrameSize + FrameMemory.Headroom;
        var packet = new Packet { Address = Start, Length = Math.Min(octets.Length, FrameMemory.FrameSize - FrameMemory.Headroom), Tag = slot, Flags = PacketFlags.NoEthernet };
        octets[..packet.Length].CopyTo(Memory.Span(packet));
        return packet;
    }

    /// <summary>Throws when a packet is not inside its frame, or the frames beside it were touched.</summary>
    public void CheckFrame(in Packet packet)
    {
        Claim.That(packet.Length >= 0 && packet.Address >= FrameMemory.FrameSize && packet.Address + packet.Length <= 2 * FrameMemory.FrameSize, "packet inside its frame");
        Claim.That(Memory.Span(0, FrameMemory.FrameSize).SequenceEqual(neighbour) && Memory.Span(2 * FrameMemory.FrameSize, FrameMemory.FrameSize).SequenceEqual(neighbour), "frames beside it untouched");
    }

    /// <summary>Forgets what the receiver has seen.</summary>
    public void ResetWindow(uint slot) => Region.InboundState(slot) = default;

    /// <summary>An authentic packet whose plaintext (payload, padding, pad length and next header) is the caller's. Returns its octets in <paramref name="packet"/>.</summary>
    public int Seal(uint slot, uint sequence, ReadOnlySpan<byte> plaintext, Span<byte> packet)
    {
        ref var outbound = ref Region.OutboundSa(slot);
        ref var inbound = ref Region.InboundSa(slot);
        int outer = outbound.OuterHeaderLength, alignment = inbound.Alignment;
        var length = plaintext.Length & -alignment;
        if (length == 0) return 0;
        var total = outer + 8 + inbound.IvLength + length + inbound.IcvLength;
        if (total > packet.Length) return 0;
        packet[..total].Clear();
        ReadOnlySpan<byte> template = outbound.OuterHeader;
        template[..outer].CopyTo(packet);
        if (packet[0] >> 4 == 4) BinaryPrimitives.WriteUInt16BigEndian(packet[2..], (ushort)total);
        else BinaryPrimitives.WriteUInt16BigEndian(packet[4..], (ushort)(total - 40));
        if (inbound.Encapsulation == EspEncapsulation.Udp) BinaryPrimitives.WriteUInt16BigEndian(packet[(outer - 4)..], (ushort)(total - outer + 8));
        var esp = packet[outer..total];
        BinaryPrimitives.WriteUInt32BigEndian(esp, inbound.Spi);
        BinaryPrimitives.WriteUInt32BigEndian(esp[4..], sequence);
        Span<byte> associated = stackalloc byte[12];
        esp[..8].CopyTo(associated);
        var isEsn = (inbound.Flags & SaFlags.Esn) != 0;
        if (isEsn)
        {
            associated[4..8].Clear();
            esp[4..8].CopyTo(associated[8..]);
        }

        var iv = esp.Slice(8, inbound.IvLength);
        var data = esp.Slice(8 + inbound.IvLength, length);
        plaintext[..length].CopyTo(data);
        Claim.That(objects[slot].Seal(associated[..(isEsn ? 12 : 8)], iv, data, esp[(8 + inbound.IvLength + length)..]), "sealed");
        return total;
    }

    /// <summary>What is known of senders, as one number: it changes when any of them is claimed or moves.</summary>
    public ulong SenderState()
    {
        var sum = 0ul;
        for (uint record = 0; record < (uint)Region.Counts.Senders; record++)
        {
            ref var sender = ref Region.Sender(record);
            sum = sum * 31 + sender.State + sender.Highest + sender.Packets;
        }

        return sum;
    }

    private void AddGroupSa(uint slot)
    {
        const byte bits = 20;
        var isV6 = slot != Count;
        AddSa(isV6 ? 6u : 0u, slot);
        ref var outbound = ref Region.OutboundSa(slot);
        ref var inbound = ref Region.InboundSa(slot);
        outbound.Flags = inbound.Flags = SaFlags.MultiPoint;
        outbound.SenderIdBits = inbound.SenderIdBits = bits;
        (outbound.IvBase, outbound.SequenceHardLimit) = ((ulong)(slot + 1) << (64 - bits), ulong.MaxValue >> bits);
        ref var member = ref Region.NextHop(slot - (uint)Count);
        (member.Kind, member.Address, member.State) = (NextHopKind.Tunnel, outbound.Destination, SlotState.Live);
        outbound.Destination = inbound.Source = IpAddress.Any;
        OuterHeader.Build(ref outbound);
    }

    // A copy of an SA under another SPI.
    private void AddSa(uint from, uint slot)
    {
        Region.OutboundSa(slot) = Region.OutboundSa(from);
        Region.InboundSa(slot) = Region.InboundSa(from);
        Region.OutboundSa(slot).Spi = Region.InboundSa(slot).Spi = 0x1000 + slot;
    }

    private void AddSa(uint slot, CipherObjects prepared, AesGcmTier tier)
    {
        var cipher = Ciphers[slot / 12];
        var shape = slot % 12;
        var keyLength = CipherFacts.KeyLengths(cipher)[0];
        var material = new byte[CipherFacts.KeyMaterialLength(cipher, keyLength)];
        for (var i = 0; i < material.Length; i++) material[i] = (byte)(i + slot);
        var isV6 = shape >= 6;
        var local = isV6 ? new IpAddress(0x20010db8_00000000, 1) : IpAddress.FromV4(Local);
        var remote = isV6 ? new IpAddress(0x20010db8_00000000, 2) : IpAddress.FromV4(Remote);
        var flags = (slot & 1) != 0 ? SaFlags.Esn : SaFlags.None;
        if (shape % 3 == 1) flags |= SaFlags.IipTran;

        ref var outbound = ref Region.OutboundSa(slot);
        outbound.Spi = 0x1000 + slot;
        outbound.Mode = shape % 3 == 0 ? EspMode.Tunnel : EspMode.Transport;
        outbound.Encapsulation = shape % 6 >= 3 ? EspEncapsulation.Udp : EspEncapsulation.None;
        outbound.Cipher = (byte)cipher;
        outbound.KeyLength = keyLength;
        outbound.IvLength = (byte)CipherFacts.IvLength(cipher);
        outbound.IcvLength = (byte)CipherFacts.IcvLength(cipher);
        outbound.Alignment = (byte)CipherFacts.BlockSize(cipher);
        outbound.Flags = flags;
        outbound.SequenceHardLimit = uint.MaxValue;
        outbound.SequenceSoftLimit = uint.MaxValue;
        outbound.PathMtu = 1500;
        (outbound.Source, outbound.Destination) = (local, remote);
        (outbound.SourcePort, outbound.DestinationPort) = (4500, 4500);
        CipherKey.Expand(cipher, material, outbound.Key);
        OuterHeader.Build(ref outbound);
        outbound.State = SlotState.Live;

        ref var inbound = ref Region.InboundSa(slot);
        inbound.Spi = outbound.Spi;
        inbound.Mode = outbound.Mode;
        inbound.Encapsulation = outbound.Encapsulation;
        inbound.Cipher = outbound.Cipher;
        inbound.KeyLength = outbound.KeyLength;
        inbound.IvLength = outbound.IvLength;
        inbound.IcvLength = outbound.IcvLength;
        inbound.Alignment = outbound.Alignment;
        inbound.Flags = flags;
        inbound.ReplayWindow = 64;
        CipherKey.Expand(cipher, material, inbound.Key);
        inbound.State = SlotState.Live;

        prepared.PrepareOutbound(slot, outbound, tier);
        prepared.PrepareInbound(slot, inbound, tier);
        objects[slot] = new AeadObject(cipher, keyLength, inbound.Key);
    }
}
