using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Appliance.Ike;

/// <summary>
/// Compares distinguished names as RFC 5280 §7.1 says in its simple cases: attribute by attribute in their order, letters without case, PrintableString and UTF8String alike (tools differ
/// in what they encode).
/// </summary>
internal static class DistinguishedNames
{
    private const int Longest = 4096;

    /// <summary>Whether two encoded names are the same. What cannot be decoded is equal to its own octets alone.</summary>
    public static bool Same(ReadOnlySpan<byte> a, ReadOnlySpan<byte> b)
    {
        if (a.SequenceEqual(b)) return true;
        return Attributes(a) is { Count: > 0 } first && Attributes(b) is { } second
            && first.SequenceEqual(second, EqualityComparer<(string Type, string Value)>.Create((x, y) => x.Type == y.Type && x.Value.Equals(y.Value, StringComparison.OrdinalIgnoreCase)));
    }

    /// <summary>Types and values in order; null for what is no name, or has several attributes in one place.</summary>
    private static List<(string Type, string Value)>? Attributes(ReadOnlySpan<byte> name)
    {
        if (name.Length > Longest) return null;
        try
        {
            var attributes = new List<(string, string)>();
            foreach (var relative in new X500DistinguishedName(name).EnumerateRelativeDistinguishedNames(reversed: false))
            {
                if (relative.HasMultipleElements || relative.GetSingleElementType().Value is not { } type || relative.GetSingleElementValue() is not { } value) return null;
                attributes.Add((type, value));
            }

            return attributes;
        }
        catch (CryptographicException)
        {
            return null;
        }
    }
}
