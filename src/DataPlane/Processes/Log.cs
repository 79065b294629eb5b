namespace Appliance.DataPlane;

/// <summary>Lines for people on standard error, which the supervisor passes on. Never called by a worker while it handles packets.</summary>
internal static class Log
{
    public static void Say(string line) => Console.Error.WriteLine($"data plane: {line}");
}
