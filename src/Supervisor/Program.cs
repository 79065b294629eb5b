using Appliance.Shared;

namespace Appliance.Supervisor;

/// <summary>`appliance run CONFIG`: exit code 0 when it was told to end, 2 for a configuration that is not right, 1 for anything else.</summary>
internal static class Program
{
    private static int Main(string[] arguments)
    {
        var (configuration, exportKeys) = arguments switch
        {
            [var only] => (only, null),
            [var first, "--export-keys", var file] => (first, file),
            _ => (null, null),
        };
        if (configuration is null)
        {
            Console.Error.WriteLine("usage: appliance run CONFIG [--export-keys FILE]");
            return 2;
        }

        try
        {
            ProcessGuard.NameThread("supervisor");
            if (!Launch.TryPlan(configuration, out var plan, out var exitCode)) return exitCode;
            using var instance = Instance.Open(plan, Path.GetFullPath(configuration), exportKeys);
            return instance.Run();
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or ArgumentException)
        {
            Log.Say(failure.Message);
            return 1;
        }
    }
}
