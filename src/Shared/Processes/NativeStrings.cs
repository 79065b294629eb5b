using System.Collections;
using System.Runtime.InteropServices;

namespace Appliance.Shared;

/// <summary>A null-terminated array of C strings, as exec and posix_spawn take it.</summary>
internal sealed unsafe class NativeStrings : IDisposable
{
    private readonly int count;

    public NativeStrings(IReadOnlyList<string> strings)
    {
        count = strings.Count;
        Pointer = (byte**)NativeMemory.AllocZeroed((nuint)(count + 1), (nuint)sizeof(byte*));
        for (var i = 0; i < count; i++) Pointer[i] = (byte*)Marshal.StringToCoTaskMemUTF8(strings[i]);
    }

    /// <summary>The array.</summary>
    public byte** Pointer { get; private set; }

    /// <summary>This process's environment, with some variables set.</summary>
    public static NativeStrings Environment(IReadOnlyDictionary<string, string>? set)
    {
        var variables = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (DictionaryEntry variable in System.Environment.GetEnvironmentVariables()) variables[(string)variable.Key] = (string?)variable.Value ?? "";
        foreach (var (name, value) in set ?? new Dictionary<string, string>()) variables[name] = value;
        return new NativeStrings([.. variables.Select(v => $"{v.Key}={v.Value}")]);
    }

    public void Dispose()
    {
        if (Pointer == null) return;
        for (var i = 0; i < count; i++) Marshal.FreeCoTaskMem((nint)Pointer[i]);
        NativeMemory.Free(Pointer);
        Pointer = null;
    }
}
