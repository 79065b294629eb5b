using System.Security.Cryptography;
using System.Text;

namespace Appliance.SlowPath.Configuration;

/// <summary>A digest of what nodes say, wherever they stand: equal digests are equal contents, so that a reload can leave alone what nobody changed.</summary>
internal static class YamlDigest
{
    /// <summary>SHA-256 of the nodes and of further words, in hexadecimal.</summary>
    public static string Of(IEnumerable<YamlNode> nodes, params string[] words)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var node in nodes) Add(hash, node);
        foreach (var word in words) Add(hash, 'w', word);
        return Convert.ToHexString(hash.GetHashAndReset());
    }

    private static void Add(IncrementalHash hash, YamlNode node)
    {
        switch (node)
        {
            case YamlText text:
                Add(hash, text.IsNull ? 'n' : 't', text.Text);
                break;
            case YamlList list:
                Add(hash, 'l', list.Items.Count.ToString(System.Globalization.CultureInfo.InvariantCulture));
                foreach (var item in list.Items) Add(hash, item);
                break;
            case YamlMap map:
                Add(hash, 'm', map.Entries.Count.ToString(System.Globalization.CultureInfo.InvariantCulture));
                foreach (var (key, value) in map.Entries)
                {
                    Add(hash, key);
                    Add(hash, value);
                }

                break;
        }
    }

    private static void Add(IncrementalHash hash, char kind, string text) => hash.AppendData(Encoding.UTF8.GetBytes($"{kind}{text.Length}:{text}"));
}
