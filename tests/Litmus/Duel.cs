using System.Diagnostics;

namespace Appliance.Litmus;

/// <summary>
/// Two threads against each other until one sees what must not be, or the time is over. A test runs the product's code, which must survive, and a twin that is wrong in one
/// place, which must not: a litmus test whose twin survives proves nothing.
/// </summary>
internal static class Duel
{
    /// <summary>How long the right version must hold.</summary>
    public static readonly TimeSpan Hold = TimeSpan.FromSeconds(2);

    /// <summary>How long the twin has to fail.</summary>
    public static readonly TimeSpan Fall = TimeSpan.FromSeconds(60);

    /// <summary>Runs both until <paramref name="second"/> says that it saw a violation. Each is called again and again. True when it did.</summary>
    public static bool SeesViolation(TimeSpan time, Action first, Func<bool> second)
    {
        Skip.If(Environment.ProcessorCount < 2, "with one processor nothing happens at the same time");
        var stop = false;
        var thread = new Thread(() =>
        {
            while (!Volatile.Read(ref stop)) first();
        });
        thread.Start();
        var clock = Stopwatch.StartNew();
        var seen = false;
        while (!seen && clock.Elapsed < time) seen = second();
        Volatile.Write(ref stop, true);
        thread.Join();
        return seen;
    }
}
