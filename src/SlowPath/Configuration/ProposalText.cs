using Appliance.Crypto;
using Appliance.Ike;
using Appliance.Ike.Messages;

namespace Appliance.SlowPath.Configuration;

/// <summary>
/// Reads proposals: parts between slashes, in any order, alternatives of a part joined by '+', the preferred first: <c>aes-256-gcm+aes-128-gcm/prf-sha256/x25519</c>. A second part
/// of key exchange methods is ADDKE1 (RFC 9370), a third ADDKE2, …
/// </summary>
internal sealed class ProposalText(ConfigurationErrors errors)
{
    private const int AdditionalMaximum = 7;

    /// <summary>IKE proposals, or the default when there are none.</summary>
    public IReadOnlyList<IkeProposal> Ike(IReadOnlyList<YamlText> texts)
    {
        var proposals = new List<IkeProposal>();
        foreach (var text in texts)
        {
            if (Parts(text, ike: true) is not { } parts) continue;
            if (parts.KeyExchange.Count == 0) errors.Add(text.At, $"proposal '{Spelling.Shorten(text.Text)}' has no key exchange method", "add one, as /x25519 or /p-256+x25519");
            else if (parts.KeyExchange[0].Contains(KeyExchangeMethod.None)) errors.Add(text.At, "an IKE SA without a key exchange", "'none' may stand among additional key exchanges alone (RFC 9370 §2.2.2)");
            else proposals.Add(new IkeProposal
            {
                Encryption = parts.Encryption, Integrity = parts.Integrity, Prf = parts.Prf.Count > 0 ? parts.Prf : ProposalWords.DefaultPrf,
                KeyExchange = parts.KeyExchange[0], Additional = [.. parts.KeyExchange.Skip(1)],
            });
        }

        return texts.Count == 0 ? ProposalWords.DefaultIke : proposals;
    }

    /// <summary>ESP proposals, or the default when there are none. Without replay protection there is no ESN (RFC 4303 §3.3.3).</summary>
    public IReadOnlyList<EspProposal> Esp(IReadOnlyList<YamlText> texts, bool replayProtection)
    {
        var proposals = new List<EspProposal>();
        foreach (var text in texts)
        {
            if (Parts(text, ike: false) is not { } parts) continue;
            if (parts.KeyExchange.Count > 1 && parts.KeyExchange[0].Contains(KeyExchangeMethod.None)) errors.Add(text.At, "additional key exchanges without a first one", "'none' may stand among additional key exchanges alone (RFC 9370 §2.2.4); alternatives are joined by '+'");
            else if (!replayProtection && parts.Esn is [true, ..]) errors.Add(text.At, "extended sequence numbers without a replay window", "write no-esn, or a replay_window (RFC 4303 §3.3.3)");
            else proposals.Add(new EspProposal
            {
                Encryption = parts.Encryption, Integrity = parts.Integrity, KeyExchange = parts.KeyExchange.Count > 0 ? parts.KeyExchange[0] : [], Additional = [.. parts.KeyExchange.Skip(1)],
                Esn = !replayProtection ? [false] : parts.Esn.Count > 0 ? parts.Esn : [true, false],
            });
        }

        if (texts.Count > 0) return proposals;
        return replayProtection ? ProposalWords.DefaultEsp : [.. ProposalWords.DefaultEsp.Select(p => p with { Esn = [false] })];
    }

    private sealed class Pieces
    {
        public List<EncryptionChoice> Encryption { get; } = [];
        public List<IntegrityTransform> Integrity { get; } = [];
        public List<PrfAlgorithm> Prf { get; } = [];
        public List<IReadOnlyList<KeyExchangeMethod>> KeyExchange { get; } = [];
        public List<bool> Esn { get; } = [];
    }

    private Pieces? Parts(YamlText text, bool ike)
    {
        var pieces = new Pieces();
        foreach (var part in text.Text.Split('/'))
            if (!Part(text, part.Split('+'), pieces, ike))
                return null;
        var problem = Problem(pieces);
        if (problem is { } wrong) errors.Add(text.At, $"proposal '{Spelling.Shorten(text.Text)}': {wrong.Message}", wrong.Hint);
        else Warn(text, pieces);
        return problem is null ? pieces : null;
    }

