using System.Diagnostics;

namespace Appliance.SlowPath.Tests.Ike;

/// <summary>Waits for another thread, no longer than a test may take.</summary>
internal static class Waiting
{
    public static async Task For(Func<bool> condition, string what)
    {
        var since = Stopwatch.StartNew();
        while (!condition())
        {
            if (since.ElapsedMilliseconds > 10_000) throw new TimeoutException($"waited in vain for: {what}");
            await Task.Delay(1);
        }
    }
}
