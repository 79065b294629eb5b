namespace Appliance.Ike.Messages;

/// <summary>The table of exchanges. Payloads are written in words: <c>SA KE N</c>; <c>SAi</c> is for an IKE SA, <c>SAe</c> for a child, <c>SA2</c> two proposals, <c>N:TYPE</c> a notify.</summary>
[Trait("RFC", "7296")]
public class ExchangeRulesTests
{
    private const string AuthRequest = "IDi AUTH SAe TSi TSr";
    private const string AuthResponse = "IDr AUTH SAe TSi TSr";

    [Theory]
    // IKE_SA_INIT (§1.2, §2.6, appendix C.1)
    [InlineData(ExchangeType.IkeSaInit, false, "SAi KE Nonce")]
    [InlineData(ExchangeType.IkeSaInit, false, "N:Cookie SAi2 KE Nonce N:NatDetectionSourceIp N:NatDetectionSourceIp N:NatDetectionDestinationIp V V ?")]
    [InlineData(ExchangeType.IkeSaInit, false, "Nonce V KE SAi")] // any order
    [InlineData(ExchangeType.IkeSaInit, true, "SAi KE Nonce CERTREQ N:ChildlessIkev2Supported")]
    [InlineData(ExchangeType.IkeSaInit, true, "N:Cookie")]
    [InlineData(ExchangeType.IkeSaInit, true, "N:InvalidKePayload V")]
    [InlineData(ExchangeType.IkeSaInit, true, "N:NoProposalChosen")]
    [InlineData(ExchangeType.IkeSaInit, true, "N:Redirect")] // RFC 5685
    // IKE_INTERMEDIATE (RFC 9242, 9370)
    [InlineData(ExchangeType.IkeIntermediate, false, "KE")]
    [InlineData(ExchangeType.IkeIntermediate, true, "KE N:SetWindowSize")]
    [InlineData(ExchangeType.IkeIntermediate, true, "N:InvalidSyntax")]
    // IKE_AUTH (appendix C.2)
    [InlineData(ExchangeType.IkeAuth, false, AuthRequest)]
    [InlineData(ExchangeType.IkeAuth, false, "IDi CERT CERT CERTREQ IDr AUTH CP SAe2 TSi TSr N:InitialContact N:UseTransportMode N:MobikeSupported V ?")]
    [InlineData(ExchangeType.IkeAuth, false, "IDi AUTH")] // RFC 6023
    [InlineData(ExchangeType.IkeAuth, true, AuthResponse)]
    [InlineData(ExchangeType.IkeAuth, true, "IDr CERT AUTH CP SAe TSi TSr N:AdditionalTsPossible")]
    [InlineData(ExchangeType.IkeAuth, true, "IDr AUTH N:TsUnacceptable")]
    [InlineData(ExchangeType.IkeAuth, true, "IDr AUTH")]
    [InlineData(ExchangeType.IkeAuth, true, "N:AuthenticationFailed")]
    // CREATE_CHILD_SA (appendix C.4, C.5)
    [InlineData(ExchangeType.CreateChildSa, false, "SAi Nonce KE")]
    [InlineData(ExchangeType.CreateChildSa, false, "N:RekeySa SAe Nonce KE TSi TSr")]
    [InlineData(ExchangeType.CreateChildSa, false, "CP SAe Nonce TSi TSr N:SaResourceInfo")]
    [InlineData(ExchangeType.CreateChildSa, true, "SAi Nonce KE N:AdditionalKeyExchange")]
    [InlineData(ExchangeType.CreateChildSa, true, "SAe Nonce TSi TSr")]
    [InlineData(ExchangeType.CreateChildSa, true, "N:TemporaryFailure")]
    // IKE_FOLLOWUP_KE (RFC 9370 §2.2.4)
    [InlineData(ExchangeType.IkeFollowupKe, false, "KE N:AdditionalKeyExchange")]
    [InlineData(ExchangeType.IkeFollowupKe, true, "KE N:AdditionalKeyExchange")]
    [InlineData(ExchangeType.IkeFollowupKe, true, "KE")]
    [InlineData(ExchangeType.IkeFollowupKe, true, "N:StateNotFound")]
    // INFORMATIONAL (appendix C.6)
    [InlineData(ExchangeType.Informational, false, "")]
    [InlineData(ExchangeType.Informational, true, "")]
    [InlineData(ExchangeType.Informational, false, "D D N:QuickCrashDetection")]
    [InlineData(ExchangeType.Informational, false, "N:UpdateSaAddresses N:NatDetectionSourceIp N:NatDetectionDestinationIp N:Cookie2")] // RFC 4555
    [InlineData(ExchangeType.Informational, true, "N:InvalidIkeSpi N:QuickCrashDetection N:QuickCrashDetection")] // RFC 6290 §4.3
    [InlineData(ExchangeType.Informational, false, "CP")]
    public void WhatTheRfcsAllow(ExchangeType exchange, bool isResponse, string payloads) => Assert.Null(Check(exchange, isResponse, payloads));

