namespace Appliance.Ike.Messages;

/// <summary>Notify message types (RFC 7296 §3.10.1 and later documents). Below 16384: errors.</summary>
public enum NotifyType : ushort
{
    /// <summary>UNSUPPORTED_CRITICAL_PAYLOAD.</summary>
    UnsupportedCriticalPayload = 1,

    /// <summary>INVALID_IKE_SPI.</summary>
    InvalidIkeSpi = 4,

    /// <summary>INVALID_MAJOR_VERSION.</summary>
    InvalidMajorVersion = 5,

    /// <summary>INVALID_SYNTAX.</summary>
    InvalidSyntax = 7,

    /// <summary>INVALID_MESSAGE_ID.</summary>
    InvalidMessageId = 9,

    /// <summary>INVALID_SPI.</summary>
    InvalidSpi = 11,

    /// <summary>NO_PROPOSAL_CHOSEN.</summary>
    NoProposalChosen = 14,

    /// <summary>INVALID_KE_PAYLOAD.</summary>
    InvalidKePayload = 17,

    /// <summary>AUTHENTICATION_FAILED.</summary>
    AuthenticationFailed = 24,

    /// <summary>SINGLE_PAIR_REQUIRED.</summary>
    SinglePairRequired = 34,

    /// <summary>NO_ADDITIONAL_SAS.</summary>
    NoAdditionalSas = 35,

    /// <summary>INTERNAL_ADDRESS_FAILURE.</summary>
    InternalAddressFailure = 36,

    /// <summary>FAILED_CP_REQUIRED.</summary>
    FailedCpRequired = 37,

    /// <summary>TS_UNACCEPTABLE.</summary>
    TsUnacceptable = 38,

    /// <summary>INVALID_SELECTORS.</summary>
    InvalidSelectors = 39,

    /// <summary>UNACCEPTABLE_ADDRESSES (RFC 4555).</summary>
    UnacceptableAddresses = 40,

    /// <summary>UNEXPECTED_NAT_DETECTED (RFC 4555).</summary>
    UnexpectedNatDetected = 41,

    /// <summary>TEMPORARY_FAILURE.</summary>
    TemporaryFailure = 43,

    /// <summary>CHILD_SA_NOT_FOUND.</summary>
    ChildSaNotFound = 44,

    /// <summary>STATE_NOT_FOUND (RFC 9370).</summary>
    StateNotFound = 47,

    /// <summary>TS_MAX_QUEUE (RFC 9611).</summary>
    TsMaxQueue = 48,

    /// <summary>MPSA_REFUSED: private (<see cref="MultipointNumbers"/>).</summary>
    MpsaRefused = MultipointNumbers.MpsaRefused,

    /// <summary>INITIAL_CONTACT.</summary>
    InitialContact = 16384,

    /// <summary>SET_WINDOW_SIZE.</summary>
    SetWindowSize = 16385,

    /// <summary>ADDITIONAL_TS_POSSIBLE.</summary>
    AdditionalTsPossible = 16386,

    /// <summary>IPCOMP_SUPPORTED.</summary>
    IpcompSupported = 16387,

    /// <summary>NAT_DETECTION_SOURCE_IP.</summary>
    NatDetectionSourceIp = 16388,

    /// <summary>NAT_DETECTION_DESTINATION_IP.</summary>
    NatDetectionDestinationIp = 16389,

    /// <summary>COOKIE.</summary>
    Cookie = 16390,

    /// <summary>USE_TRANSPORT_MODE.</summary>
    UseTransportMode = 16391,

    /// <summary>HTTP_CERT_LOOKUP_SUPPORTED.</summary>
    HttpCertLookupSupported = 16392,

    /// <summary>REKEY_SA.</summary>
    RekeySa = 16393,

    /// <summary>ESP_TFC_PADDING_NOT_SUPPORTED.</summary>
    EspTfcPaddingNotSupported = 16394,

    /// <summary>NON_FIRST_FRAGMENTS_ALSO.</summary>
    NonFirstFragmentsAlso = 16395,

    /// <summary>MOBIKE_SUPPORTED (RFC 4555).</summary>
    MobikeSupported = 16396,

    /// <summary>ADDITIONAL_IP4_ADDRESS (RFC 4555).</summary>
    AdditionalIp4Address = 16397,

    /// <summary>ADDITIONAL_IP6_ADDRESS (RFC 4555).</summary>
    AdditionalIp6Address = 16398,

    /// <summary>NO_ADDITIONAL_ADDRESSES (RFC 4555).</summary>
    NoAdditionalAddresses = 16399,

    /// <summary>UPDATE_SA_ADDRESSES (RFC 4555).</summary>
    UpdateSaAddresses = 16400,

    /// <summary>COOKIE2 (RFC 4555).</summary>
    Cookie2 = 16401,

    /// <summary>NO_NATS_ALLOWED (RFC 4555).</summary>
    NoNatsAllowed = 16402,

    /// <summary>REDIRECT_SUPPORTED (RFC 5685).</summary>
    RedirectSupported = 16406,

    /// <summary>REDIRECT (RFC 5685).</summary>
    Redirect = 16407,

    /// <summary>REDIRECTED_FROM (RFC 5685).</summary>
    RedirectedFrom = 16408,

    /// <summary>CHILDLESS_IKEV2_SUPPORTED (RFC 6023).</summary>
    ChildlessIkev2Supported = 16418,

    /// <summary>QUICK_CRASH_DETECTION (RFC 6290).</summary>
    QuickCrashDetection = 16419,

    /// <summary>IKEV2_MESSAGE_ID_SYNC_SUPPORTED (RFC 6311).</summary>
    Ikev2MessageIdSyncSupported = 16420,

    /// <summary>IPSEC_REPLAY_COUNTER_SYNC_SUPPORTED (RFC 6311).</summary>
    IpsecReplayCounterSyncSupported = 16421,

    /// <summary>IKEV2_MESSAGE_ID_SYNC (RFC 6311).</summary>
    Ikev2MessageIdSync = 16422,

    /// <summary>IPSEC_REPLAY_COUNTER_SYNC (RFC 6311).</summary>
    IpsecReplayCounterSync = 16423,

    /// <summary>GROUP_SENDER (RFC 9838).</summary>
    GroupSender = 16429,

    /// <summary>IKEV2_FRAGMENTATION_SUPPORTED (RFC 7383).</summary>
    FragmentationSupported = 16430,

    /// <summary>SIGNATURE_HASH_ALGORITHMS (RFC 7427).</summary>
    SignatureHashAlgorithms = 16431,

    /// <summary>USE_PPK (RFC 8784).</summary>
    UsePpk = 16435,

    /// <summary>PPK_IDENTITY (RFC 8784).</summary>
    PpkIdentity = 16436,

    /// <summary>NO_PPK_AUTH (RFC 8784).</summary>
    NoPpkAuth = 16437,

    /// <summary>INTERMEDIATE_EXCHANGE_SUPPORTED (RFC 9242).</summary>
    IntermediateExchangeSupported = 16438,

    /// <summary>ADDITIONAL_KEY_EXCHANGE (RFC 9370).</summary>
    AdditionalKeyExchange = 16441,

    /// <summary>SA_RESOURCE_INFO (RFC 9611).</summary>
    SaResourceInfo = 16444,

    /// <summary>MPSA_PUT (draft-yamaya-ipsecme-mpsa-04 §3.2.2).</summary>
    MpsaPut = MultipointNumbers.MpsaPut,
}
