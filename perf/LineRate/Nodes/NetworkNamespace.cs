using System.ComponentModel;
using System.Runtime.InteropServices;

namespace Appliance.LineRate.Nodes;

/// <summary>A named network namespace (ip-netns(8)) and what this process does inside it.</summary>
internal sealed partial record NetworkNamespace(string Name)
{
    private const int NewNetwork = 0x4000_0000;

    /// <summary>Moves the calling thread into it; the thread must be one that ends there.</summary>
    public void Enter()
    {
        using var file = File.OpenHandle(Path.Combine("/run/netns", Name));
        if (setns((int)file.DangerousGetHandle(), NewNetwork) != 0) throw new IOException($"namespace {Name}: {new Win32Exception(Marshal.GetLastPInvokeError()).Message}");
    }

    /// <summary>What a function says inside it.</summary>
    public T Ask<T>(Func<T> function)
    {
        var task = new Task<T>(() =>
        {
            Enter();
            return function();
        }, TaskCreationOptions.LongRunning);
        task.Start();
        return task.GetAwaiter().GetResult();
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int setns(int descriptor, int kind);
}