    [Theory]
    [InlineData(ExchangeType.IkeSaInit, false, "SAi SAi KE Nonce")]
    [InlineData(ExchangeType.IkeSaInit, false, "SAi KE KE Nonce")]
    [InlineData(ExchangeType.IkeSaInit, false, "SAi KE Nonce Nonce")]
    [InlineData(ExchangeType.IkeSaInit, true, "SAi KE Nonce Nonce")]
    [InlineData(ExchangeType.IkeSaInit, true, "SAi2 KE Nonce")] // a choice is one
    [InlineData(ExchangeType.IkeSaInit, false, "SAi KE Nonce N:Cookie N:Cookie")]
    [InlineData(ExchangeType.IkeAuth, false, AuthRequest + " IDi")]
    [InlineData(ExchangeType.IkeAuth, false, AuthRequest + " IDr IDr")]
    [InlineData(ExchangeType.IkeAuth, false, AuthRequest + " AUTH")]
    [InlineData(ExchangeType.IkeAuth, false, AuthRequest + " SAe")]
    [InlineData(ExchangeType.IkeAuth, false, AuthRequest + " TSi")]
    [InlineData(ExchangeType.IkeAuth, false, AuthRequest + " CP CP")]
    [InlineData(ExchangeType.IkeAuth, false, AuthRequest + " N:NoPpkAuth N:NoPpkAuth")]
    [InlineData(ExchangeType.IkeAuth, true, AuthResponse + " AUTH")]
    [InlineData(ExchangeType.IkeAuth, true, "IDr AUTH SAe2 TSi TSr")]
    [InlineData(ExchangeType.CreateChildSa, false, "SAe SAe Nonce TSi TSr")]
    [InlineData(ExchangeType.CreateChildSa, false, "SAi Nonce Nonce KE")]
    [InlineData(ExchangeType.CreateChildSa, false, "SAe Nonce TSi TSr TSr")]
    [InlineData(ExchangeType.CreateChildSa, false, "N:RekeySa N:RekeySa SAe Nonce TSi TSr")]
    [InlineData(ExchangeType.CreateChildSa, true, "SAe2 Nonce TSi TSr")]
    [InlineData(ExchangeType.IkeFollowupKe, false, "KE KE N:AdditionalKeyExchange")]
    [InlineData(ExchangeType.IkeIntermediate, false, "KE KE")]
    public void Repeated(ExchangeType exchange, bool isResponse, string payloads) => Assert.Equal(MessageErrorKind.Repeated, Check(exchange, isResponse, payloads)!.Value.Kind);

