namespace Appliance.Fuzz.Engine;

/// <summary>A promise that a parser broke.</summary>
internal sealed class BrokenPromiseException(string what) : Exception(what);

/// <summary>Checks promises without allocating.</summary>
internal static class Claim
{
    public static void That(bool holds, string what)
    {
        if (!holds) throw new BrokenPromiseException(what);
    }
}
