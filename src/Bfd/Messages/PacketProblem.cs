namespace Appliance.Bfd;

/// <summary>Why a control packet was dropped (RFC 5880 §6.8.6, in its order); also the index of its counter.</summary>
public enum PacketProblem
{
    /// <summary>It was not dropped.</summary>
    None,

    /// <summary>A single hop's packet did not have the TTL 255, or a multihop one less than was asked for (RFC 5881 §5).</summary>
    Ttl,

    /// <summary>The version is not 1.</summary>
    Version,

    /// <summary>The length is less than a packet has, more than came, or does not fit the authentication section.</summary>
    Length,

    /// <summary>The detection multiplier is zero.</summary>
    DetectMult,

    /// <summary>The Multipoint bit is set.</summary>
    Multipoint,

    /// <summary>My Discriminator is zero.</summary>
    MyDiscriminator,

    /// <summary>Your Discriminator names no session, or one with another neighbour.</summary>
    YourDiscriminator,

    /// <summary>Your Discriminator is zero, and the state is neither Down nor AdminDown.</summary>
    State,

    /// <summary>Your Discriminator is zero, and with this neighbour no session is wanted.</summary>
    Neighbor,

    /// <summary>It has an authentication section, and none is in use.</summary>
    Authentication,
}
