namespace Appliance.Crypto;

/// <summary>Two buffers of each thread for packets on their way through the BCL. They grow to the longest packet a thread has seen and then stay.</summary>
internal static class Scratch
{
    private const int Start = 16 * 1024;

    [ThreadStatic] private static byte[]? first;
    [ThreadStatic] private static byte[]? second;

    internal static Span<byte> First(int length) => FirstArray(length).AsSpan(0, length);

    internal static byte[] FirstArray(int length) => first is { } array && array.Length >= length ? array : first = new byte[Math.Max(length, Start)];

    internal static byte[] SecondArray(int length) => second is { } array && array.Length >= length ? array : second = new byte[Math.Max(length, Start)];
}
