using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Appliance.Crypto;

/// <summary>Distinguished names in DER (RFC 5280 §4.1.2.4): comparison, and text for logs.</summary>
public static class DistinguishedName
{
    /// <summary>The longest that is looked at, in octets.</summary>
    public const int Longest = 4096;

    private const int LongestText = 256;

    /// <summary>
    /// Whether two names are the same: octet by octet, or attribute by attribute with strings of any type compared without case and with white space folded (RFC 5280 §7.1).
    /// </summary>
    public static bool Same(ReadOnlySpan<byte> one, ReadOnlySpan<byte> other)
    {
        if (one.SequenceEqual(other)) return !one.IsEmpty;
        return one.Length <= Longest && other.Length <= Longest && Normalise(one) is { } a && Normalise(other) is { } b && a.SequenceEqual(b);
    }

    /// <summary>As people write it, at most 256 characters and none that controls a terminal; hexadecimal when it is no name.</summary>
    public static string Text(ReadOnlySpan<byte> der)
    {
        if (der.Length <= Longest)
        {
            try
            {
                var text = new X500DistinguishedName(der).Name;
                if (text.Length == 0) return "(empty name)";
                return new string([.. text.Take(LongestText).Select(c => char.IsControl(c) ? '?' : c)]);
            }
            catch (CryptographicException)
            {
                // No name: shown as it came.
            }
        }

        return "0x" + Convert.ToHexStringLower(der[..Math.Min(der.Length, LongestText / 2)]);
    }

    // One string for each relative name; null when it is no Name.
    private static List<string>? Normalise(ReadOnlySpan<byte> der)
    {
        try
        {
            var names = new List<string>();
            var outer = new AsnReader(der.ToArray(), AsnEncodingRules.DER);
            var name = outer.ReadSequence();
            outer.ThrowIfNotEmpty();
            while (name.HasData)
            {
                var relative = name.ReadSetOf();
                var attributes = new List<string>();
                while (relative.HasData)
                {
                    var attribute = relative.ReadSequence();
                    attributes.Add(attribute.ReadObjectIdentifier() + "=" + Value(attribute));
                    attribute.ThrowIfNotEmpty();
                }

                attributes.Sort(StringComparer.Ordinal);
                names.Add(string.Join('+', attributes));
            }

            return names;
        }
        catch (AsnContentException)
        {
            return null;
        }
    }

    private static string Value(AsnReader attribute)
    {
        var tag = attribute.PeekTag();
        if (tag.TagClass == TagClass.Universal && (UniversalTagNumber)tag.TagValue is UniversalTagNumber.UTF8String or UniversalTagNumber.PrintableString or UniversalTagNumber.IA5String)
            return "s" + Fold(attribute.ReadCharacterString((UniversalTagNumber)tag.TagValue));
        return "x" + Convert.ToHexStringLower(attribute.ReadEncodedValue().Span);
    }

    // Escaping keeps two attributes from looking like one: '+' and '=' stand between them.
    private static string Fold(string text)
    {
        var folded = new StringBuilder();
        foreach (var word in text.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            if (folded.Length > 0) folded.Append(' ');
            folded.Append(word.ToLowerInvariant().Replace("\\", "\\\\", StringComparison.Ordinal).Replace("+", "\\+", StringComparison.Ordinal));
        }

        return folded.ToString();
    }
}
