using Appliance.Shared;

namespace Appliance.Supervisor;

/// <summary>`appliance run CONFIG`: exit code 0 when it was told to end, 2 for a configuration that is not right, 1 for anything else.</summary>
internal static class Program
{
    private static int Main(string[] arguments)
    {
        if (arguments is not [var configuration])
        {
            Console.Error.WriteLine("usage: appliance run CONFIG");
            return 2;
        }

        try
        {
            ProcessGuard.NameThread("supervisor");
            if (!Launch.TryPlan(configuration, out var plan, out var exitCode)) return exitCode;
            using var instance = Instance.Open(plan, Path.GetFullPath(configuration));
            return instance.Run();
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or ArgumentException)
        {
            Log.Say(failure.Message);
            return 1;
        }
    }
}
