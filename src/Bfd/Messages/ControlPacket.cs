using System.Buffers.Binary;

namespace Appliance.Bfd;

/// <summary>A BFD control packet without authentication section (RFC 5880 §4.1). Intervals are microseconds.</summary>
public readonly record struct ControlPacket
{
    /// <summary>Octets of a packet without authentication section.</summary>
    public const int Octets = 24;

    private const int CurrentVersion = 1, LeastWithAuthentication = 26, LeastSection = 2;
    private const byte PollBit = 0x20, FinalBit = 0x10, IndependentBit = 0x08, AuthenticationBit = 0x04, DemandBit = 0x02, MultipointBit = 0x01;

    /// <summary>Why the sender's session is in its state; values that no RFC names stay what they are.</summary>
    public BfdDiagnostic Diagnostic { get; init; }

    /// <summary>The sender's state.</summary>
    public BfdState State { get; init; }

    /// <summary>Poll (P): an answer with Final is asked for.</summary>
    public bool IsPoll { get; init; }

    /// <summary>Final (F): the answer.</summary>
    public bool IsFinal { get; init; }

    /// <summary>Control Plane Independent (C).</summary>
    public bool IsControlPlaneIndependent { get; init; }

    /// <summary>Authentication Present (A).</summary>
    public bool IsAuthenticated { get; init; }

    /// <summary>Demand (D).</summary>
    public bool IsDemand { get; init; }

    /// <summary>Detect Mult.</summary>
    public byte DetectMult { get; init; }

    /// <summary>The sender's discriminator.</summary>
    public uint MyDiscriminator { get; init; }

    /// <summary>The receiver's, or zero when the sender does not know it.</summary>
    public uint YourDiscriminator { get; init; }

    /// <summary>Desired Min TX Interval, microseconds.</summary>
    public uint DesiredMinTxInterval { get; init; }

    /// <summary>Required Min RX Interval, microseconds; zero for no periodic packets.</summary>
    public uint RequiredMinRxInterval { get; init; }

    /// <summary>Required Min Echo RX Interval, microseconds; zero for no echo.</summary>
    public uint RequiredMinEchoRxInterval { get; init; }

    /// <summary>Reads a packet and makes the checks of RFC 5880 §6.8.6 that need no session. What follows the packet's own length is not looked at.</summary>
    public static PacketProblem TryRead(ReadOnlySpan<byte> octets, out ControlPacket packet)
    {
        packet = default;
        if (octets.Length < Octets) return PacketProblem.Length;
        if (octets[0] >> 5 != CurrentVersion) return PacketProblem.Version;
        var flags = octets[1];
        var authenticated = (flags & AuthenticationBit) != 0;
        int length = octets[3];
        if (length < (authenticated ? LeastWithAuthentication : Octets) || length > octets.Length) return PacketProblem.Length;
        if (authenticated && (octets[Octets + 1] < LeastSection || octets[Octets + 1] > length - Octets)) return PacketProblem.Length;
        if (octets[2] == 0) return PacketProblem.DetectMult;
        if ((flags & MultipointBit) != 0) return PacketProblem.Multipoint;
        packet = new ControlPacket
        {
            Diagnostic = (BfdDiagnostic)(octets[0] & 0x1f),
            State = (BfdState)(flags >> 6),
            IsPoll = (flags & PollBit) != 0,
            IsFinal = (flags & FinalBit) != 0,
            IsControlPlaneIndependent = (flags & IndependentBit) != 0,
            IsAuthenticated = authenticated,
            IsDemand = (flags & DemandBit) != 0,
            DetectMult = octets[2],
            MyDiscriminator = BinaryPrimitives.ReadUInt32BigEndian(octets[4..]),
            YourDiscriminator = BinaryPrimitives.ReadUInt32BigEndian(octets[8..]),
            DesiredMinTxInterval = BinaryPrimitives.ReadUInt32BigEndian(octets[12..]),
            RequiredMinRxInterval = BinaryPrimitives.ReadUInt32BigEndian(octets[16..]),
            RequiredMinEchoRxInterval = BinaryPrimitives.ReadUInt32BigEndian(octets[20..]),
        };
        return packet.MyDiscriminator == 0 ? PacketProblem.MyDiscriminator : PacketProblem.None;
    }

    /// <summary>Writes the packet, without authentication section, into at least <see cref="Octets"/> octets.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no room.</exception>
    public void Write(Span<byte> octets)
    {
        octets = octets[..Octets];
        octets[0] = (byte)((CurrentVersion << 5) | ((int)Diagnostic & 0x1f));
        octets[1] = (byte)(((int)State << 6) | (IsPoll ? PollBit : 0) | (IsFinal ? FinalBit : 0) | (IsControlPlaneIndependent ? IndependentBit : 0) | (IsDemand ? DemandBit : 0));
        octets[2] = DetectMult;
        octets[3] = Octets;
        BinaryPrimitives.WriteUInt32BigEndian(octets[4..], MyDiscriminator);
        BinaryPrimitives.WriteUInt32BigEndian(octets[8..], YourDiscriminator);
        BinaryPrimitives.WriteUInt32BigEndian(octets[12..], DesiredMinTxInterval);
        BinaryPrimitives.WriteUInt32BigEndian(octets[16..], RequiredMinRxInterval);
        BinaryPrimitives.WriteUInt32BigEndian(octets[20..], RequiredMinEchoRxInterval);
    }
}
