namespace Appliance.Ike.Messages;

/// <summary>SA (RFC 7296 §3.3): proposals whose SPIs have the size that their protocol asks for.</summary>
internal static class SecurityAssociationCodec
{
    public static Payload Read(PayloadType type, ref OctetReader reader)
    {
        var proposals = ProposalCodec.Read(ref reader);
        foreach (var proposal in proposals)
        {
            if (!IsSpiSize(proposal.Protocol, proposal.Spi.Length))
                reader.Fail(MessageErrorKind.Length, $"proposal {proposal.Number} for protocol {proposal.Protocol} has an SPI of {proposal.Spi.Length} octets");
        }

        return new SecurityAssociationPayload(proposals);
    }

    public static void Write(OctetWriter writer, SecurityAssociationPayload payload) => ProposalCodec.Write(writer, payload.Proposals);

    /// <summary>§3.3.1: none or 8 octets for IKE, 4 for AH and ESP; private protocols have what they want.</summary>
    private static bool IsSpiSize(ProtocolId protocol, int length) => protocol switch
    {
        ProtocolId.Ike => length is 0 or 8,
        ProtocolId.Ah or ProtocolId.Esp => length == 4,
        _ => true,
    };
}
