namespace Appliance.Supervisor;

/// <summary>What the supervisor tells an operator: one line on standard error for each thing that happened.</summary>
internal static class Log
{
    public static void Say(string what) => Console.Error.WriteLine($"supervisor: {what}");
}
