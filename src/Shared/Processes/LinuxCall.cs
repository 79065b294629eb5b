using System.ComponentModel;
using System.Runtime.InteropServices;

namespace Appliance.Shared;

/// <summary>Errors of system calls as text.</summary>
internal static class LinuxCall
{
    /// <summary>Text of the last error of a P/Invoke with SetLastError.</summary>
    public static string LastError() => Text(Marshal.GetLastPInvokeError());

    /// <summary>Text of an error number.</summary>
    public static string Text(int error) => $"{new Win32Exception(error).Message} (errno {error})";

    /// <summary>Throws for a result below zero.</summary>
    public static int Check(int result, string what) => result >= 0 ? result : throw new IOException($"{what}: {LastError()}");
}