    [Theory]
    [InlineData(ExchangeType.IkeSaInit, false, "KE Nonce", PayloadType.SecurityAssociation)]
    [InlineData(ExchangeType.IkeSaInit, false, "SAi Nonce", PayloadType.KeyExchange)]
    [InlineData(ExchangeType.IkeSaInit, false, "SAi KE", PayloadType.Nonce)]
    [InlineData(ExchangeType.IkeSaInit, true, "SAi KE", PayloadType.Nonce)]
    [InlineData(ExchangeType.IkeSaInit, true, "", PayloadType.SecurityAssociation)]
    [InlineData(ExchangeType.IkeSaInit, true, "V N:ChildlessIkev2Supported", PayloadType.SecurityAssociation)]
    [InlineData(ExchangeType.IkeAuth, false, "AUTH SAe TSi TSr", PayloadType.IdentificationInitiator)]
    [InlineData(ExchangeType.IkeAuth, false, "IDi SAe TSi TSr", PayloadType.Authentication)] // EAP wanted
    [InlineData(ExchangeType.IkeAuth, false, "IDi AUTH SAe TSi", PayloadType.TrafficSelectorResponder)]
    [InlineData(ExchangeType.IkeAuth, false, "IDi AUTH TSi TSr", PayloadType.SecurityAssociation)]
    [InlineData(ExchangeType.IkeAuth, true, "AUTH SAe TSi TSr", PayloadType.IdentificationResponder)]
    [InlineData(ExchangeType.IkeAuth, true, "IDr SAe TSi TSr", PayloadType.Authentication)]
    [InlineData(ExchangeType.IkeAuth, true, "IDr SAe TSi TSr N:AuthenticationFailed", PayloadType.Authentication)]
    [InlineData(ExchangeType.IkeAuth, true, "IDr", PayloadType.Authentication)]
    [InlineData(ExchangeType.IkeAuth, true, "", PayloadType.IdentificationResponder)]
    [InlineData(ExchangeType.CreateChildSa, false, "SAi Nonce", PayloadType.KeyExchange)]
    [InlineData(ExchangeType.CreateChildSa, false, "SAe TSi TSr", PayloadType.Nonce)]
    [InlineData(ExchangeType.CreateChildSa, false, "SAe Nonce TSr", PayloadType.TrafficSelectorInitiator)]
    [InlineData(ExchangeType.CreateChildSa, false, "", PayloadType.SecurityAssociation)]
    [InlineData(ExchangeType.CreateChildSa, true, "", PayloadType.SecurityAssociation)]
    [InlineData(ExchangeType.IkeFollowupKe, false, "KE", PayloadType.Notify)]
    [InlineData(ExchangeType.IkeFollowupKe, true, "", PayloadType.KeyExchange)]
    public void Missing(ExchangeType exchange, bool isResponse, string payloads, PayloadType missing)
    {
        var error = Check(exchange, isResponse, payloads)!.Value;
        Assert.Equal((MessageErrorKind.Missing, missing), (error.Kind, error.Payload));
        Assert.Equal(missing == PayloadType.Authentication ? NotifyType.AuthenticationFailed : NotifyType.InvalidSyntax, error.Notify);
    }

    [Theory]
    [InlineData(ExchangeType.IkeSaInit, false, "SAi KE Nonce", "IDi AUTH TSi CERT D CP SK CERTREQ")]
    [InlineData(ExchangeType.IkeSaInit, true, "N:Cookie", "KE Nonce AUTH D")]
    [InlineData(ExchangeType.IkeIntermediate, false, "KE", "SAi Nonce AUTH IDi D SK")]
    [InlineData(ExchangeType.IkeAuth, false, AuthRequest, "KE Nonce D SK SKF")]
    [InlineData(ExchangeType.IkeAuth, true, AuthResponse, "KE Nonce D IDi SK")]
    [InlineData(ExchangeType.IkeAuth, true, "N:AuthenticationFailed", "D KE CP")]
    [InlineData(ExchangeType.CreateChildSa, false, "SAi Nonce KE", "TSi TSr AUTH IDi D CERT CP")]
    [InlineData(ExchangeType.CreateChildSa, false, "SAe Nonce TSi TSr", "AUTH IDi D CERT SK")]
    [InlineData(ExchangeType.CreateChildSa, true, "N:NoProposalChosen", "KE Nonce D AUTH")]
    [InlineData(ExchangeType.Informational, false, "D", "SAe KE Nonce AUTH IDi TSi CERT SK SKF")]
    [InlineData(ExchangeType.IkeFollowupKe, false, "KE N:AdditionalKeyExchange", "SAe Nonce D")]
    public void WhatHasNoPlace(ExchangeType exchange, bool isResponse, string payloads, string each)
    {
        foreach (var more in each.Split(' '))
        {
            var error = Check(exchange, isResponse, $"{payloads} {more}")!.Value;
            Assert.True(error.Kind == MessageErrorKind.Unexpected, $"{more}: {error}");
        }
    }

