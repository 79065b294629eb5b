using System.Buffers.Binary;

namespace Appliance.Wire;

/// <summary>
/// Cuts an IPv6 packet that this node sends into fragments (RFC 8200 §4.5); only a source may, so this is for outer packets of our own. Write until
/// <see cref="NextLength"/> is 0; the packet must not change meanwhile.
/// </summary>
public ref struct Ipv6Fragments
{
    private readonly ReadOnlySpan<byte> packet;
    private readonly Ipv6Extensions extensions;
    private readonly int mtu;
    private readonly uint identification;
    private int done;

    private Ipv6Fragments(ReadOnlySpan<byte> packet, Ipv6Extensions extensions, int mtu, uint identification)
    {
        this.packet = packet;
        this.extensions = extensions;
        this.mtu = mtu;
        this.identification = identification;
    }

    /// <summary>Octets of the next fragment; 0 when all are written.</summary>
    public readonly int NextLength => Left == 0 ? 0 : extensions.PerFragmentLength + 8 + NextPayload;

    private readonly int Left => packet.Length - extensions.PerFragmentLength - done;

    private readonly int NextPayload
    {
        get
        {
            var fits = mtu - extensions.PerFragmentLength - 8;
            return Left <= fits ? Left : fits & ~7;
        }
    }

    /// <summary>
    /// False when the packet is malformed or a fragment already, carries nothing, or <paramref name="mtu"/> octets do not hold all the
    /// headers (RFC 8200 §4.5: the first fragment has the whole chain) and eight octets. <paramref name="identification"/> is unique for this pair of addresses.
    /// </summary>
    public static bool TryStart(ReadOnlySpan<byte> packet, int mtu, uint identification, out Ipv6Fragments fragments)
    {
        fragments = default;
        if (!Ipv6View.TryParse(packet, out var view)) return false;
        packet = packet[..view.TotalLength];
        if (!Ipv6Extensions.TryWalk(packet, out var extensions) || extensions.FragmentHeaderOffset != 0) return false;
        if (packet.Length == extensions.PerFragmentLength || mtu < extensions.UpperOffset + 16) return false;
        fragments = new Ipv6Fragments(packet, extensions, mtu, identification);
        return true;
    }

    /// <summary>Writes the next fragment and returns its octets; 0 when all are written or the destination is shorter than <see cref="NextLength"/>.</summary>
    public int Write(Span<byte> destination)
    {
        var length = NextLength;
        if (length == 0 || destination.Length < length) return 0;
        var header = extensions.PerFragmentLength;
        var payload = length - header - 8;
        packet[..header].CopyTo(destination);
        BinaryPrimitives.WriteUInt16BigEndian(destination[4..], (ushort)(length - Ipv6View.HeaderLength));
        destination[extensions.PerFragmentNamedAt] = IpProtocol.Fragment;
        destination[header] = packet[extensions.PerFragmentNamedAt];
        destination[header + 1] = 0;
        BinaryPrimitives.WriteUInt16BigEndian(destination[(header + 2)..], (ushort)(done | (payload < Left ? 1 : 0)));
        BinaryPrimitives.WriteUInt32BigEndian(destination[(header + 4)..], identification);
        packet.Slice(header + done, payload).CopyTo(destination[(header + 8)..]);
        done += payload;
        return length;
    }
}
