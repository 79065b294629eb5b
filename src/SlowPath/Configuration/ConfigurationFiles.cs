using Appliance.Policy;

namespace Appliance.SlowPath.Configuration;

/// <summary>Files that the configuration names, relative to its own folder.</summary>
internal sealed class ConfigurationFiles(string folder, ConfigurationErrors errors)
{
    /// <summary>Where each file that was found is named first.</summary>
    public Dictionary<string, SourcePosition> Places { get; } = new(StringComparer.Ordinal);

    /// <summary>Full path of a file that is there and can be read; else null, with an error.</summary>
    public string? Existing(YamlText text, string key)
    {
        try
        {
            var path = Path.GetFullPath(text.Text, folder);
            var file = new FileInfo(path);
            if (Directory.Exists(path)) errors.Add(text.At, $"'{key}: {Spelling.Shorten(text.Text)}' is a folder", "name a file");
            else if (!file.Exists) errors.Add(text.At, $"there is no file '{Spelling.Shorten(path)}'", $"'{key}' is relative to the folder of the configuration");
            else if (file.Length == 0) errors.Add(text.At, $"'{path}' is empty or no plain file", "name a file with the octets themselves");
            else
            {
                using (File.OpenRead(path)) Places.TryAdd(path, text.At);
                return path;
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            errors.Add(text.At, $"'{key}: {Spelling.Shorten(text.Text)}' cannot be read: {Spelling.Shorten(exception.Message)}", "name a file that this user may read");
        }

        return null;
    }

    /// <summary>All that can be read.</summary>
    public IReadOnlyList<string> Several(MapReader map, string key) => [.. map.Texts(key).Select(t => Existing(t, key)).OfType<string>().Distinct(StringComparer.Ordinal)];
}
