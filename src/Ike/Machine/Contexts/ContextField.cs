namespace Appliance.Ike.Machine.Contexts;

/// <summary>
/// Fields of a context, by the names of draft-plmrs-ipsecme-ipsec-ikev2-context-definition where it has one. A number is never used for something else; times are
/// milliseconds that remain, or that have passed.
/// </summary>
internal enum ContextField : ushort
{
    // The IKE SA.
    Initiator = 1,
    IkeSpiI = 2,
    IkeSpiR = 3,
    MyHost = 4,
    OtherHost = 5,
    Peer = 6,
    MyIdentity = 7,
    OtherIdentity = 8,

    /// <summary>enc_alg_ike, int_alg_ike, prf_alg and all SK_*, with the IV counters, as <see cref="Keys.IkeKeys.Write"/> has it.</summary>
    Keys = 9,
    NextRequestId = 10,
    ExpectedRequestId = 11,
    LastResponse = 12,
    OutstandingRequest = 13,
    OutstandingType = 14,
    Nat = 15,
    UdpEncapsulation = 16,
    Extensions = 17,
    InstanceNumber = 18,
    VendorId = 19,
    Age = 20,
    RekeyRemains = 21,
    ExpiryRemains = 22,

    /// <summary>When it was written, on this host's clock; left out when a context goes to another host.</summary>
    SavedAt = 23,
    InnerOurs = 24,
    InnerPeers = 25,
    Child = 26,
    PeerToken = 27,
    GroupSenders = 28,
    GroupRegistration = 29,
    RegistrationGroup = 30,
    RegistrationSince = 31,
    RegistrationAge = 32,

    /// <summary>Number of an SA (8 octets), its SPI (4 octets), acknowledged (1 octet), Sender-IDs (4 octets each).</summary>
    RegistrationTold = 33,

    // A child.
    Tunnel = 64,
    Instance = 65,
    ChildSpiI = 66,
    ChildSpiO = 67,
    IpsecMode = 68,
    PeerTunnels = 69,
    EncrAlgChild = 70,
    EncAlgLenChild = 71,
    IntAlgChild = 72,
    Esn = 73,
    ChildMyHost = 74,
    ChildOtherHost = 75,
    ChildUdp = 76,
    TsL = 77,
    TsR = 78,
    ReplayWindow = 79,
    Lifetime = 80,
    SoftBytes = 81,
    HardBytes = 82,
    SoftPackets = 83,
    Tfc = 84,
    Worker = 85,
    Stage = 86,
    IsOurs = 87,
    OutboundWaits = 88,
    ChildAge = 89,
    ChildRekeyRemains = 90,
    ChildExpiryRemains = 91,

    /// <summary>A group that this node is gateway of: its name; names the kind of context too.</summary>
    GroupServer = 128,
    GroupServerSa = 130,
    GroupRules = 131,
    GroupSaNumber = 132,
    GroupSaSpi = 133,
    GroupSaNonce = 134,
    GroupSaSkD = 135,
    GroupSaPrf = 136,
    SenderIdBits = 137,
    FirstSenderId = 138,
    LastSenderId = 139,
    NextSenderId = 140,
    OwnSenderId = 141,
    GroupSaCreated = 142,
    GroupSaActivates = 143,
    GroupSaEndsOthers = 144,
    GroupSaExpires = 145,
    GroupSaFlags = 146,
    EndedGroupSa = 147,

    /// <summary>A gateway of a group that we are member of, with the SAs that it handed out.</summary>
    GroupMember = 160,
    Group = 161,
    GroupGateway = 162,
    GroupSa = 163,
    GroupSpi = 164,
    SenderIds = 165,
    UsedSenderIds = 166,

    /// <summary>SHA-256 of KEYMAT.</summary>
    KeyDigest = 168,
    IsInstalled = 169,
    IsSending = 170,
    ActivationRemains = 171,
    EndRemains = 172,
    ExpiryOfGroupSaRemains = 173,
    EndOfOthersRemains = 174,
    WantsSenderIds = 175,
    IsExhausted = 176,
}
