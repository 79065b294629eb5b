using Appliance.Crypto;
using Appliance.Policy;
using Appliance.Shared;

namespace Appliance.SlowPath.Sas;

/// <summary>A tunnel of a group: that of one outer family.</summary>
internal readonly record struct GroupTunnel(uint Slot, TunnelConfiguration Configuration, TunnelContents Contents);

/// <summary>
/// Writes the records of a multi-point SA, which nobody reads yet: one that takes in, and for each worker and outer family one that sends, with a Sender-ID of its own at the top of the IV
/// (RFC 6054 §2), so that no counter is shared.
/// </summary>
internal static class GroupRecords
{
    private const int IvBits = 64;

    /// <summary>What one record sends at most without Sender-IDs, that is with unpredictable IVs of CBC: more than a lifetime has packets.</summary>
    private const ulong CbcLimit = (1UL << 56) - 1;

    /// <summary>The record that takes in. Found at its own address; the others' keys are the lookup's matter.</summary>
    public static void Write(ref InboundSa sa, GroupSaShape shape, GroupTunnel tunnel, byte worker, ReadOnlySpan<byte> key)
    {
        sa.Spi = shape.Spi;
        sa.Tunnel = tunnel.Slot;
        sa.Mode = EspMode.Tunnel;
        sa.Encapsulation = EspEncapsulation.None;
        (sa.Cipher, sa.KeyLength) = ((byte)shape.Cipher, (byte)shape.KeyLength);
        (sa.IvLength, sa.IcvLength, sa.Alignment) = ((byte)CipherFacts.IvLength(shape.Cipher), (byte)CipherFacts.IcvLength(shape.Cipher), (byte)CipherFacts.BlockSize(shape.Cipher));
        sa.Worker = worker;
        sa.Flags = SaFlags.MultiPoint | SaFlags.DecapsulateEcn | Checks(tunnel) | (shape.ReplayWindow == 0 ? SaFlags.NoReplay : 0);
        sa.ReplayWindow = (ushort)shape.ReplayWindow;
        sa.SenderIdBits = (byte)shape.SenderIdBits;
        (sa.Destination, sa.Source) = (tunnel.Configuration.Local, IpAddress.Any);
        sa.ExpiresAt = shape.ExpiresAt;
        key.CopyTo(sa.Key);
    }

    /// <summary>A record that sends: for one worker, to members of one outer family. The destination comes with each packet's route.</summary>
    public static void Write(ref OutboundSa sa, GroupSaShape shape, GroupTunnel tunnel, byte worker, uint? senderId, ReadOnlySpan<byte> key)
    {
        sa.Spi = shape.Spi;
        sa.Tunnel = tunnel.Slot;
        sa.Mode = EspMode.Tunnel;
        sa.Encapsulation = EspEncapsulation.None;
        (sa.Cipher, sa.KeyLength) = ((byte)shape.Cipher, (byte)shape.KeyLength);
        (sa.IvLength, sa.IcvLength, sa.Alignment) = ((byte)CipherFacts.IvLength(shape.Cipher), (byte)CipherFacts.IcvLength(shape.Cipher), (byte)CipherFacts.BlockSize(shape.Cipher));
        sa.Worker = worker;
        sa.Flags = SaFlags.MultiPoint | Checks(tunnel) | (tunnel.Configuration.SetDf ? SaFlags.SetDf : 0) | (tunnel.Configuration.Dscp >= 0 ? SaFlags.FixedDscp : 0);
        sa.Dscp = (byte)Math.Max(0, tunnel.Configuration.Dscp);
        sa.TfcMultiple = tunnel.Configuration.TfcMultiple;
        sa.PathMtu = tunnel.Contents.PathMtu;
        sa.SenderIdBits = (byte)shape.SenderIdBits;
        sa.IvBase = senderId is { } id ? (ulong)id << (IvBits - shape.SenderIdBits) : 0;
        sa.SequenceHardLimit = senderId is null ? CbcLimit : (1UL << (IvBits - shape.SenderIdBits)) - 1;
        sa.SequenceSoftLimit = sa.SequenceHardLimit - sa.SequenceHardLimit / 8;
        (sa.Destination, sa.Source) = (IpAddress.Any, tunnel.Configuration.Local);
        sa.ExpiresAt = shape.ExpiresAt;
        OuterHeader.Build(ref sa);
        key.CopyTo(sa.Key);
    }

    /// <summary>The Sender-ID that a record sends under; null without one.</summary>
    public static uint? SenderIdOf(in OutboundSa sa) => sa.SenderIdBits == 0 ? null : (uint)(sa.IvBase >> (IvBits - sa.SenderIdBits));

    private static SaFlags Checks(GroupTunnel tunnel) => tunnel.Configuration.CheckSource ? SaFlags.CheckSourceRoute : 0;
}

/// <summary>What all records of a multi-point SA have in common. <paramref name="ExpiresAt"/> as in the records.</summary>
internal readonly record struct GroupSaShape(uint Spi, Cipher Cipher, int KeyLength, int SenderIdBits, int ReplayWindow, long ExpiresAt);
