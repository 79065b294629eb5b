using System.CommandLine;
using Appliance.Shared;

namespace Appliance.Cli.Commands;

/// <summary><c>run</c> becomes the supervisor, <c>check</c> becomes the slow path's check: same process number, signals and exit code.</summary>
internal static class RunCommand
{
    /// <summary>appliance run CONFIG.</summary>
    public static Command Run() => Create("run", "Run a gateway in the foreground: supervisor, data plane and slow path. SIGTERM ends it, SIGHUP reloads.", Programs.Supervisor, []);

    /// <summary>appliance check CONFIG.</summary>
    public static Command Check() => Create("check", "Check a configuration without starting anything. Exit code 2 when it is wrong.", Programs.SlowPath, ["check"]);

    private static Command Create(string name, string description, string program, IReadOnlyList<string> first)
    {
        var configuration = new Argument<string>("CONFIG") { Description = "YAML file of the gateway" };
        var command = new Command(name, description) { configuration };
        command.SetAction(parsed =>
        {
            var file = parsed.GetRequiredValue(configuration);
            if (!File.Exists(file)) throw new Failure("cannot read the configuration", Path.GetFullPath(file), "there is no such file", "give the path of a configuration", Failure.BadInput);
            try
            {
                LinuxProcess.Replace(Programs.Find(program), [.. first, file]);
            }
            catch (IOException e)
            {
                throw new Failure($"cannot start {program}", AppContext.BaseDirectory, e.Message, "build or install the whole product: make build");
            }
        });
        return command;
    }
}
