using Appliance.SlowPath.Configuration;

namespace Appliance.SlowPath;

/// <summary>The slow path's verbs: check, plan, serve.</summary>
internal static class Program
{
    private const string Usage = """
        usage: Appliance.SlowPath check CONFIG                                 say whether the configuration is right
               Appliance.SlowPath plan CONFIG                                  print the launch plan as JSON
               Appliance.SlowPath serve CONFIG --region FILE --runtime DIR     run
        """;

    private static int Main(string[] arguments) => arguments switch
    {
        ["check", var file] => Check(file),
        _ => Wrong(),
    };

    private static int Check(string file)
    {
        var configuration = ConfigurationReader.ReadFile(file, out var problems);
        foreach (var problem in problems) Console.WriteLine(problem.Format(file));
        if (configuration is null) return 2;
        Console.WriteLine($"{file}: ok: {configuration.Ports.Count} ports, {configuration.Tunnels.Count} tunnels, {configuration.Policies.Count} policies");
        return 0;
    }

    private static int Wrong()
    {
        Console.Error.WriteLine(Usage);
        return 2;
    }
}
