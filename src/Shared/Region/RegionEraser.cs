using System.Runtime.InteropServices;

namespace Appliance.Shared;

/// <summary>Takes a region away for good: it holds keys.</summary>
public static partial class RegionEraser
{
    private const int SeekData = 3, SeekHole = 4, Chunk = 1 << 20;

    /// <summary>Overwrites what there is in the file (holes are left alone) and deletes it. Nothing happens when there is no file.</summary>
    /// <exception cref="IOException">The file cannot be opened or written.</exception>
    public static void Erase(string path)
    {
        if (!File.Exists(path)) return;
        using (var file = File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete))
        {
            var zeros = new byte[Chunk];
            var descriptor = (int)file.DangerousGetHandle();
            for (long end, start = lseek(descriptor, 0, SeekData); start >= 0; start = lseek(descriptor, end, SeekData))
            {
                end = lseek(descriptor, start, SeekHole);
                if (end <= start) break;
                for (var at = start; at < end; at += Chunk) RandomAccess.Write(file, zeros.AsSpan(0, (int)Math.Min(Chunk, end - at)), at);
            }
        }

        File.Delete(path);
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial long lseek(int descriptor, long offset, int whence);
}
