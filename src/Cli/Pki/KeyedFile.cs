namespace Appliance.Cli.Pki;

/// <summary>Writes files of a PKI: whole or not at all, nothing over what is there unless told so, keys for the owner alone.</summary>
internal static class KeyedFile
{
    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode Public = Private | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    /// <summary>Refuses when one of the files is there.</summary>
    public static void Refuse(bool force, params string[] paths)
    {
        if (force || Array.Find(paths, File.Exists) is not { } there) return;
        throw new Failure("a file is there already", there, "it may be in use, and a key that is overwritten is lost", "name another one, or say --force", Failure.BadInput);
    }

    /// <summary>Writes a file that everybody may read.</summary>
    public static void Write(string path, ReadOnlySpan<byte> octets) => Replace(path, octets, Public);

    /// <summary>Writes a file that its owner alone may read (0600), from its first octet on.</summary>
    public static void WritePrivate(string path, ReadOnlySpan<byte> octets) => Replace(path, octets, Private);

    private static void Replace(string path, ReadOnlySpan<byte> octets, UnixFileMode mode)
    {
        var temporary = $"{path}.{Environment.ProcessId}.new";
        try
        {
            var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, BufferSize = 0 };
            if (!OperatingSystem.IsWindows()) options.UnixCreateMode = mode;
            using (var stream = new FileStream(temporary, options))
            {
                stream.Write(octets);
                stream.Flush(flushToDisk: true);
            }

            File.Move(temporary, path, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            File.Delete(temporary);
            throw new Failure("a file cannot be written", path, e.Message, "check the directory and its rights");
        }
    }
}
