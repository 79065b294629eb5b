using Appliance.Policy;
using Appliance.Shared;
using Appliance.SlowPath.Configuration;
using Appliance.SlowPath.Plan;
using Appliance.SlowPath.Serving;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;

namespace Appliance.SlowPath;

/// <summary>The slow path's verbs: check, plan, serve.</summary>
internal static class Program
{
    private const int BadInput = 2;
    private const string Usage = """
        usage: Appliance.SlowPath check CONFIG                                 say whether the configuration is right
               Appliance.SlowPath plan CONFIG                                  print the launch plan as JSON
               Appliance.SlowPath serve CONFIG --region FILE --runtime DIR [--export-keys FILE]
        """;

    private static int Main(string[] arguments) => arguments switch
    {
        ["check", var file] => Check(file),
        ["plan", var file] => Plan(file),
        ["serve", var file, "--region", var region, "--runtime", var runtime] => Serve(file, region, runtime, null),
        ["serve", var file, "--region", var region, "--runtime", var runtime, "--export-keys", var keys] => Serve(file, region, runtime, keys),
        _ => Wrong(),
    };

    private static int Check(string file)
    {
        if (ReadWithDevices(file) is not { } configuration) return BadInput;
        var (gateway, peers) = (configuration.Gateway, configuration.Ike?.Peers.Count ?? 0);
        Console.WriteLine($"{file}: ok: {gateway.Ports.Count} ports, {gateway.Tunnels.Count} tunnels, {(peers > 0 ? $"{peers} peers, " : "")}{(gateway.Groups.Count > 0 ? $"{gateway.Groups.Count} groups, " : "")}{gateway.Policies.Count} policies");
        configuration.WipeSecrets();
        return 0;
    }

    private static int Plan(string file)
    {
        if (ReadWithDevices(file) is not { } configuration) return BadInput;
        Console.WriteLine(PlanWriter.Plan(configuration.Gateway).ToJson());
        configuration.WipeSecrets();
        return 0;
    }

    /// <summary>Exit code 3: the region or the kernel is not as it should be.</summary>
    private static int Serve(string file, string regionFile, string runtime, string? exportFile)
    {
        ProcessGuard.Restrict(Capability.NetAdmin, Capability.IpcLock, Capability.NetBindService);
        if (!ProcessGuard.DieWithParent()) return 1;
        ProcessGuard.ForbidDumps();
        if (Read(file) is not { } configuration) return BadInput;
        using var logs = LoggerFactory.Create(logging => logging
            .AddSimpleConsole(console => (console.SingleLine, console.ColorBehavior, console.TimestampFormat, console.UseUtcTimestamp) = (true, LoggerColorBehavior.Disabled, "HH:mm:ss.fff ", true))
            .Services.Configure<ConsoleLoggerOptions>(console => console.LogToStandardErrorThreshold = LogLevel.Trace));
        var log = logs.CreateLogger("slow");
        try
        {
            using var region = Region.Open(regionFile);
            using var server = new Server(file, configuration, region, RuntimePaths.At(runtime), exportFile, log);
            return server.Run();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            log.LogCritical("{Problem}", exception.Message);
            return 3;
        }
    }

    private static LoadedConfiguration? Read(string file)
    {
        var configuration = ConfigurationReader.ReadFile(file, out var problems);
        Print(file, problems);
        Warn(file, configuration?.Warnings ?? []);
        return configuration;
    }

    /// <summary>Nothing where a device of a port is missing, or credentials cannot be used, too. Serving goes on without them: they may come back.</summary>
    private static LoadedConfiguration? ReadWithDevices(string file)
    {
        if (Read(file) is not { } configuration) return null;
        var missing = DeviceCheck.Missing(configuration.Gateway).Concat(CredentialCheck.Problems(configuration, TimeProvider.System, out var warnings)).ToList();
        Print(file, missing);
        Warn(file, [.. DeviceCheck.Strange(configuration), .. warnings]);
        return missing.Count > 0 ? null : configuration;
    }

    private static void Print(string file, IReadOnlyList<ConfigurationError> problems)
    {
        foreach (var problem in problems) Console.Error.WriteLine(problem.Format(file));
    }

    private static void Warn(string file, IReadOnlyList<ConfigurationError> warnings)
    {
        foreach (var warning in warnings) Console.Error.WriteLine($"{file}:{warning.At.Line}:{warning.At.Column}: warning: {warning.Message} ({warning.Hint})");
    }

    private static int Wrong()
    {
        Console.Error.WriteLine(Usage);
        return BadInput;
    }
}
