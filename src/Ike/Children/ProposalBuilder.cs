using Appliance.Crypto;
using Appliance.Ike.Messages;

namespace Appliance.Ike.Children;

/// <summary>Proposals as they are offered, from the configuration (RFC 7296 §3.3): numbered from 1, AEADs and ciphers with an HMAC apart.</summary>
internal static class ProposalBuilder
{
    /// <summary>More are not offered: the number has 8 bits, and no peer needs them.</summary>
    private const int Most = 64;

    /// <summary>For an IKE SA. <paramref name="spi"/>: empty in IKE_SA_INIT, 8 octets when it rekeys.</summary>
    public static IReadOnlyList<Proposal> OfIke(IEnumerable<IkeProposal> configured, byte[] spi) =>
        Number(ProtocolId.Ike, spi, configured.SelectMany(c => Split(c.Encryption, c.Integrity).Select(s => s
            .Concat(c.Prf.Select(Transforms.Of)).Concat(KeyExchanges(c.KeyExchange, c.Additional)))));

    /// <summary>For a child. <paramref name="keyExchange"/>: false in IKE_AUTH, where a child gets its keys from the IKE SA's exchange (RFC 7296 §1.2).</summary>
    public static IReadOnlyList<Proposal> OfEsp(IEnumerable<EspProposal> configured, byte[] spi, bool keyExchange) =>
        Number(ProtocolId.Esp, spi, configured.SelectMany(c => Split(c.Encryption, c.Integrity).Select(s => s
            .Concat(keyExchange ? KeyExchanges(c.KeyExchange, c.Additional) : []).Concat(c.Esn.Select(Transforms.OfEsn)))));

    /// <summary>The method that our KE payload is made with: the first of the first proposal that has one; none without any.</summary>
    public static KeyExchangeMethod FirstMethod(IEnumerable<Proposal> proposals) =>
        (KeyExchangeMethod)(proposals.SelectMany(p => p.Transforms).FirstOrDefault(t => t.Type == TransformType.KeyExchange && t.Id != 0)?.Id ?? 0);

    private static IEnumerable<IEnumerable<Transform>> Split(IReadOnlyList<EncryptionChoice> encryption, IReadOnlyList<IntegrityTransform> integrity)
    {
        var aeads = encryption.Where(e => Transforms.IsAead(e.Transform)).Select(Transforms.Of).ToArray();
        var others = encryption.Where(e => !Transforms.IsAead(e.Transform)).Select(Transforms.Of).Concat(integrity.Where(i => i != IntegrityTransform.None).Select(Transforms.Of)).ToArray();
        var aeadFirst = encryption.Count > 0 && Transforms.IsAead(encryption[0].Transform);
        Transform[][] parts = aeadFirst ? [aeads, others] : [others, aeads];
        return parts.Where(p => p.Any(t => t.Type == TransformType.Encryption));
    }

    private static IEnumerable<Transform> KeyExchanges(IReadOnlyList<KeyExchangeMethod> methods, IReadOnlyList<IReadOnlyList<KeyExchangeMethod>> additional) =>
        methods.Select(Transforms.Of).Concat(additional.SelectMany((list, index) => list.Select(m => Transforms.OfAdditional(index, m))));

    private static IReadOnlyList<Proposal> Number(ProtocolId protocol, byte[] spi, IEnumerable<IEnumerable<Transform>> lists) =>
        [.. lists.Take(Most).Select((transforms, index) => new Proposal((byte)(index + 1), protocol, spi, [.. transforms]))];
}
