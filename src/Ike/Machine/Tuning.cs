namespace Appliance.Ike.Machine;

/// <summary>Numbers that no RFC gives. Times in milliseconds.</summary>
internal static class Tuning
{
    /// <summary>First retransmission of a request; each later one waits <see cref="RetransmitFactor"/> times as long: 0.5, 0.9, 1.6, 2.9, 5.2, 9.4 and 17 s, about 38 s in all.</summary>
    public const int RetransmitFirst = 500;

    /// <summary>Growth of the wait.</summary>
    public const double RetransmitFactor = 1.8;

    /// <summary>Retransmissions, after which the wait for the last one ends the IKE SA.</summary>
    public const int RetransmitTries = 6;

    /// <summary>A responder's IKE SA that is not established by then goes.</summary>
    public const int HalfOpenResponder = 30_000;

    /// <summary>An initiator's; its requests give up earlier unless they are answered.</summary>
    public const int HalfOpenInitiator = 120_000;

    /// <summary>Fragments of a message are forgotten (RFC 7383 §2.6).</summary>
    public const int FragmentsForgotten = 15_000;

    /// <summary>COOKIE and INVALID_KE_PAYLOAD together are followed so often in one attempt.</summary>
    public const int InitRetries = 5;

    /// <summary>A cookie's secret is in use for so long, and accepted for as long again (RFC 7296 §2.6).</summary>
    public const int CookieSecret = 60_000;

    /// <summary>One address may have this part (1/n) of <see cref="IkeConfiguration.HalfOpenMaximum"/>.</summary>
    public const int HalfOpenShare = 4;

    /// <summary>Answers without an IKE SA (INVALID_IKE_SPI, INVALID_MAJOR_VERSION, NO_PROPOSAL_CHOSEN and so on) per second, to all together, and how many at once.</summary>
    public const int UnprotectedPerSecond = 200;

    /// <summary>Messages that wait on one IKE SA for their turn; more are refused.</summary>
    public const int MostWaiting = 256;

    /// <summary>First wait before a peer is tried again; doubles with each attempt that fails, with ± a quarter by chance.</summary>
    public const int AttemptFirst = 1_000;

    /// <summary>IKE SAs that we begin at once; below the threshold at which a gateway like us asks for cookies.</summary>
    public const int AttemptsAtOnce = 48;

    /// <summary>An attempt that was not answered after so long holds up no other.</summary>
    public const int AttemptCounts = 250;

    /// <summary>Longest wait before a peer is tried again.</summary>
    public const int AttemptLongest = 60_000;

    /// <summary>Longest wait when a packet asks for it: somebody sits there.</summary>
    public const int AttemptLongestOnDemand = 10_000;

    /// <summary>A nonce of ours (RFC 7296 §2.10: half the PRF's key at least).</summary>
    public const int NonceLength = 32;

    /// <summary>Our message IDs never reach the end (RFC 7296 §2.2): the IKE SA is rekeyed long before.</summary>
    public const uint RekeyAtMessageId = 0xf000_0000;

    /// <summary>A response, or a request that is not answered, of up to so many octets is kept in the context, so that a successor can send it again.</summary>
    public const int KeptMessage = 8192;

    /// <summary>Vendor IDs of a peer that are kept, and their longest.</summary>
    public const int VendorIds = 16;

    /// <summary>A responder leaves it to the initiator for so long to ask for the children that both want.</summary>
    public const int ResponderWaits = 3_000;

    /// <summary>Two IKE SAs that both sides began within this are taken to have crossed.</summary>
    public const int Crossing = 10_000;

    /// <summary>The one that goes stays for so long, so that what is under way on it comes to its end.</summary>
    public const int CrossedLingers = 2_000;

    /// <summary>Between attempts that rest on a hint which is not protected.</summary>
    public const int RecoveryPause = 10_000;

    /// <summary>MAX_REDIRECTS (RFC 5685 §7).</summary>
    public const int MostRedirects = 5;

    /// <summary>REDIRECT_LOOP_DETECT_PERIOD (RFC 5685 §7).</summary>
    public const int RedirectPeriod = 300_000;

    /// <summary>CREATE_CHILD_SA of a peer whose additional key exchanges are still to come (RFC 9370 §2.2.4), on one IKE SA.</summary>
    public const int MostFollowups = 4;

    /// <summary>The peer goes on with them by then: longer than its retransmissions, or they are forgotten.</summary>
    public const int FollowupForgotten = 60_000;

    /// <summary>Children of one tunnel for packets with other selectors.</summary>
    public const int ChildrenOfTunnel = 64;

    /// <summary>Children that a peer may open on one IKE SA; with those that it rekeyed and did not delete, twice as many.</summary>
    public const int ChildrenOfIkeSa = 256;

    /// <summary>Wishes for a new multi-point SA of a group that come within this of the last one are met together.</summary>
    public const int GroupRekeyPause = 1_000;

    /// <summary>A rekey because of the lifetime begins so long before it must, or a tenth of the lifetime.</summary>
    public const int GroupRekeyMargin = 60_000;

    /// <summary>Multi-point SAs of a group that are in use at once, below what members take: the next waits then.</summary>
    public const int MostGroupSas = 8;

    /// <summary>A new multi-point SA is not made sooner than that after the last one because a single member registers again and again.</summary>
    public const int GroupCrowdPause = 300_000;

    /// <summary>An own multi-point SA that could not be installed is tried again after that.</summary>
    public const int GroupInstallPause = 10_000;

    /// <summary>MPSA_PUTs that one step begins; the next step follows at once.</summary>
    public const int GroupPutsPerStep = 256;

    /// <summary>MPSA_PUTs of a group under way at once.</summary>
    public const int GroupPutsUnderWay = 1024;

    /// <summary>One that was not answered after so long holds up no other.</summary>
    public const int GroupPutCounts = 250;

    /// <summary>Multi-point SAs of one gateway and group that a member has at once: those of a few rekeys in a row.</summary>
    public const int MostSasOfGateway = 10;

    /// <summary>Sender-IDs that a member had under one key, those of earlier registrations too; a PUT with more is refused.</summary>
    public const int MostSenderIdsUsed = 1024;

    /// <summary>Multi-point SAs that ended whose Sender-IDs a member still knows.</summary>
    public const int MostEndedSas = 64;

    /// <summary>So long before its lifetime ends, a member sends by another SA than the preferred gateway's, if it has one.</summary>
    public const int GroupFallback = 5_000;

    /// <summary>A member whose newest SA lives no longer than this registers anew: its gateway should have handed out another one long ago.</summary>
    public const int GroupOverdue = 10_000;

    /// <summary>A gateway with an IKE SA that hands out nothing within this after a configuration does not know that we are in the group.</summary>
    public const int GroupExpected = 10_000;

    /// <summary>First wait before a member registers again; doubles each time.</summary>
    public const int GroupRegisterFirst = 30_000;

    /// <summary>The longest.</summary>
    public const int GroupRegisterLongest = 600_000;

    /// <summary>Wait when no IKE SA can be begun now.</summary>
    public const int GroupRegisterBusy = 2_000;

    /// <summary>IKE SAs of one identity that were rekeyed and that the peer did not delete; more are not rekeyed.</summary>
    public const int ReplacedOfIdentity = 64;
}