    [Theory]
    [InlineData(ExchangeType.IkeSaInit, "SAe KE Nonce")]
    [InlineData(ExchangeType.IkeAuth, "IDi AUTH SAi TSi TSr")]
    [InlineData(ExchangeType.CreateChildSa, "SAmixed Nonce KE")]
    public void ProposalsForTheWrongProtocol(ExchangeType exchange, string payloads) => Assert.Equal(MessageErrorKind.Value, Check(exchange, false, payloads)!.Value.Kind);

    [Theory]
    [InlineData(NotifyType.Cookie, 0)]
    [InlineData(NotifyType.Cookie, 65)]
    [InlineData(NotifyType.InvalidKePayload, 1)]
    [InlineData(NotifyType.NatDetectionSourceIp, 19)]
    [InlineData(NotifyType.QuickCrashDetection, 15)]
    [InlineData(NotifyType.QuickCrashDetection, 129)]
    [InlineData(NotifyType.Cookie2, 7)]
    [InlineData(NotifyType.AdditionalIp4Address, 5)]
    public void NotifiesWithTheWrongSize(NotifyType type, int length) =>
        Assert.Equal(MessageErrorKind.Length, ExchangeRules.Check(ExchangeType.Informational, false, [new NotifyPayload(type, new byte[length])])!.Value.Kind);

    [Fact]
    public void Rfc7296_3_10_1_UnknownNotifiesMayComeInAnyNumber() => Assert.Null(Check(ExchangeType.Informational, false, "N:40960 N:40960 N:60000"));

    [Fact]
    public void UnknownExchanges() => Assert.Equal(MessageErrorKind.Unexpected, Check((ExchangeType)38, false, "")!.Value.Kind);

    private static MessageError? Check(ExchangeType exchange, bool isResponse, string payloads) =>
        ExchangeRules.Check(exchange, isResponse, [.. payloads.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(Of)]);

    private static Payload Of(string word) => word switch
    {
        "SAi" => new SecurityAssociationPayload([Samples.IkeProposal]),
        "SAi2" => new SecurityAssociationPayload([Samples.IkeProposal, Samples.IkeProposal]),
        "SAe" => new SecurityAssociationPayload([Samples.Esp]),
        "SAe2" => new SecurityAssociationPayload([Samples.Esp, Samples.Esp]),
        "SAmixed" => new SecurityAssociationPayload([Samples.IkeProposal, Samples.Esp]),
        "KE" => new KeyExchangePayload(31, [1]),
        "Nonce" => new NoncePayload(Samples.Nonce),
        "IDi" or "IDr" => new IdentificationPayload(word == "IDi", IdentificationType.Fqdn, [1]),
        "CERT" => new CertificatePayload(4, [1]),
        "CERTREQ" => new CertificateRequestPayload(4, []),
        "AUTH" => new AuthenticationPayload(AuthenticationMethod.SharedKey, [1]),
        "TSi" or "TSr" => new TrafficSelectorPayload(word == "TSi", [TrafficSelector.AnyV4]),
        "CP" => new ConfigurationPayload(ConfigurationKind.Request, []),
        "D" => new DeletePayload(ProtocolId.Ike, []),
        "V" => new VendorIdPayload([1]),
        "SK" => new EncryptedPayload(PayloadType.None, [1]),
        "SKF" => new EncryptedFragmentPayload(PayloadType.None, 1, 1, [1]),
        "?" => new UnknownPayload((PayloadType)200, false, []),
        _ => Notify(Enum.Parse<NotifyType>(word["N:".Length..])),
    };

    private static NotifyPayload Notify(NotifyType type) => new(type, new byte[type switch
    {
        NotifyType.InvalidKePayload => 2,
        NotifyType.NatDetectionSourceIp or NotifyType.NatDetectionDestinationIp => 20,
        NotifyType.SetWindowSize => 4,
        NotifyType.UpdateSaAddresses or NotifyType.RekeySa => 0,
        _ => 16,
    }]);
}