    private bool Part(YamlText text, string[] words, Pieces pieces, bool ike)
    {
        var ciphers = ike ? Array.FindAll(ProposalWords.Encryption, e => e.Value.Transform != EncryptionTransform.NullAesGmac) : ProposalWords.Encryption;
        if (TryAll(words, ciphers, pieces.Encryption) || TryAll(words, ProposalWords.Integrity, pieces.Integrity)) return true;
        if (ike && TryAll(words, ProposalWords.Prf, pieces.Prf)) return true;
        if (!ike && TryAll(words, [("esn", true), ("no-esn", false)], pieces.Esn)) return true;
        var methods = new List<KeyExchangeMethod>();
        if (TryAll(words, ProposalWords.KeyExchange, methods))
        {
            pieces.KeyExchange.Add(methods);
            return true;
        }

        var known = Known(ike).ToList();
        var unknown = words.FirstOrDefault(w => !known.Contains(w));
        if (unknown is null) errors.Add(text.At, $"'{Spelling.Shorten(string.Join('+', words))}' joins algorithms of different kinds, or one twice", "'+' joins alternatives, '/' stands between kinds: aes-256-gcm+aes-128-gcm/prf-sha256/x25519");
        else errors.Add(text.At, $"algorithm '{Spelling.Shorten(unknown)}' is not known in {(ike ? "an IKE" : "an ESP")} proposal", Spelling.Hint(unknown, known));
        return false;
    }

    private static IEnumerable<string> Known(bool ike) => ProposalWords.Encryption.Select(w => w.Word).Where(w => !ike || !w.EndsWith("gmac", StringComparison.Ordinal))
        .Concat(ProposalWords.Integrity.Select(w => w.Word)).Concat(ProposalWords.KeyExchange.Select(w => w.Word)).Concat(ike ? ProposalWords.Prf.Select(w => w.Word) : ["esn", "no-esn"]);

    /// <summary>Adds the values of all words, or none when one is unknown or there already.</summary>
    private static bool TryAll<T>(string[] words, (string Word, T Value)[] known, List<T> into)
    {
        var values = new List<T>();
        foreach (var word in words)
        {
            var at = Array.FindIndex(known, k => k.Word == word);
            if (at < 0 || values.Contains(known[at].Value) || into.Contains(known[at].Value)) return false;
            values.Add(known[at].Value);
        }

        into.AddRange(values);
        return true;
    }

    private static (string Message, string Hint)? Problem(Pieces pieces)
    {
        var cbc = pieces.Encryption.Count(e => e.Transform == EncryptionTransform.AesCbc);
        if (pieces.Encryption.Count == 0) return ("it has no cipher", "begin with one, as aes-256-gcm");
        if (cbc > 0 && cbc < pieces.Encryption.Count) return ("AES-CBC and ciphers with integrity of their own side by side", "write two proposals (RFC 7296 §3.3)");
        if (cbc > 0 && pieces.Integrity.Count == 0) return ("AES-CBC without integrity", "add /hmac-sha256");
        if (cbc == 0 && pieces.Integrity.Count > 0) return ("this cipher has integrity of its own", "remove the hmac part (RFC 5282 §8)");
        var lattice = pieces.KeyExchange.SelectMany(k => k).FirstOrDefault(m => m is >= KeyExchangeMethod.MlKem512 and <= KeyExchangeMethod.MlKem1024);
        if (lattice != KeyExchangeMethod.None && !System.Security.Cryptography.MLKem.IsSupported) return ("ML-KEM is not there on this machine", "it needs OpenSSL 3.5 or newer; name another key exchange");
        return pieces.KeyExchange.Count > AdditionalMaximum + 1 ? ($"more than {AdditionalMaximum} additional key exchanges", "remove some (RFC 9370 §2.2.1)") : null;
    }

    private void Warn(YamlText text, Pieces pieces)
    {
        if (pieces.Integrity.Contains(IntegrityTransform.HmacSha1Bits96) || pieces.Prf.Contains(PrfAlgorithm.HmacSha1))
            errors.Warn(text.At, $"proposal '{Spelling.Shorten(text.Text)}' uses SHA-1", "hmac-sha256 and prf-sha256, unless the peer knows nothing better (RFC 8221 §6, RFC 8247 §2.3)");
        if (pieces.Encryption.Any(e => e.Transform == EncryptionTransform.NullAesGmac))
            errors.Warn(text.At, $"proposal '{Spelling.Shorten(text.Text)}' encrypts nothing", "aes-256-gcm, unless everybody may read the packets");
    }
}
