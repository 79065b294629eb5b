using Appliance.Policy;
using Appliance.SlowPath.Configuration;
using Appliance.SlowPath.Plan;

namespace Appliance.SlowPath;

/// <summary>The slow path's verbs: check, plan, serve.</summary>
internal static class Program
{
    private const int BadInput = 2;
    private const string Usage = """
        usage: Appliance.SlowPath check CONFIG                                 say whether the configuration is right
               Appliance.SlowPath plan CONFIG                                  print the launch plan as JSON
               Appliance.SlowPath serve CONFIG --region FILE --runtime DIR     run
        """;

    private static int Main(string[] arguments) => arguments switch
    {
        ["check", var file] => Check(file),
        ["plan", var file] => Plan(file),
        _ => Wrong(),
    };

    private static int Check(string file)
    {
        if (Read(file) is not { } configuration) return BadInput;
        Console.WriteLine($"{file}: ok: {configuration.Ports.Count} ports, {configuration.Tunnels.Count} tunnels, {configuration.Policies.Count} policies");
        return 0;
    }

    private static int Plan(string file)
    {
        if (Read(file) is not { } configuration) return BadInput;
        var missing = DeviceCheck.Missing(configuration);
        Print(file, missing);
        if (missing.Count > 0) return BadInput;
        Console.WriteLine(PlanWriter.Plan(configuration).ToJson());
        return 0;
    }

    private static GatewayConfiguration? Read(string file)
    {
        var configuration = ConfigurationReader.ReadFile(file, out var problems);
        Print(file, problems);
        return configuration;
    }

    private static void Print(string file, IReadOnlyList<ConfigurationError> problems)
    {
        foreach (var problem in problems) Console.Error.WriteLine(problem.Format(file));
    }

    private static int Wrong()
    {
        Console.Error.WriteLine(Usage);
        return BadInput;
    }
}
