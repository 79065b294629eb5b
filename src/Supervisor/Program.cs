using Appliance.Shared;

namespace Appliance.Supervisor;

/// <summary>`appliance run CONFIG`: exit code 0 when it was told to end, 2 for a configuration that is not right, 1 for anything else.</summary>
internal static class Program
{
    private static int Main(string[] arguments)
    {
        var exportFile = arguments is [_, "--export-keys", var file] ? Path.GetFullPath(file) : null;
        if (arguments.Length != (exportFile is null ? 1 : 3))
        {
            Console.Error.WriteLine("usage: appliance run CONFIG [--export-keys FILE]");
            return 2;
        }

        var configuration = arguments[0];
        try
        {
            ProcessGuard.NameThread("supervisor");
            if (!Launch.TryPlan(configuration, out var plan, out var exitCode)) return exitCode;
            using var instance = Instance.Open(plan, Path.GetFullPath(configuration), exportFile);
            return instance.Run();
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or ArgumentException)
        {
            Log.Say(failure.Message);
            return 1;
        }
    }
}
